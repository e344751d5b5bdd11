// The wall clock of the daemon: the system's, without temporary steps
// (daemon/clock_steps.h).
#pragma once

#include "base/usec.h"

struct clock_steps;

// Since 1970, up to 10 ms old: it changes with the system's tick.
usec wall_clock_now(void);
// The same, not old.
usec wall_clock_read(void);

// The state behind it; read only. Kept.
const struct clock_steps *wall_clock_state(void);
