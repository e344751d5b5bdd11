// Alerts whose removal from the outbox of a webhook Redis has not acknowledged: a set
// of endpoint and id.
//
// An outbox that is read before that still holds them, and they must not be sent again.
// A flush takes those that were added before it; they are then written (and removed
// from the set) or lost.
//
//     rows: | taken | added since |     index: finds a row by its contents
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/table.h"

struct redis_drops {
    struct buffer rows; // is_failed: one is missing; sticky
    struct table index; // of all rows; its capacity doubles when it is full
    size_t taken;
    uint64_t compared; // rows that look-ups compared
};

void redis_drops_init(struct redis_drops *drops);
void redis_drops_fini(struct redis_drops *drops);

// Copies the id, which is shorter than WEBHOOK_ID_MAX; a longer one is in no outbox.
void redis_drops_add(struct redis_drops *drops, size_t endpoint, struct slice id);

void redis_drops_take(struct redis_drops *drops);
void redis_drops_written(struct redis_drops *drops);
void redis_drops_lost(struct redis_drops *drops);

bool redis_drops_has(struct redis_drops *drops, size_t endpoint, struct slice id);
