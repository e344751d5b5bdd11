// Acts and children: who came into a cascade, and through whom.
//
// An *act* of a person in a cascade is the first retweet or quote by that person that
// counts in it, in order of arrival. The author of the root has no act in the cascade.
// A *child* of an act is an act of another person in the same cascade whose observed
// parent (pipeline/fold/parent.h) is that act. So a person is a child at most once per
// cascade, and never of oneself.
//
// A child counts for the person of its parent act, the *carrier*, at the time of the
// child's act: `carried`, and if the parent act is a quote `translated`. It counts from
// the moment at which both acts exist and are connected, and it is taken back with the
// child, not with the parent act:
//
//   the parent arrives later    the child counts when it leaves its wait
//   the parent act is undone    its children so far still count; no further ones do
//   the child's act is undone   the child is taken back. The person's next event in the
//                               cascade that is remembered and not undone is the act;
//                               if its parent is an act, it is a child of that one, and
//                               the acts below it become its children. If the child was
//                               the first of its parent act, the one of the others that
//                               arrived first is the first
//   two names become one        what was decided before stays
//
// Everything that counts acts and children is called from acts.c, in the four functions
// act_begun, act_ended, child_came and child_left, with the original times.
//
// Whose act an event is, and when it was, is found through the memory of events: two
// acts are connected only while both events are remembered, as they are unless more
// than dedupe.capacity events arrive while one waits for the other. What `carried` and
// `translated` contain is in the notes of the child's event and is taken back as long
// as that event is remembered; child_left is called if the parent's event is remembered
// too, and the cascade is not forgotten. The next event of a person is sought among the
// ACTS_SEARCH_MAX events that arrived after the undone one; if it is not found, that is
// counted, and the boards are incomplete.
//
// How many children an act has is kept with the person (pipeline/records/amplifiers.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"
#include "pipeline/records/event_records.h"

struct pipeline;

enum { ACTS_SEARCH_MAX = 1 << 18 };

// An act that begins or is taken back. An act that is taken back no longer has
// children.
struct acts_act {
    uint32_t cascade;
    uint32_t user;
    uint32_t event;
    usec time;
};

// What an act had that is taken back.
struct acts_end {
    uint32_t node;   // in the tree of the cascade; TREE_ROOT: none
    uint32_t first;  // event of its first child; EVENT_NONE: none that is remembered
    bool is_carried; // it had one
};

// A child that came or is taken back.
struct acts_child {
    struct acts_act act; // its own
    uint32_t node;       // its own, in the tree of the cascade
    uint32_t parent;     // event of the parent act …
    uint32_t carrier;    // … and its user
    bool is_translated;  // the parent act is a quote
    uint32_t children; // of the parent act: with this one, or without it if taken back
    usec first_gone;   // time of the child that is no longer the parent act's first
    usec first_new;    // time of the one that now is; USEC_NONE: no change, or none is
    uint32_t next;     // its event, if it is not the child itself; or EVENT_NONE
};

// An event of that act begins to count in its cascade. False if it is no act, because
// the person wrote the root.
bool acts_begin(struct pipeline *pipeline, const struct acts_act *act);
// The current event hangs below another event in the tree of a cascade.
void acts_hang(struct pipeline *pipeline, uint32_t cascade, uint32_t node);
// The same for an earlier event: trees_needs.joined; context: the pipeline.
void acts_joined(void *context, uint32_t cascade, uint32_t node);

// An event is taken back from a cascade: called before it leaves the tree …
void acts_undo(struct pipeline *pipeline, uint32_t event,
               struct event_records_entry entry);
// … and after it has left the tree and the amplifiers.
void acts_succeed(struct pipeline *pipeline, uint32_t event,
                  struct event_records_entry entry);
