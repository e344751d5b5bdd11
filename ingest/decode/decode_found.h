// Mentions and hashtags that are found in texts. Only decode*.c include this.
#pragma once

#include "ingest/decode/decode_run.h"
#include "ingest/text/text.h"

// All entities that `find` finds; NULL and count 0 when memory is short.
typedef size_t (*decode_found_fn)(struct slice text, struct text_entity *ret,
                                  size_t max);
const struct text_entity *decode_found_all(struct decode_run *run, decode_found_fn find,
                                           struct slice text, size_t *ret_count);

// Finds those of the current post in its text. The users are known by handle only,
// unless `who` (may be NULL) returns the id of one; it returns none if it has none.
typedef struct slice (*decode_found_who_fn)(struct decode_run *run, const void *context,
                                            struct slice handle);
void decode_found_mentions(struct decode_run *run, struct post *post,
                           decode_found_who_fn who, const void *context);
void decode_found_hashtags(struct decode_run *run, struct post *post);
