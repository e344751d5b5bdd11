// The live daemon: reads live sources and writes to Redis until a signal.
//
//   SIGHUP            reads the configuration again; one with an error changes nothing
//   SIGTERM, SIGINT   saves cursors, writes everything, ends within five seconds; a
//                     second signal ends the process at once
//
// Under systemd it is a service of Type=notify. It sends READY=1 when Redis answers and
// the sources are started, STATUS= with one line of figures, and WATCHDOG=1 while the
// loop runs.
#pragma once

#include "daemon/config_load.h"

// Runs with the settings, which come from `place` and must be checked; a reload changes
// them. Returns an exit code of sysexits; EX_USAGE or EX_CONFIG at once if there is no
// source and no HTTP server.
int live_run(const struct config_place *place, struct settings *settings);
