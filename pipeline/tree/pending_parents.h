// Nodes of trees that wait for their parent, in the order in which they came.
//
// A ring of the last PENDING_PARENTS_MOST. Those that wait for the same parent are
// linked, the oldest first; a table finds that one. Whoever no longer waits (`node` 0)
// stays until it is the oldest or its parent comes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct snapshot;

enum { PENDING_PARENTS_MOST = 1 << 16 };

#define PENDING_PARENTS_NONE UINT32_MAX

struct waiter {
    uint64_t parent; // key of what it waits for …
    uint64_t second; // the owner's, as are since, owner and node
    usec since;
    uint32_t life; // … in that tree
    uint32_t owner;
    uint32_t node; // 0: it no longer waits
    uint32_t next; // waiter + 1 that waits for the same
    uint32_t last; // of the oldest of them: the newest of them + 1
    uint32_t is_listed;
};

struct pending_parents {
    struct waiter *rows; // row = sequence number % PENDING_PARENTS_MOST
    uint64_t first;
    uint64_t next;
    struct table by_parent;
};

bool pending_parents_init(struct pending_parents *pending);
void pending_parents_fini(struct pending_parents *pending);
// Contents out of, or into an empty one.
void pending_parents_move(struct pending_parents *pending, struct snapshot *snapshot);

// Adds one; there must be room. Returns its index.
uint32_t pending_parents_add(struct pending_parents *pending,
                             const struct waiter *waiter);

// The oldest that waits for that key in that tree, or PENDING_PARENTS_NONE.
uint32_t pending_parents_find(const struct pending_parents *pending, uint64_t key,
                              uint32_t life);
// Takes all that do off the table, to be walked by `next`. Returns the oldest, and puts
// the newest into ret_last.
uint32_t pending_parents_take(struct pending_parents *pending, uint64_t key,
                              uint32_t life, uint32_t *ret_last);

void pending_parents_drop_oldest(struct pending_parents *pending);

// A key in one tree, as tables take it.
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
    return pending->next - pending->first == PENDING_PARENTS_MOST;
}

// There must be one.
static inline const struct waiter *
pending_parents_oldest(const struct pending_parents *pending)
{
    return &pending->rows[pending->first % PENDING_PARENTS_MOST];
}
