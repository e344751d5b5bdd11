// To which campaigns posts belong.
//
// A post belongs to those of its words, links and accounts when it is first seen, alone
// or within another message; and, if it is a quote or a reply, to those of the post it
// answers, if that is known by then. Of a post that was only referred to, its author
// alone is known: until it is seen, it belongs to the campaigns of that account.
//
// While there are no campaigns only that posts were seen is noted: what is decided then
// stays, whichever campaigns come later and however often the post is seen again, as
// long as its record or its event is remembered.
#pragma once

#include <stdint.h>

#include "pipeline/fold/persons.h"
#include "pipeline/post.h"

struct pipeline;

// An event was remembered: it belongs to nothing so far.
void belong_begin(struct pipeline *pipeline, uint32_t event);
// Its row moved to the lasting part of the memory: it was the oldest of the newest.
void belong_moved(struct pipeline *pipeline, uint32_t from, uint32_t to);

// A published post was counted.
void belong_published(struct pipeline *pipeline, const struct persons_met *met,
                      uint32_t event);

// A record of a cascade is new; event: of its post, or EVENT_NONE.
void belong_new(struct pipeline *pipeline, uint32_t cascade);
void belong_recalled(struct pipeline *pipeline, uint32_t cascade, uint32_t event);

// A post with that record was referred to; quoted: the record of the post that it
// quotes, or CASCADE_NONE.
void belong_target(struct pipeline *pipeline, uint32_t cascade,
                   const struct post_ref *ref, uint32_t quoted);
