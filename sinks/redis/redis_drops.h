// Alerts whose removal from the outbox of a webhook Redis has not acknowledged: a set
// of endpoint and id.
//
// An outbox that is read before that still holds them, and they must not be sent again.
// A flush takes those that were added before it; they are then written (and removed
// from the set) or lost.
//
//     | taken or sorted by redis_drops_sort | added since |
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

struct redis_drops {
    struct buffer rows; // is_failed: one is missing; sticky
    size_t taken;
    size_t sorted;
};

void redis_drops_init(struct redis_drops *drops);
void redis_drops_fini(struct redis_drops *drops);

// Copies the id, which is shorter than WEBHOOK_ID_MAX; a longer one is in no outbox.
void redis_drops_add(struct redis_drops *drops, size_t endpoint, struct slice id);

void redis_drops_take(struct redis_drops *drops);
void redis_drops_written(struct redis_drops *drops);
void redis_drops_lost(struct redis_drops *drops);

// While none are taken, before many look-ups: a look-up then takes logarithmic time.
void redis_drops_sort(struct redis_drops *drops);
bool redis_drops_has(const struct redis_drops *drops, size_t endpoint, struct slice id);
