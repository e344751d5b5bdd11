// Counts the people and the hashtags in a published post.
#pragma once

#include <stdint.h>

#include "base/usec.h"

struct pipeline;
struct post;

// Counts each once, unless admission leaves it out. time: of the post.
void naming_count(struct pipeline *pipeline, const struct post *post, uint32_t author,
                  usec time);
