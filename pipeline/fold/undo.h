// Deletions: takes back exactly what an undone retweet or a deleted post added, and
// hides a deleted post.
#pragma once

#include <stdint.h>

struct pipeline;
struct post;

// A deletion: by the post's id, or by the source's own id of it.
void undo_post(struct pipeline *pipeline, const struct post *post);
// The same for a remembered event.
void undo_event(struct pipeline *pipeline, uint32_t event);
// Hides a post permanently from boards and Redis.
void undo_hide(struct pipeline *pipeline, uint32_t cascade);
