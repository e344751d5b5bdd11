// How long posts took from their own time until their counts were in Redis, for a
// sample of at most REDIS_LAG_MOST posts per flush: every one, every second, every
// fourth …, as many as fit. Posts that arrive during a flush belong to the next one.
#pragma once

#include <stdint.h>

#include "base/span_histogram.h"

enum { REDIS_LAG_MOST = 256 };

struct redis_lag_sample {
    usec times[REDIS_LAG_MOST];
    uint32_t count;
    uint32_t step; // every step-th post is kept; 0: none was seen yet
    uint32_t seen; // since the last one kept
};

// All zero: empty.
struct redis_lag {
    struct redis_lag_sample next;
    struct redis_lag_sample flying; // of the flush under way
};

// A post of that time was counted.
void redis_lag_note(struct redis_lag *lag, usec time);
// A flush begins. Those of one that did not end stay in the sample.
void redis_lag_begin(struct redis_lag *lag);
// It is acknowledged. now: on the clock of the posts.
void redis_lag_end(struct redis_lag *lag, usec now, struct span_histogram *histogram);
