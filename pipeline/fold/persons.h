// Merges two names of one person: the handle alone ("x:@ann"), and the id.
//
// Before a post is counted, every user in it that is given by handle alone gets the id
// of the user who holds that handle, even if the holder appears only in the same
// message; else the id "<net>:@<handle in lower case>". So a handle means one person
// wherever it occurs, and after another person takes it, that person.
//
// When the id of a person known by handle only is learnt, all that was counted moves to
// it (users_merge_fn): counters in their steps, places on boards, authorship of posts,
// baselines, and places in sets of amplifiers. Earlier decisions are not repeated: two
// retweets under two names stay two, by one person.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/usec.h"
#include "pipeline/fold/ids.h"
#include "pipeline/post.h"

struct pipeline;

// Finds out who the post names, and sees its author. `post` becomes one with ids for
// those it names by handle alone, valid until the next post; `ids` are its own. actor:
// USER_NONE if it is a second retweet by the same person, of which nothing more is
// learnt. STATUS_NOMEM: the system refuses the memory.
struct persons_met {
    const struct post *post;
    struct ids ids;
    uint32_t actor;
};
enum status persons_meet(struct pipeline *pipeline, struct persons_met *met,
                         usec time) MUST_USE;

// A users_merge_fn; context: the pipeline.
void persons_merge(void *context, uint32_t from, uint32_t into);
