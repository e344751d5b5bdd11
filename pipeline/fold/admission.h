// Whether there is room for a post, and what becomes of one for which there is not
// enough.
//
// A post that fits is counted whole. Otherwise it waits for a flush, which may make
// room, unless the last one made none and nothing has left the longest window since.
// Then the people and hashtags that it is the first to name are left out, and the rest
// of it counts. A post is refused only if its author, or what it points at, is new and
// does not fit, or if memory.windows is full.
//
// Cascades make their own room: small ones go (pipeline/records/cascades.h).
//
// What is left out is counted by the option that is too small, and the boards are
// incomplete until it would have left the longest window.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "pipeline/post.h"

struct pipeline;

// What a post cannot do without.
struct admission_needs {
    uint32_t users;    // that are new
    uint32_t cascades; // that are new
    uint32_t amounts;  // at most
};

// STATUS_OK: it can be counted. STATUS_AGAIN: writing out what is pending may make
// room. STATUS_FULL: it is refused and counted as such.
enum status admission_ask(struct pipeline *pipeline, const struct post *post) MUST_USE;

// How many of the people or hashtags it names are looked at.
size_t admission_mentions(struct pipeline *pipeline, const struct post *post);
size_t admission_hashtags(struct pipeline *pipeline, const struct post *post);

// Whether a person that the post names can be counted, or a hashtag; the author has
// been seen. If not it is counted as left out.
bool admission_may_mention(struct pipeline *pipeline, const struct post *post,
                           const struct post_user *person);
bool admission_may_tag(struct pipeline *pipeline, const struct post *post,
                       struct slice hashtag);

// Something was left out that boards should show.
void admission_lose(struct pipeline *pipeline, uint64_t *counter);
