// Watches the wall clock of a live daemon: reports steps, and lets the pipeline follow
// those that stay (daemon/wall.h).
#pragma once

#include <stdint.h>

#include "base/usec.h"

struct pipeline;

#define CLOCK_WATCH_BEHIND USEC_PER_DAY

// Zeroed at first.
struct clock_watch {
    uint64_t steps; // that the pipeline has followed
    usec told;      // the step that was reported as held; 0: none
};

enum clock_state {
    CLOCK_RIGHT,
    CLOCK_HELD,     // a step is held: nobody knows what time it is
    CLOCK_FOLLOWED, // a step has just been followed
};

// Call a few times a second. Lets the pipeline's time pass.
enum clock_state clock_watch_tick(struct clock_watch *watch, struct pipeline *pipeline);

// A pipeline that was restored from a snapshot may be ahead of the wall clock by
// `most`. If it is by more, one of the two clocks is or was wrong: the pipeline is set
// back, and that is reported.
void clock_watch_restored(struct pipeline *pipeline, usec most);

// The same in wall time, which the pipeline follows: if it is behind by more than
// CLOCK_WATCH_BEHIND, the daemon was stopped for long or the system clock is wrong.
// That is reported.
void clock_watch_started(struct pipeline *pipeline);
