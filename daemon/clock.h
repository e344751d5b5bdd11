// The only place that reads the system's clocks.
#pragma once

#include "base/usec.h"

usec clock_wall(void);      // since 1970
usec clock_monotonic(void); // since some point, never set back
