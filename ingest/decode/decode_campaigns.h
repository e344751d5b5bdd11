// To which campaigns posts and the posts they refer to belong by what they contain
// (struct post_campaigns). Nothing is looked for while no campaign has a word.
#pragma once

#include "ingest/decode/decode_run.h"

// The campaigns that have the host of this address, as a network lists it beside the
// text.
uint64_t decode_campaigns_of_address(struct decode_run *run, struct slice address);

// Sets those of a published post, whose text and lists are complete. found: what was
// found beside them; post->campaigns.found may have more.
void decode_campaigns_of_post(struct decode_run *run, struct post *post,
                              uint64_t found);

// The campaigns of a post that is referred to, by its text and language; `found`: those
// found beside the text.
struct post_campaigns decode_campaigns_of_ref(struct decode_run *run,
                                              const struct post_ref *ref,
                                              uint64_t found);
