// A replay as the daemon runs it: files in, Redis and alerts out, figures at the end.
//
//   SIGTERM, SIGINT   reads no further, writes what was read and saves a snapshot,
//                     within five seconds; a second one ends at once
//
// With --stay the process remains until a signal when everything is written.
#pragma once

#include "daemon/cli.h"
#include "daemon/settings.h"

// Returns an exit code of sysexits.
int replay_run(const struct cli *cli, const struct settings *settings);
