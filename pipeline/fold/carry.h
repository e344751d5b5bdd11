// Counts retweets, quotes and replies, for the post they refer to and for everyone
// above it on the path.
#pragma once

#include <stdint.h>

struct ids;
struct pipeline;
struct post;

// What a retweet adds.
void carry_retweet(struct pipeline *pipeline, const struct post *post,
                   const struct ids *ids, uint32_t event);
// A second retweet of a post by the same person changes nothing, but others may come
// through it.
void carry_repeat(struct pipeline *pipeline, const struct post *post,
                  const struct ids *ids, uint32_t event);
// What a published post adds by its quote and its reply.
void carry_references(struct pipeline *pipeline, const struct post *post,
                      const struct ids *ids, uint32_t event);
