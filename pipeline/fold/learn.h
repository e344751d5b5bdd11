// Copies facts about posts from messages to the records of cascades: author, text,
// language, time, counts of the platform, and which post a post quotes.
//
// Facts that are known are not replaced, except the platform's count: the greatest is
// kept. There must be room (pipeline/fold/admission.h).
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/post.h"

struct pipeline;

// The part of a text that is kept (cascades.text bytes), cut between two characters.
// Borrows text.
struct slice learn_cut(const struct pipeline *pipeline, struct slice text);

// Fills in what a message contains about a post that has a record. time: of the
// message; USEC_NONE if the message only names the post's author.
void learn_post(struct pipeline *pipeline, uint32_t cascade,
                const struct post_ref *facts, usec time);

// `cascade` quotes the post of the record `parent`.
void learn_parent(struct pipeline *pipeline, uint32_t cascade, uint32_t parent);

// The record of the post that ref refers to, created if needed, with the facts about it
// and about the posts it quotes.
uint32_t learn_target(struct pipeline *pipeline, const struct post_ref *ref, usec time);

// The author of such a post: the one in the message, else the one remembered, or
// USER_NONE.
uint32_t learn_author_of(struct pipeline *pipeline, const struct post_ref *ref,
                         uint32_t target);
