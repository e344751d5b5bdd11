// What to say of a name that the configuration does not have, and which may be meant.
#pragma once

#include "base/slice.h"
#include "base/status.h"

// An option unknown to that section, or a name unknown outside any (section: empty;
// the name may be a whole one, as redis.url): says where it would be right, else which
// name is nearest. STATUS_PARSE.
enum status config_names_unknown(struct slice section, struct slice name,
                                 struct error *error);

// A section that lacks its title, or that is written with one, or a value, without
// having any: says how it is written. STATUS_PARSE.
enum status config_names_form(struct slice section, struct error *error);
