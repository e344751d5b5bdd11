// The system's clocks.
#pragma once

#include "base/usec.h"

usec clock_monotonic(void); // since some point, never set back
usec clock_coarse(void);    // the same, some milliseconds old, and much cheaper
usec clock_boot(void);      // as clock_monotonic, and it counts the time asleep
usec clock_system(void);    // since 1970; may be set at any time
