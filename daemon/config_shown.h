// The configuration in use, and what a reload changes in it, as JSON.
//
// Values are shown as in the file, but never a secret: of an address the user, the
// password and the query are left out, and of a webhook's also the path, since some
// receivers put a token there. Secrets are otherwise in files, whose names are shown.
#pragma once

#include "base/buffer.h"
#include "daemon/settings.h"

// Appends an array of all options: {"name","value","origin","file","line"}; the origin
// is "default", "file" or "command line", `file` and `line` are of the second.
void config_shown_all(const struct settings *settings, struct buffer *json);

// Appends an array of what differs: {"name","from","to","applied"}; `from` is null for
// a section that is new, `to` for one that is removed, and `applied` is false if a
// restart is needed.
void config_shown_changes(const struct settings *now, const struct settings *next,
                          struct buffer *json);

// The value of a row as it may be shown; `group` is the name of its section, or empty.
enum { CONFIG_SHOWN_MAX = 2 * OPTION_TEXTS_MAX };
const char *config_shown_value(const char *group, const struct option *row,
                               const void *values, char text[CONFIG_SHOWN_MAX]);
