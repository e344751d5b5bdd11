#include "pipeline/tree/pending_parents.h"

#include <assert.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
pending_parents_init(struct pending_parents *pending)
{
    pending->rows = region_reserve(PENDING_PARENTS_MAX * sizeof(*pending->rows));
    return pending->rows != NULL &&
           table_init(&pending->by_parent, PENDING_PARENTS_MAX);
}

void
pending_parents_fini(struct pending_parents *pending)
{
    table_fini(&pending->by_parent);
    region_release(pending->rows, PENDING_PARENTS_MAX * sizeof(*pending->rows));
}

void
pending_parents_move(struct pending_parents *pending, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, pending->first);
    SNAPSHOT_VALUE(snapshot, pending->next);
    if (!snapshot_expect(snapshot,
                         pending->next - pending->first <= PENDING_PARENTS_MAX)) {
        return;
    }
    for (uint64_t i = pending->first; i != pending->next; i++) {
        SNAPSHOT_VALUE(snapshot, pending->rows[i % PENDING_PARENTS_MAX]);
    }
    table_move(&pending->by_parent, snapshot);
}

uint32_t
pending_parents_find(const struct pending_parents *pending, uint64_t key, uint32_t life)
{
    struct table_walk walk =
        table_walk(&pending->by_parent, pending_parents_hash(key, life));
    uint32_t at;
    while ((at = table_next(&pending->by_parent, &walk)) != TABLE_NONE) {
        if (pending->rows[at].parent == key && pending->rows[at].life == life) {
            return at;
        }
    }
    return PENDING_PARENTS_NONE;
}

uint32_t
pending_parents_add(struct pending_parents *pending,
                    const struct pending_parent *waiter)
{
    assert(!pending_parents_is_full(pending));
    uint32_t at = (uint32_t)(pending->next++ % PENDING_PARENTS_MAX);
    struct pending_parent *row = &pending->rows[at];
    *row = *waiter;
    row->next = 0;
    row->last = at + 1;
    row->is_listed = true;
    uint32_t oldest = pending_parents_find(pending, row->parent, row->life);
    if (oldest == PENDING_PARENTS_NONE) {
        table_add(&pending->by_parent, pending_parents_hash(row->parent, row->life),
                  at);
    } else {
        pending->rows[pending->rows[oldest].last - 1].next = at + 1;
        pending->rows[oldest].last = at + 1;
    }
    return at;
}

uint32_t
pending_parents_take(struct pending_parents *pending, uint64_t key, uint32_t life,
                     uint32_t *ret_last)
{
    uint32_t oldest = pending_parents_find(pending, key, life);
    if (oldest == PENDING_PARENTS_NONE) {
        return PENDING_PARENTS_NONE;
    }
    table_remove(&pending->by_parent, pending_parents_hash(key, life), oldest);
    for (uint32_t at = oldest + 1; at != 0; at = pending->rows[at - 1].next) {
        pending->rows[at - 1].is_listed = false;
    }
    *ret_last = pending->rows[oldest].last - 1;
    return oldest;
}

void
pending_parents_drop_oldest(struct pending_parents *pending)
{
    uint32_t at = (uint32_t)(pending->first++ % PENDING_PARENTS_MAX);
    const struct pending_parent *row = &pending->rows[at];
    if (!row->is_listed) {
        return;
    }
    // It is also the oldest of those that wait for the same parent.
    uint64_t hash = pending_parents_hash(row->parent, row->life);
    table_remove(&pending->by_parent, hash, at);
    if (row->next != 0) {
        pending->rows[row->next - 1].last = row->last;
        table_add(&pending->by_parent, hash, row->next - 1);
    }
}
