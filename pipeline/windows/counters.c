#include "pipeline/windows/counters.h"

#include <assert.h>
#include <stdalign.h>

#include "base/region.h"
#include "base/snapshot.h"

static bool
pool_init(struct counters_pool *pool, uint32_t rows, size_t stride)
{
    pool->stride = stride;
    pool->free = COUNTER_NONE;
    pool->rows = region_reserve(rows * stride);
    return pool->rows != NULL;
}

bool
counters_init(struct counters *counters, uint32_t capacity, uint32_t slots)
{
    memset(counters, 0, sizeof(*counters));
    counters->capacity = capacity;
    counters->slots = slots;
    counters->dead = COUNTER_NONE;
    size_t small = COUNTER_REFS_BYTES + (size_t)slots;
    size_t align = alignof(struct counter);
    size_t stride = offsetof(struct counter, small) +
                    (small > COUNTER_SPILL_BYTES ? small : COUNTER_SPILL_BYTES);
    stride = (stride + align - 1) / align * align;
    return pool_init(&counters->rows, capacity, stride) &&
           pool_init(&counters->spills, capacity,
                     sizeof(struct counter_spill) + slots * sizeof(uint64_t));
}

void
counters_fini(struct counters *counters)
{
    region_release(counters->spills.rows, counters->capacity * counters->spills.stride);
    region_release(counters->rows.rows, counters->capacity * counters->rows.stride);
}

uint32_t
counters_create(struct counters *counters, enum tally tally, uint32_t owner)
{
    struct counters_pool *pool = &counters->rows;
    uint32_t index = pool->free;
    if (index != COUNTER_NONE) {
        pool->free = counters_at(counters, index)->next;
    } else {
        assert(pool->high < counters->capacity);
        index = pool->high++;
    }
    counters->count++;
    counters->of_campaigns += tally >= TALLY_CAMPAIGN;
    struct counter *counter = counters_at(counters, index);
    memset(counter, 0, pool->stride);
    counter->owner = owner;
    counter->next = COUNTER_NONE;
    counter->kind = (uint8_t)tally;
    return index;
}

void
counters_destroy(struct counters *counters, uint32_t index)
{
    struct counter *counter = counters_at(counters, index);
    assert(counters_refs(counters, counter) == 0);
    counter->owner = COUNTER_ORPHAN;
    counter->members = 0;
    counter->next = counters->dead;
    counters->dead = index;
}

// ── spilling ───────────────────────────────────────────────────────────────

// Every counter can have a spill.
static uint32_t
spill_create(struct counters *counters)
{
    struct counters_pool *pool = &counters->spills;
    uint32_t index = pool->free;
    if (index != COUNTER_NONE) {
        pool->free = counters_spill(counters, index)->next;
        return index;
    }
    assert(pool->high < counters->capacity);
    return pool->high++;
}

static void
spill(struct counters *counters, struct counter *counter)
{
    uint32_t index = spill_create(counters);
    struct counter_spill *wide = counters_spill(counters, index);
    wide->refs = counters_refs(counters, counter);
    for (uint32_t i = 0; i < counters->slots; i++) {
        wide->value[i] = counters_value(counters, counter, i);
    }
    memcpy(counter->small, &index, sizeof(index));
    counter->kind |= COUNTER_SPILLED;
}

static void
unspill(struct counters *counters, struct counter *counter)
{
    if (!counter_is_spilled(counter)) {
        return;
    }
    uint32_t index = counter_spill_index(counter);
    counters_spill(counters, index)->next = counters->spills.free;
    counters->spills.free = index;
    counter->kind &= (uint8_t)~COUNTER_SPILLED;
}

void
counters_bury(struct counters *counters)
{
    while (counters->dead != COUNTER_NONE) {
        uint32_t index = counters->dead;
        struct counter *counter = counters_at(counters, index);
        counters->dead = counter->next;
        unspill(counters, counter);
        counter->next = counters->rows.free;
        counters->rows.free = index;
        counters->of_campaigns -= counter_tally(counter) >= TALLY_CAMPAIGN;
        counters->count--;
    }
}

void
counters_add(struct counters *counters, uint32_t index, uint32_t slot, int64_t amount)
{
    struct counter *counter = counters_at(counters, index);
    if (!counter_is_spilled(counter)) {
        uint8_t *value = &counter->small[COUNTER_REFS_BYTES + slot];
        int64_t sum = *value + amount;
        if (sum >= 0 && sum <= UINT8_MAX) {
            *value = (uint8_t)sum;
            return;
        }
        spill(counters, counter);
    }
    counters_spill(counters, counter_spill_index(counter))->value[slot] +=
        (uint64_t)amount;
}

void
counters_refer(struct counters *counters, uint32_t index, int change)
{
    struct counter *counter = counters_at(counters, index);
    if (!counter_is_spilled(counter)) {
        int64_t sum = (int64_t)counters_refs(counters, counter) + change;
        if (sum <= UINT16_MAX) {
            uint16_t refs = (uint16_t)sum;
            memcpy(counter->small, &refs, sizeof(refs));
            return;
        }
        spill(counters, counter);
    }
    counters_spill(counters, counter_spill_index(counter))->refs += (uint32_t)change;
}

static void
pool_move(const struct counters *counters, struct counters_pool *pool,
          struct snapshot *snapshot)
{
    snapshot_rows(snapshot, pool->rows, pool->stride, &pool->high, counters->capacity);
    SNAPSHOT_VALUE(snapshot, pool->free);
}

void
counters_move(struct counters *counters, struct snapshot *snapshot)
{
    pool_move(counters, &counters->rows, snapshot);
    pool_move(counters, &counters->spills, snapshot);
    SNAPSHOT_VALUE(snapshot, counters->dead);
    SNAPSHOT_VALUE(snapshot, counters->count);
    SNAPSHOT_VALUE(snapshot, counters->of_campaigns);
}
