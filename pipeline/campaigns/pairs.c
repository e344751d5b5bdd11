#include "pipeline/campaigns/pairs.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
pairs_init(struct pairs *pairs, uint32_t capacity)
{
    *pairs = (struct pairs){.capacity = capacity};
    pairs->rows = region_reserve((size_t)capacity * sizeof(*pairs->rows));
    return pairs->rows != NULL && table_init(&pairs->by_key, capacity);
}

void
pairs_fini(struct pairs *pairs)
{
    table_fini(&pairs->by_key);
    region_release(pairs->rows, (size_t)pairs->capacity * sizeof(*pairs->rows));
    *pairs = (struct pairs){0};
}

// Indexes are no ids: others cannot choose them.
static uint64_t
hash_of(unsigned campaign, uint32_t user)
{
    uint64_t hash = ((uint64_t)campaign << 32 | user) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    return hash * UINT64_C(0xbf58476d1ce4e5b9);
}

uint32_t
pairs_find(const struct pairs *pairs, unsigned campaign, uint32_t user)
{
    struct table_walk walk = table_walk(&pairs->by_key, hash_of(campaign, user));
    uint32_t index;
    while ((index = table_next(&pairs->by_key, &walk)) != TABLE_NONE) {
        if (pairs->rows[index].user == user &&
            pairs->rows[index].campaign == campaign) {
            return index;
        }
    }
    return PAIR_NONE;
}

uint32_t
pairs_add(struct pairs *pairs, unsigned campaign, uint32_t user)
{
    assert(pairs->count < pairs->capacity);
    uint32_t index = pairs->free;
    if (index != 0) {
        index--;
        pairs->free = pairs->rows[index].acts;
    } else {
        index = pairs->high++;
    }
    pairs->rows[index] =
        (struct pairs_row){.user = user, .campaign = (uint8_t)campaign};
    pairs->count++;
    (void)table_add(&pairs->by_key, hash_of(campaign, user), index);
    return index;
}

void
pairs_remove(struct pairs *pairs, uint32_t index)
{
    struct pairs_row *row = &pairs->rows[index];
    table_remove(&pairs->by_key, hash_of(row->campaign, row->user), index);
    *row = (struct pairs_row){.user = UINT32_MAX, .acts = pairs->free};
    pairs->free = index + 1;
    pairs->count--;
}

void
pairs_move_to(struct pairs *pairs, uint32_t index, unsigned campaign, uint32_t user)
{
    struct pairs_row *row = &pairs->rows[index];
    table_remove(&pairs->by_key, hash_of(row->campaign, row->user), index);
    row->campaign = (uint8_t)campaign;
    row->user = user;
    (void)table_add(&pairs->by_key, hash_of(campaign, user), index);
}

uint32_t
pairs_find_idle(struct pairs *pairs,
                bool (*is_idle)(const void *context, const struct pairs_row *pair),
                const void *context)
{
    for (uint32_t i = 0; i < PAIRS_LOOKED_AT && i < pairs->high; i++) {
        pairs->hand = pairs->hand + 1 < pairs->high ? pairs->hand + 1 : 0;
        const struct pairs_row *row = &pairs->rows[pairs->hand];
        if (!pairs_is_free(row) && is_idle(context, row)) {
            return pairs->hand;
        }
    }
    return PAIR_NONE;
}

void
pairs_move(struct pairs *pairs, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, pairs->rows, sizeof(*pairs->rows), &pairs->high,
                  pairs->capacity);
    SNAPSHOT_VALUE(snapshot, pairs->count);
    SNAPSHOT_VALUE(snapshot, pairs->free);
    SNAPSHOT_VALUE(snapshot, pairs->hand);
    table_move(&pairs->by_key, snapshot);
}
