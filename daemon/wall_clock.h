// The wall clock of the daemon: the system's, without temporary steps (daemon/wall.h).
#pragma once

#include "base/usec.h"

struct wall;

usec wall_clock_now(void); // since 1970

// The state behind it; read only. Kept.
const struct wall *wall_clock_state(void);
