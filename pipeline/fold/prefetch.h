// Prefetches memory that will soon be read. The tables are larger than the processor's
// caches: without prefetching, each lookup waits for memory in turn; prefetched lookups
// wait at the same time.
//
// Nothing here changes state; all results are the same without it.
#pragma once

#include <stdint.h>

struct ids;
struct pipeline;
struct post;

// The post will be counted. ids: its own.
void prefetch_post(const struct pipeline *pipeline, const struct post *post,
                   const struct ids *ids);

// A user, or a cascade, is taken from its queue: prefetches those behind it.
void prefetch_queued_users(const struct pipeline *pipeline);
void prefetch_queued_cascades(const struct pipeline *pipeline);
