// Watches the wall clock of a live daemon: reports steps, and sets the pipeline's clock
// after lasting ones (daemon/clock_steps.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

struct pipeline;

#define CLOCK_WATCH_BEHIND USEC_PER_DAY

// Initialise with zeros.
struct clock_watch {
    uint64_t steps; // that the pipeline has followed
    usec reported;  // the step that was logged as held; 0: none
    bool is_apart;  // the pipeline has another clock
};

enum clock_state {
    CLOCK_RIGHT,
    CLOCK_HELD,     // a step is held: the time is not certain
    CLOCK_FOLLOWED, // the clock has just followed a step
};

// Call a few times a second. Advances the pipeline's clock, unless it has another one.
enum clock_state clock_watch_tick(struct clock_watch *watch, struct pipeline *pipeline);

// A pipeline that was restored from a snapshot may be ahead of the wall clock by at
// most `most`. If it is ahead by more, one of the two clocks is or was wrong: the
// pipeline is set back, and this is logged.
void clock_watch_restored(struct pipeline *pipeline, usec most);

// For wall time, where the pipeline follows the clock: if the pipeline is behind by
// more than CLOCK_WATCH_BEHIND, the daemon was stopped for long or the system clock is
// wrong. This is logged.
void clock_watch_started(struct pipeline *pipeline);
