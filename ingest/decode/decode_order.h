// Puts the posts of one message in the order of time. Pages of searches and timelines
// come newest first, but a post has to come before what points at it.
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "pipeline/post.h"

// Sorts each run of posts and retweets by time. A deletion, or another change of what
// is known, ends a run and keeps its place. Posts with the same time keep their order;
// but if the first post of a run is later than its last, the run is reversed before, so
// that their order is reversed too. Sorted posts cost one comparison each. Sorting
// takes 16 bytes per post in the arena; beyond its limit the posts keep their order.
void decode_order(struct arena *arena, struct post *posts, size_t count);
