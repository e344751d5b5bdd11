#include "pipeline/alerts/alert_memory.h"

#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

enum { EVICTED_PART = 32 };

bool
alert_memory_init(struct alert_memory *memory, uint32_t capacity)
{
    memory->capacity = capacity;
    memory->rows = region_reserve((size_t)capacity * sizeof(*memory->rows));
    return memory->rows != NULL && table_init(&memory->by_key, capacity);
}

void
alert_memory_fini(struct alert_memory *memory)
{
    table_fini(&memory->by_key);
    region_release(memory->rows, (size_t)memory->capacity * sizeof(*memory->rows));
}

// Both are hashes already; the rows of several rules for one post must not be adjacent.
static uint64_t
key_of(uint64_t post, uint64_t rule)
{
    return post ^ (rule << 1 | rule >> 63);
}

static bool
is_free(const struct alert_row *row)
{
    return row->post == 0 && row->rule == 0;
}

uint32_t
alert_memory_find(const struct alert_memory *memory, uint64_t post, uint64_t rule)
{
    struct table_walk walk = table_walk(&memory->by_key, key_of(post, rule));
    uint32_t row;
    while ((row = table_next(&memory->by_key, &walk)) != TABLE_NONE) {
        if (memory->rows[row].post == post && memory->rows[row].rule == rule) {
            return row;
        }
    }
    return ALERT_ROW_NONE;
}

void
alert_memory_drop(struct alert_memory *memory, uint32_t row)
{
    struct alert_row *at = &memory->rows[row];
    table_remove(&memory->by_key, key_of(at->post, at->rule), row);
    memset(at, 0, sizeof(*at));
    at->flags = memory->free;
    memory->free = row + 1;
    memory->count--;
}

// Evicts rows from the hand on, at most `wanted`; one round.
static void
sweep(struct alert_memory *memory, bool with_raised, alert_left_fn left, void *context)
{
    uint32_t wanted = memory->capacity / EVICTED_PART + 1;
    for (uint32_t seen = 0; seen < memory->high && wanted != 0; seen++) {
        memory->hand = memory->hand + 1 < memory->high ? memory->hand + 1 : 0;
        struct alert_row *row = &memory->rows[memory->hand];
        if (is_free(row) || row->digest != 0 || (row->level != 0 && !with_raised)) {
            continue;
        }
        memory->forgotten += row->level != 0;
        left(context, row);
        alert_memory_drop(memory, memory->hand);
        wanted--;
    }
}

uint32_t
alert_memory_put(struct alert_memory *memory, uint64_t post, uint64_t rule,
                 alert_left_fn left, void *context)
{
    uint32_t row = alert_memory_find(memory, post, rule);
    if (row != ALERT_ROW_NONE) {
        return row;
    }
    if (memory->count == memory->capacity) {
        sweep(memory, false, left, context);
    }
    if (memory->count == memory->capacity) {
        sweep(memory, true, left, context);
    }
    if (memory->count == memory->capacity) {
        return ALERT_ROW_NONE;
    }
    row = memory->free;
    if (row != 0) {
        row--;
        memory->free = memory->rows[row].flags;
    } else {
        row = memory->high++;
    }
    memory->rows[row] = (struct alert_row){
        .post = post,
        .rule = rule,
        .held = USEC_NONE,
        .raised = USEC_NONE,
    };
    table_add(&memory->by_key, key_of(post, rule), row);
    memory->count++;
    return row;
}

bool
alert_memory_is_roomy(const struct alert_memory *memory)
{
    return memory->count < memory->capacity - memory->capacity / 4;
}

void
alert_memory_move(struct alert_memory *memory, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, memory->rows, sizeof(*memory->rows), &memory->high,
                  memory->capacity);
    SNAPSHOT_VALUE(snapshot, memory->count);
    SNAPSHOT_VALUE(snapshot, memory->free);
    SNAPSHOT_VALUE(snapshot, memory->hand);
    SNAPSHOT_VALUE(snapshot, memory->forgotten);
    table_move(&memory->by_key, snapshot);
}
