// One person under two names: by handle only ("x:@ann"), and by id.
//
// Before a post is counted, every user that it names by handle alone gets the id of
// whoever holds that handle, also if the same message shows the holder; else the id
// "<net>:@<handle in lower case>". So a name leads to one person wherever it stands,
// and once somebody else has the handle, to that person.
//
// When an id is learnt for a handle that somebody was known by, all that was counted
// moves over (users_merge_fn): counters at their steps, places on boards, authorship of
// posts, baselines, and places in sets of people. What happened stays as it was decided
// when it happened: two retweets under two names stay two, by one person.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/usec.h"
#include "pipeline/post.h"

struct pipeline;

// Finds out who the post names, and sees its author. `post` becomes one with ids for
// those it names by handle alone, valid until the next post. ret_actor: USER_NONE if it
// is a second retweet by the same person, of which nothing more is learnt.
// STATUS_NOMEM: the system refuses the memory.
enum status persons_meet(struct pipeline *pipeline, const struct post **post, usec time,
                         uint32_t *ret_actor) MUST_USE;

// A users_merge_fn; context: the pipeline.
void persons_merge(void *context, uint32_t from, uint32_t into);
