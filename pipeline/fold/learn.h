// Copies facts about posts from messages to the records of cascades: author, text,
// language, time, counts of the platform, and which post a post quotes.
//
// Facts that are known are not replaced, with two exceptions: of the platform's counts
// the greatest is kept, and an author known by handle only is replaced by one with an
// id. There must be room (pipeline/fold/admission.h).
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/fold/ids.h"
#include "pipeline/post.h"

struct pipeline;

// The part of a text that is kept (cascades.text bytes), cut between two characters.
// Borrows text.
struct slice learn_cut(const struct pipeline *pipeline, struct slice text);

// Fills in what a message says about a post that has a record. time: of the message;
// USEC_NONE if its author was not seen, only named. Borrows facts.
struct learn_facts {
    const struct post_ref *post;
    uint64_t author; // hash of its author's id
    usec time;
};
void learn_post(struct pipeline *pipeline, uint32_t cascade,
                const struct learn_facts *facts);

// `cascade` quotes the post of the record `parent`.
void learn_parent(struct pipeline *pipeline, uint32_t cascade, uint32_t parent);

// The record of the post that ref points at, made if need be, with what is known of it
// and of the posts it quotes.
uint32_t learn_target(struct pipeline *pipeline, const struct post_ref *ref,
                      struct ids_ref ids, usec time);

// The author of the post whose id has that hash, from its own message or from one that
// pointed at it, or USER_NONE.
uint32_t learn_known_author(const struct pipeline *pipeline, uint64_t hash);

// The author of such a post: the one the message names, else the one remembered, or
// USER_NONE. author: hash of the id that ref names.
uint32_t learn_author_of(struct pipeline *pipeline, const struct post_ref *ref,
                         uint64_t author, uint32_t target);
