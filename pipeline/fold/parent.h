// Finds the parent of an event in the trees of the posts above it.
//
// In the tree of a post above, candidates are tried in this order, nearest first: the
// retweet or quote through which the event came, the post it refers to, the post quoted
// by that, and so on, up to the root. A candidate that is remembered and in the tree is
// the parent. One that is not remembered is waited for. One that is remembered but not
// in the tree (a quote of oneself, a second retweet, a post that was taken back) is
// skipped. An event that reaches the root in this way, or skips ABOVE_MAX posts,
// becomes a child of the root; its parent is then observed only if it is a quote of the
// root or names the root as what it came through.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pipeline/records/event_records.h"
#include "pipeline/tree/tree.h"

struct pipeline;

// An event that counts in the cascade of posts[at], which is above posts[0], the post
// it refers to. entry: what it added there.
struct parent_sought {
    uint32_t event;
    struct event_records_entry entry;
    const uint32_t *posts;
    size_t at;
};
// An event in the tree of a cascade, by what it added there.
struct tree_event parent_event(const struct pipeline *pipeline, uint32_t index,
                               struct event_records_entry entry);
// Adds it to the tree of that cascade.
void parent_attach(struct pipeline *pipeline, const struct parent_sought *sought);
// Removes an event from the tree of the cascade of that entry of its notes.
void parent_detach(struct pipeline *pipeline, uint32_t event,
                   struct event_records_entry entry);
// Time has passed: events that waited too long for their parent become children of the
// root.
void parent_end_waits(struct pipeline *pipeline);
