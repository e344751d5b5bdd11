// Hints to the processor what will soon be touched. The tables are larger than the
// caches: things looked up one after the other wait for memory one after the other,
// things asked for at once wait together.
//
// Nothing here changes anything; all results are the same without it.
#pragma once

#include <stdint.h>

struct pipeline;
struct post;

// The post with that hash will be counted.
void prefetch_post(const struct pipeline *pipeline, const struct post *post,
                   uint64_t hash);

// A user, or a cascade, is taken out of its queue: those behind it will be.
void prefetch_queued_users(const struct pipeline *pipeline);
void prefetch_queued_cascades(const struct pipeline *pipeline);
