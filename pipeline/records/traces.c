#include "pipeline/records/traces.h"

#include <stddef.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
traces_init(struct traces *traces, uint32_t capacity)
{
    *traces = (struct traces){.capacity = capacity};
    traces->rows = region_reserve((size_t)capacity * sizeof(*traces->rows));
    return traces->rows != NULL && table_init(&traces->by_user, capacity);
}

void
traces_fini(struct traces *traces)
{
    table_fini(&traces->by_user);
    region_release(traces->rows, (size_t)traces->capacity * sizeof(*traces->rows));
    *traces = (struct traces){0};
}

// Indexes are small numbers; the table uses the upper half.
static uint64_t
key_of(uint32_t user)
{
    return user * UINT64_C(0x9E3779B97F4A7C15);
}

static struct traces_row *
find(const struct traces *traces, uint32_t user)
{
    struct table_walk walk = table_walk(&traces->by_user, key_of(user));
    uint32_t index;
    while ((index = table_next(&traces->by_user, &walk)) != TABLE_NONE) {
        if (traces->rows[index].user == user) {
            return &traces->rows[index];
        }
    }
    return NULL;
}

bool
traces_add(struct traces *traces, uint32_t user, struct trace trace)
{
    struct traces_row *first = find(traces, user);
    uint32_t index = traces->free;
    if (index != 0) {
        index--;
        traces->free = traces->rows[index].next;
    } else if (traces->high < traces->capacity) {
        index = traces->high++;
    } else {
        return false;
    }
    traces->rows[index] = (struct traces_row){
        .trace = trace,
        .user = user,
        .next = first != NULL ? first->next : 0,
    };
    if (first != NULL) {
        first->next = index + 1;
    } else {
        table_add(&traces->by_user, key_of(user), index);
    }
    return true;
}

bool
traces_take(struct traces *traces, uint32_t user, struct trace *ret_trace)
{
    struct traces_row *first = find(traces, user);
    if (first == NULL) {
        return false;
    }
    struct traces_row *row = first;
    if (first->next != 0) {
        row = &traces->rows[first->next - 1];
        first->next = row->next;
    } else {
        table_remove(&traces->by_user, key_of(user), (uint32_t)(first - traces->rows));
    }
    *ret_trace = row->trace;
    row->next = traces->free;
    traces->free = (uint32_t)(row - traces->rows) + 1;
    return true;
}

void
traces_move(struct traces *traces, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, traces->rows, sizeof(*traces->rows), &traces->high,
                  traces->capacity);
    SNAPSHOT_VALUE(snapshot, traces->free);
    table_move(&traces->by_user, snapshot);
}
