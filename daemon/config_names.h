// Error messages for unknown names in the configuration, with the name that may be
// meant.
#pragma once

#include "base/slice.h"
#include "base/status.h"

struct settings;

// An option unknown to that section, or a name unknown outside any (section: empty; the
// name may be a full one, as redis.url). The error contains where the name would be
// valid, else the most similar name. STATUS_PARSE.
enum status config_names_unknown(struct slice section, struct slice name,
                                 struct error *error);

// A section without its title, or with a title or value that it does not take. The
// error contains the valid form. STATUS_PARSE.
enum status config_names_form(struct slice section, struct error *error);

// Puts the section before a message about a value in it, if the section has a title:
// `alert "viral": …`. values: of settings_find, in settings.
void config_names_section(const struct settings *settings, const void *values,
                          struct error *error);
