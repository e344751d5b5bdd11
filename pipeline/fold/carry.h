// Counts retweets, quotes and replies, for the post they refer to and for everyone
// above it on the path.
#pragma once

#include <stdint.h>

struct pipeline;
struct post;

// Counts a retweet.
void carry_retweet(struct pipeline *pipeline, const struct post *post, uint32_t event);
// A second retweet of a post by the same person counts nothing, but others may come
// through it.
void carry_repeat(struct pipeline *pipeline, const struct post *post, uint32_t event);
// Counts the quote and the reply of a published post.
void carry_references(struct pipeline *pipeline, const struct post *post,
                      uint32_t event);
