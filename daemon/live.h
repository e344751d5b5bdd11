// The daemon at its work: live sources in, Redis out, until a signal.
//
//   SIGHUP            reads the configuration again; a bad one changes nothing
//   SIGTERM, SIGINT   saves cursors, writes everything, ends within five seconds; a
//                     second one ends at once
//
// Under systemd it is a service of Type=notify: READY=1 when Redis answers and the
// sources are started, STATUS= with one line of figures, and WATCHDOG=1 as long as the
// loop turns.
#pragma once

#include "daemon/config_load.h"

// Runs with the settings, which come from `place` and are checked; a reload changes
// them. Returns an exit code of sysexits; EX_USAGE or EX_CONFIG at once if no post can
// come in.
int live_run(const struct config_place *place, struct settings *settings);
