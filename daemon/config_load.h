// The whole configuration: presets, the file, the command line, credentials, checks.
#pragma once

#include <stdbool.h>

#include "daemon/settings.h"

struct config_place {
    const char *path;             // NULL: no file
    const char *const *overrides; // "key=value" of the command line; the last one wins
    int override_count;
};

// Secret files whose name has no '/' are in $CREDENTIALS_DIRECTORY; people files are
// relative to the folder of the configuration file. Reports every
// error; false if there is one. Keeps place->path.
bool config_load(const struct config_place *place, struct settings *settings,
                 settings_error_fn on_error, void *context);
