// Reads the configuration file in a process of its own.
//
// libconfuse ends the process when an allocation fails (flex calls exit, others
// assert), and its run time grows faster than the file. In a child neither harms a
// daemon that is running: whatever ends the child, the file counts as refused.
#pragma once

#include <stdbool.h>

#include "daemon/settings.h"

// As config_read. Blocks for at most 3 s. At most 64 errors are reported, and then how
// many there were besides.
bool config_apart_read(const char *path, struct settings *settings,
                       settings_error_fn on_error, void *context);
