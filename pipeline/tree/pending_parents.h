// Nodes of trees that wait for their parent, in the order in which they came.
//
// A ring of the last WAITERS_MOST. Those that wait for the same parent are linked, the
// oldest first; a table finds that one. Whoever no longer waits (`node` 0) stays until
// it is the oldest or its parent comes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct snapshot;

enum { WAITERS_MOST = 1 << 16 };

#define WAITERS_NONE UINT32_MAX

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

struct waiters {
    struct waiter *rows; // row = sequence number % WAITERS_MOST
    uint64_t first;
    uint64_t next;
    struct table by_parent;
};

bool waiters_init(struct waiters *waiters);
void waiters_fini(struct waiters *waiters);
// Contents out of, or into an empty one.
void waiters_move(struct waiters *waiters, struct snapshot *snapshot);

// Adds one; there must be room. Returns its index.
uint32_t waiters_add(struct waiters *waiters, const struct waiter *waiter);

// The oldest that waits for that key in that tree, or WAITERS_NONE.
uint32_t waiters_find(const struct waiters *waiters, uint64_t key, uint32_t life);
// Takes all that do off the table, to be walked by `next`. Returns the oldest, and puts
// the newest into ret_last.
uint32_t waiters_take(struct waiters *waiters, uint64_t key, uint32_t life,
                      uint32_t *ret_last);

void waiters_drop_oldest(struct waiters *waiters);

// A key in one tree, as tables take it.
static inline uint64_t
waiters_hash(uint64_t key, uint32_t life)
{
    return key ^ ((uint64_t)life * UINT64_C(0x9E3779B97F4A7C15));
}

static inline bool
waiters_is_empty(const struct waiters *waiters)
{
    return waiters->first == waiters->next;
}

static inline bool
waiters_is_full(const struct waiters *waiters)
{
    return waiters->next - waiters->first == WAITERS_MOST;
}

// There must be one.
static inline const struct waiter *
waiters_oldest(const struct waiters *waiters)
{
    return &waiters->rows[waiters->first % WAITERS_MOST];
}
