// Finds the parent of an event in the trees of the posts above it.
//
// In the tree of a post above, candidates are tried in this order, nearest first: the
// retweet through which the event came, the post it refers to, the post quoted by that,
// and so on, up to the root. A candidate that is remembered and in the tree is the
// parent. One that is not remembered is waited for. One that is remembered but not in
// the tree (a quote of oneself, a second retweet, a post that was taken back) is
// skipped. An event that reaches the root in this way, or skips ABOVE_MAX posts,
// becomes a child of the root; its parent is then observed only if it is a quote of the
// root.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct pipeline;

// Adds the event to the tree of posts[at], in whose cascade it counts, and which is
// above posts[0], the post it refers to.
void parent_attach(struct pipeline *pipeline, uint32_t index, const uint32_t *posts,
                   size_t at);
// Removes it from that tree.
void parent_detach(struct pipeline *pipeline, const struct event *event,
                   uint32_t cascade, bool is_direct);
// Time has passed: events that waited too long for their parent become children of the
// root.
void parent_end_waits(struct pipeline *pipeline);
