// The system's clocks.
#pragma once

#include "base/usec.h"

usec clock_monotonic(void); // since some point, never set back
usec clock_boot(void);      // the same, and it counts the time asleep
usec clock_system(void);    // since 1970; may be set at any time
