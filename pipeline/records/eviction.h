// Which cascades to evict when the table is full. Candidates are chosen in one pass and
// used one by one, so that the cost of the pass is shared by many evictions.
//
//     eviction_begin; eviction_offer …; eviction_end    pass over the whole table
//     eviction_next                                     until it returns NULL
//
// Keeps the candidates that come first in this order: lowest rank, lowest weight,
// longest idle, oldest.
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
    struct eviction_candidate *rows; // while offered: a heap, the last in order on top
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

// The first unused candidate, or NULL. It may have changed since it was offered: the
// caller checks this.
const struct eviction_candidate *eviction_next(struct eviction *eviction);

// Saves the contents, or loads them into an empty one of the same capacity.
void eviction_move(struct eviction *eviction, struct snapshot *snapshot);
