// A histogram of durations in the groups that Prometheus publishes: how many were at
// most as long as each of a few fixed bounds, from 1 ms to 5 min. Durations are only
// added; a negative one counts as 0.
#pragma once

#include <stdint.h>

#include "base/usec.h"

enum { SPAN_HISTOGRAM_BOUNDS = 16 };

struct span_histogram {
    // Of durations up to each bound and above the one before; the last: above all.
    uint64_t counts[SPAN_HISTOGRAM_BOUNDS + 1];
    uint64_t sum; // microseconds
};

// Ascending.
extern const usec span_histogram_bounds[SPAN_HISTOGRAM_BOUNDS];

void span_histogram_add(struct span_histogram *histogram, usec span);
uint64_t span_histogram_count(const struct span_histogram *histogram);
