// Reads the configuration file in a child process.
//
// libconfuse ends the process when an allocation fails (flex calls exit, other code
// asserts), and its run time grows faster than the file. In a child neither affects a
// running daemon: however the child ends early, the file counts as refused.
#pragma once

#include <stdbool.h>

#include "daemon/settings.h"

// As config_read. Blocks for at most 3 s. At most 64 errors are reported, and the
// number of further ones.
bool config_apart_read(const char *path, struct settings *settings,
                       settings_error_fn on_error, void *context);
