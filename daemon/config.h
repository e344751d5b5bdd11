// The configuration file: libconfuse's syntax with this program's option rows.
//
// "redis.flush" is the option `flush` in the section `redis`. A name without a dot is
// outside of any section. A list is `windows = {5m, 1h}`. The section of a group
// (`source "x" {…}`) has a title and may occur many times, each with another title.
// Values are checked by their rows; each error is reported with its file and line, not
// only the first. Of two values of one option the last counts. A file that was cut, or
// that refers to environment variables (${…}), is refused (daemon/config_text.h).
#pragma once

#include <stdbool.h>

#include "daemon/settings.h"

// Reads the file into settings. May end the process if memory is short
// (daemon/config_apart.h). False if the file cannot be read or has an error; settings
// may then be partly changed. Keeps path.
bool config_read(const char *path, struct settings *settings,
                 settings_error_fn on_error, void *context);

// A settings_error_fn that writes the error and its place to the log.
void config_log_error(void *context, const struct error *error);
// A settings_error_fn that prints to standard error in the form of a compiler:
// "file:line: text".
void config_print_error(void *context, const struct error *error);
