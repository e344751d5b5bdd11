// Merges two names of one person: the handle alone ("x:@ann"), and the id.
//
// Before a post is counted, every user in it that is given by handle alone gets the id
// of the user who holds that handle, even if the holder appears only in the same
// message; else the id "<net>:@<handle in lower case>". So a handle means one person
// wherever it occurs, and after another person takes it, that person.
//
// A post has one author. If a user is given by handle alone as the author of a post,
// and the author's id is known from the post's own message or another one that pointed
// at it, that person is meant. Such a pair of handle and id, in either order, makes the
// person hold the handle, unless they have another one or another person with an id
// holds it.
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

// A message or a look-up names that author of the post: if one of the two is known by
// handle only, they are one person, as said above. Borrows.
void persons_compare_author(struct pipeline *pipeline, struct slice post,
                            const struct post_user *author);

// A users_merge_fn; context: the pipeline.
void persons_merge(void *context, uint32_t from, uint32_t into);
