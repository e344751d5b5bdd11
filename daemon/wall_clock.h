// The wall clock of the daemon: the system's, without temporary steps
// (daemon/clock_steps.h).
#pragma once

#include "base/usec.h"

struct clock_steps;

usec wall_clock_now(void); // since 1970

// The state behind it; read only. Kept.
const struct clock_steps *wall_clock_state(void);
