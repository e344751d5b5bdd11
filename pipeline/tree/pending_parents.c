#include "pipeline/tree/pending_parents.h"

#include <assert.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
waiters_init(struct waiters *waiters)
{
    waiters->rows = region_reserve(WAITERS_MOST * sizeof(*waiters->rows));
    return waiters->rows != NULL && table_init(&waiters->by_parent, WAITERS_MOST);
}

void
waiters_fini(struct waiters *waiters)
{
    table_fini(&waiters->by_parent);
    region_release(waiters->rows, WAITERS_MOST * sizeof(*waiters->rows));
}

void
waiters_move(struct waiters *waiters, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, waiters->first);
    SNAPSHOT_VALUE(snapshot, waiters->next);
    if (!snapshot_expect(snapshot, waiters->next - waiters->first <= WAITERS_MOST)) {
        return;
    }
    for (uint64_t i = waiters->first; i != waiters->next; i++) {
        SNAPSHOT_VALUE(snapshot, waiters->rows[i % WAITERS_MOST]);
    }
    table_move(&waiters->by_parent, snapshot);
}

uint32_t
waiters_find(const struct waiters *waiters, uint64_t key, uint32_t life)
{
    struct table_walk walk = table_walk(&waiters->by_parent, waiters_hash(key, life));
    uint32_t at;
    while ((at = table_next(&waiters->by_parent, &walk)) != TABLE_NONE) {
        if (waiters->rows[at].parent == key && waiters->rows[at].life == life) {
            return at;
        }
    }
    return WAITERS_NONE;
}

uint32_t
waiters_add(struct waiters *waiters, const struct waiter *waiter)
{
    assert(!waiters_is_full(waiters));
    uint32_t at = (uint32_t)(waiters->next++ % WAITERS_MOST);
    struct waiter *row = &waiters->rows[at];
    *row = *waiter;
    row->next = 0;
    row->last = at + 1;
    row->is_listed = true;
    uint32_t oldest = waiters_find(waiters, row->parent, row->life);
    if (oldest == WAITERS_NONE) {
        table_add(&waiters->by_parent, waiters_hash(row->parent, row->life), at);
    } else {
        waiters->rows[waiters->rows[oldest].last - 1].next = at + 1;
        waiters->rows[oldest].last = at + 1;
    }
    return at;
}

uint32_t
waiters_take(struct waiters *waiters, uint64_t key, uint32_t life, uint32_t *ret_last)
{
    uint32_t oldest = waiters_find(waiters, key, life);
    if (oldest == WAITERS_NONE) {
        return WAITERS_NONE;
    }
    table_remove(&waiters->by_parent, waiters_hash(key, life), oldest);
    for (uint32_t at = oldest + 1; at != 0; at = waiters->rows[at - 1].next) {
        waiters->rows[at - 1].is_listed = false;
    }
    *ret_last = waiters->rows[oldest].last - 1;
    return oldest;
}

void
waiters_drop_oldest(struct waiters *waiters)
{
    uint32_t at = (uint32_t)(waiters->first++ % WAITERS_MOST);
    const struct waiter *row = &waiters->rows[at];
    if (!row->is_listed) {
        return;
    }
    // Of those that wait for the same it is the oldest, too.
    uint64_t hash = waiters_hash(row->parent, row->life);
    table_remove(&waiters->by_parent, hash, at);
    if (row->next != 0) {
        waiters->rows[row->next - 1].last = row->last;
        table_add(&waiters->by_parent, hash, row->next - 1);
    }
}
