// Deletions: an undone retweet or a deleted post takes back exactly what it added, and
// a deleted post is hidden.
#pragma once

#include <stdint.h>

struct pipeline;
struct post;

// A deletion: by the post's id, or by the name its source has for it.
void undo_post(struct pipeline *pipeline, const struct post *post);
// The same for an event that is remembered.
void undo_event(struct pipeline *pipeline, uint32_t event);
// Hides a post from boards and Redis for good.
void undo_hide(struct pipeline *pipeline, uint32_t cascade);
