// Nodes of trees that wait for their parent, in order of arrival.
//
// A ring of the last PENDING_PARENTS_MAX. Waiters for the same parent are linked,
// oldest first; a table finds the oldest. A row that no longer waits (`node` 0) remains
// until it is the oldest in the ring or its parent arrives.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct snapshot;

enum { PENDING_PARENTS_MAX = 1 << 16 };

#define PENDING_PARENTS_NONE UINT32_MAX

// A node that waits: a *waiter*.
struct pending_parent {
    uint64_t parent; // key of the parent it waits for …
    uint64_t second; // owner's data, as are since, owner and node
    usec since;
    uint32_t life; // … in that tree
    uint32_t owner;
    uint32_t node; // 0: it no longer waits
    uint32_t next; // waiter + 1: the next one for the same parent
    uint32_t last; // of the oldest of them: the newest one + 1
    uint32_t is_listed;
};

struct pending_parents {
    struct pending_parent *rows; // row = sequence number % PENDING_PARENTS_MAX
    uint64_t first;
    uint64_t next;
    struct table by_parent;
};

bool pending_parents_init(struct pending_parents *pending);
void pending_parents_fini(struct pending_parents *pending);
// Saves the contents, or loads them into an empty ring.
void pending_parents_move(struct pending_parents *pending, struct snapshot *snapshot);

// Adds a waiter; there must be room. Returns its index.
uint32_t pending_parents_add(struct pending_parents *pending,
                             const struct pending_parent *waiter);

// The oldest waiter for that key in that tree, or PENDING_PARENTS_NONE.
uint32_t pending_parents_find(const struct pending_parents *pending, uint64_t key,
                              uint32_t life);
// Removes all waiters for that key from the table; they remain linked by `next`.
// Returns the oldest and stores the newest in *ret_last.
uint32_t pending_parents_take(struct pending_parents *pending, uint64_t key,
                              uint32_t life, uint32_t *ret_last);

void pending_parents_drop_oldest(struct pending_parents *pending);

// A key in one tree, as one hash for tables.
static inline uint64_t
pending_parents_hash(uint64_t key, uint32_t life)
{
    return key ^ ((uint64_t)life * UINT64_C(0x9E3779B97F4A7C15));
}

static inline bool
pending_parents_is_empty(const struct pending_parents *pending)
{
    return pending->first == pending->next;
}

static inline bool
pending_parents_is_full(const struct pending_parents *pending)
{
    return pending->next - pending->first == PENDING_PARENTS_MAX;
}

// The oldest waiter; there must be one.
static inline const struct pending_parent *
pending_parents_oldest(const struct pending_parents *pending)
{
    return &pending->rows[pending->first % PENDING_PARENTS_MAX];
}
