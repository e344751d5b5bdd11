// The configuration file: libconfuse's syntax, this program's option rows.
//
// "redis.flush" is the option `flush` in the section `redis`; a name without a dot
// stands outside any section; a list is `windows = {5m, 1h}`; the section of a group
// (`source "x" {…}`) has a title and may stand there many times, each with another one.
// Values are checked by their rows, so that every bad one is told with its file and
// line, not only the first. Of two values of one option the last counts. A file that
// was cut, or that wants values from the environment (${…}), is refused
// (daemon/config_text.h).
#pragma once

#include <stdbool.h>

#include "daemon/settings.h"

// Reads the file into settings. May end the process if memory is short
// (daemon/config_apart.h). False if it cannot be read or anything in it is wrong;
// then settings may be partly changed. Keeps path.
bool config_read(const char *path, struct settings *settings,
                 settings_error_fn on_error, void *context);

// A settings_error_fn that writes the error and its place to the log.
void config_log_error(void *context, const struct error *error);
// One that prints it to standard error as a compiler does: "file:line: text".
void config_print_error(void *context, const struct error *error);
