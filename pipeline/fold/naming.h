// The people and the hashtags that a published post names.
#pragma once

#include <stdint.h>

#include "base/usec.h"

struct pipeline;
struct post;

// Counts them, each once, as far as admission lets them in. time: of the post.
void naming_count(struct pipeline *pipeline, const struct post *post, uint32_t author,
                  usec time);
