// Who has to go when the table of cascades is full: candidates, chosen at once and used
// one by one, so that no single moment pays for all of them.
//
//     eviction_begin; eviction_offer …; eviction_end    goes through the whole table
//     eviction_next                                     until it says NULL
//
// Of what was offered those are kept that matter least. The order: by rank, then by
// weight, then the longest idle, then the oldest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

struct snapshot;

struct eviction_candidate {
    usec last;
    uint32_t index;
    uint32_t birth;
    uint32_t weight;
    uint32_t rank;
};

struct eviction {
    struct eviction_candidate *rows; // while offered: a heap, what matters most on top
    uint32_t capacity;
    uint32_t count;
    uint32_t used;
};

// capacity: candidates at once, at least 1. False when the system refuses the memory.
bool eviction_init(struct eviction *eviction, uint32_t capacity);
void eviction_fini(struct eviction *eviction);

void eviction_begin(struct eviction *eviction);
void eviction_offer(struct eviction *eviction, struct eviction_candidate candidate);
void eviction_end(struct eviction *eviction);

// The one that matters least of those not used yet, or NULL. Things may have happened
// since it was offered: the caller looks whether it is still what it was.
const struct eviction_candidate *eviction_next(struct eviction *eviction);

// Contents out of, or into an empty one of the same capacity.
void eviction_move(struct eviction *eviction, struct snapshot *snapshot);
