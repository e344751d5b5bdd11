// The only place that reads the system's clocks.
#pragma once

#include "base/usec.h"

struct wall;

usec clock_wall(void);      // since 1970, freed from steps (daemon/wall.h)
usec clock_monotonic(void); // since some point, never set back

// What clock_wall has found out; kept, and read by others only.
const struct wall *clock_standing(void);
