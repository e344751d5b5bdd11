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
#include "pipeline/post.h"

struct pipeline;

// Finds the people in the post and marks its author as seen. `post` becomes a copy with
// ids for users given by handle alone, valid until the next post. ret_actor: USER_NONE
// if it is a second retweet by the same person, from which nothing is learnt.
// STATUS_NOMEM: the system refuses the memory.
enum status persons_meet(struct pipeline *pipeline, const struct post **post, usec time,
                         uint32_t *ret_actor) MUST_USE;

// A users_merge_fn; context: the pipeline.
void persons_merge(void *context, uint32_t from, uint32_t into);
