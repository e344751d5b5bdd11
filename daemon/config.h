// The configuration file: libconfuse's syntax, this program's option rows.
//
// "redis.flush" is the option `flush` in the section `redis`; a name without a dot
// stands outside any section; a list is `windows = {5m, 1h}`. Values are checked by
// their rows, so that every bad one is told with its file and line, not only the first.
#pragma once

#include <stdbool.h>

#include "daemon/settings.h"

// Called for each thing that is wrong.
typedef void (*config_error_fn)(void *context, const struct error *error);

// Reads the file into settings. False if it cannot be read (ret_is_missing tells
// whether it does not exist) or anything in it is wrong; then settings may be partly
// changed.
bool config_read(const char *path, struct settings *settings, config_error_fn on_error,
                 void *context, bool *ret_is_missing);

// One "key=value" of the command line.
enum status config_override(struct settings *settings, const char *assignment,
                            struct error *error) MUST_USE;
