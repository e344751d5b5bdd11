// Decides whether there is room for a post, and what is left out if there is not
// enough.
//
// A post that fits is counted whole. Otherwise it waits for a flush, which may make
// room, unless the last flush made none and nothing has left the longest window since.
// Then the people and hashtags that this post is the first to name are left out, and
// the rest of it counts. A post is refused only if its author, or what it refers to, is
// new and does not fit, or if memory.windows is full.
//
// Cascades make their own room: small ones are evicted (pipeline/records/cascades.h).
//
// What is left out is counted by the option whose value is too small, and the boards
// are incomplete until it would have left the longest window.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "pipeline/post.h"

struct pipeline;

// The room that a post needs at least.
struct admission_needs {
    uint32_t users;    // new ones
    uint32_t cascades; // new ones
    uint32_t amounts;  // at most
};

// STATUS_OK: it can be counted. STATUS_AGAIN: a flush may make room. STATUS_FULL: it is
// refused and counted as refused.
enum status admission_check(struct pipeline *pipeline,
                            const struct post *post) MUST_USE;

// How many of the people or hashtags in the post are considered.
size_t admission_mentions(struct pipeline *pipeline, const struct post *post);
size_t admission_hashtags(struct pipeline *pipeline, const struct post *post);

// True if a person, or a hashtag, in the post can be counted; the author must be seen
// already. If false, it is counted as left out.
bool admission_may_mention(struct pipeline *pipeline, const struct post *post,
                           const struct post_user *person);
bool admission_may_tag(struct pipeline *pipeline, const struct post *post,
                       struct slice hashtag);

// Counts that something was left out that belongs on boards.
void admission_lose(struct pipeline *pipeline, uint64_t *counter);
