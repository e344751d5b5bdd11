// How late the event loop runs a timer that is due: for so long a step of the loop kept
// everything else waiting. A probe of the loop, whatever the cause.
#pragma once

#include "base/metric.h"

// All zero: not started.
struct loop_delay {
    usec due; // monotonic; 0: not started
    struct span_histogram delays;
};

extern const struct metric loop_delay_metric_rows[];

// The timer runs at `now`, and is due again after `every`. The first run is not a
// sample: it waits for the start of the process.
void loop_delay_note(struct loop_delay *delay, usec now, usec every);
