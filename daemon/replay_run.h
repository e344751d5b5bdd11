// A replay as the daemon runs it: reads files, writes to Redis, delivers alerts, prints
// figures at the end.
//
//   SIGTERM, SIGINT   stops reading, writes what was read and saves a snapshot,
//                     within five seconds; a second signal ends the process at once
//
// With --stay the process remains until a signal after everything is written.
#pragma once

#include "daemon/cli.h"
#include "daemon/settings.h"

// Returns an exit code of sysexits.
int replay_run(const struct cli *cli, const struct settings *settings);
