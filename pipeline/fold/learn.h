// What messages say about posts, put into the records of cascades: author, text,
// language, time, counts of the platform, and which post a post quotes.
//
// Facts that are known are not replaced, but for the platform's count, of which the
// greatest is kept. There is room for all of it (pipeline/fold/admission.h).
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/post.h"

struct pipeline;

// As much of a text as is kept (cascades.text bytes), cut between two characters.
// Borrows text.
struct slice learn_cut(const struct pipeline *pipeline, struct slice text);

// Fills in what a message says about a post that has a record. time: of the message;
// USEC_NONE if its author was not seen, only named.
void learn_post(struct pipeline *pipeline, uint32_t cascade,
                const struct post_ref *facts, usec time);

// `cascade` quotes the post of the record `parent`.
void learn_parent(struct pipeline *pipeline, uint32_t cascade, uint32_t parent);

// The record of the post that ref points at, made if need be, with what is known of it
// and of the posts it quotes.
uint32_t learn_target(struct pipeline *pipeline, const struct post_ref *ref, usec time);

// The author of such a post: the one the message names, else the one remembered, or
// USER_NONE.
uint32_t learn_author_of(struct pipeline *pipeline, const struct post_ref *ref,
                         uint32_t target);
