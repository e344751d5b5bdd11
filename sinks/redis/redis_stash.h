// Alerts that were rendered before their flush: a queue of texts.
//
//     first        taken           end
//       | in a batch  | for the next  |
//
// Texts leave in the order in which they were added. What was taken comes again when
// the batch is lost and is removed when it is written.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

// At either limit there is no room.
enum { REDIS_STASH_ALERTS = 6144, REDIS_STASH_BYTES = 8 << 20 };

struct redis_stash {
    struct buffer text;  // all texts from `first` on
    struct buffer sizes; // size_t each, from `first` on
    size_t taken;        // how many texts
    size_t taken_bytes;
};

void redis_stash_init(struct redis_stash *stash);
void redis_stash_fini(struct redis_stash *stash);

bool redis_stash_has_room(const struct redis_stash *stash);
// Copies the text; one that is larger than the room left is kept, too. Without memory
// it is lost, and so are all that follow.
void redis_stash_add(struct redis_stash *stash, struct slice text);

// The next text, valid until the next call of another function. None: it is lost.
struct slice redis_stash_take(struct redis_stash *stash);
// Removes the `count` texts taken first.
void redis_stash_written(struct redis_stash *stash, size_t count);
// What was taken comes again.
void redis_stash_lost(struct redis_stash *stash);
