// Converts changes to commands: all kinds of change except alerts.
#pragma once

#include "base/usec.h"
#include "pipeline/changes.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_keys.h"

// A whole hash is deleted first (unless it is fresh) and gets its time to live; a whole
// board is deleted first.
void redis_change_add(struct redis_batch *batch, const struct redis_keys *keys,
                      const struct change *change);

// The hash `meta`. now: wall clock, for as_of_ms and lag_ms (0 before the first post).
// lag: for lag_ms; USEC_NONE: how far the pipeline's clock is behind.
struct redis_change_meta {
    struct changes_meta state;
    const char *version;
    usec now;
    usec lag;
    const char *const *places; // of redis_sink_setup; NULL: none
};
void redis_change_add_meta(struct redis_batch *batch, const struct redis_keys *keys,
                           const struct redis_change_meta *meta);
