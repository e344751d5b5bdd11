// What posts point at: retweets, quotes and replies, and everybody above them on the
// path.
#pragma once

#include <stdint.h>

struct pipeline;
struct post;

// What a retweet adds.
void carry_retweet(struct pipeline *pipeline, const struct post *post, uint32_t event);
// A second retweet of a post by the same person changes nothing, but others may come
// through it.
void carry_repeat(struct pipeline *pipeline, const struct post *post, uint32_t event);
// What a published post adds by its quote and its reply.
void carry_references(struct pipeline *pipeline, const struct post *post,
                      uint32_t event);
