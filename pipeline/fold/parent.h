// Where an event hangs in the trees of the posts above it.
//
// In the tree of a post above, the parent is sought among these, the nearest first: the
// retweet it was seen through, the post it points at, what that quotes, and so on, up
// to the root. One that is remembered and in the tree is the parent. One that is not
// remembered is waited for. One that is remembered but not in the tree (a quote of
// oneself, a second retweet, something taken back) is passed over. An event that
// reaches the root so, or that passes over ABOVE_MOST posts, hangs on the root; its
// parent is observed only if it is a quote of the root.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct pipeline;

// The event gets its place in the tree of posts[at], for whose cascade it counts, and
// which lies above posts[0], what it points at.
void parent_attach(struct pipeline *pipeline, uint32_t index, const uint32_t *posts,
                   size_t at);
// It is removed from there.
void parent_detach(struct pipeline *pipeline, const struct event *event,
                   uint32_t cascade, bool is_direct);
// Time has passed: events that waited too long for their parent hang on the root.
void parent_end_waits(struct pipeline *pipeline);
