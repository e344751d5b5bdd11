// The only place that reads the system's clocks.
#pragma once

#include "base/usec.h"

struct wall;

usec clock_wall(void);      // since 1970; steps are filtered (daemon/wall.h)
usec clock_monotonic(void); // since some point, never set back

// The state behind clock_wall; read only. Kept.
const struct wall *clock_standing(void);
