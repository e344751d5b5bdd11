#include "base/timers.h"

#include <assert.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
timers_init(struct timers *timers, uint32_t capacity)
{
    *timers = (struct timers){.capacity = capacity};
    timers->rows = region_reserve((size_t)capacity * sizeof(*timers->rows));
    return timers->rows != NULL;
}

void
timers_fini(struct timers *timers)
{
    region_release(timers->rows, (size_t)timers->capacity * sizeof(*timers->rows));
    *timers = (struct timers){0};
}

static void
rise(struct timers *timers, uint32_t at, struct timer timer)
{
    while (at != 0 && timers->rows[(at - 1) / 2].due > timer.due) {
        timers->rows[at] = timers->rows[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    timers->rows[at] = timer;
}

void
timers_add(struct timers *timers, struct timer timer)
{
    assert(timers->count < timers->capacity);
    rise(timers, timers->count++, timer);
}

void
timers_hasten(struct timers *timers, struct timer timer)
{
    for (uint32_t at = 0; at < timers->count; at++) {
        if (timers->rows[at].index == timer.index &&
            timers->rows[at].birth == timer.birth) {
            rise(timers, at, timer);
            return;
        }
    }
}

bool
timers_take(struct timers *timers, usec clock, struct timer *ret_timer)
{
    struct timer *heap = timers->rows;
    if (timers->count == 0 || heap[0].due > clock) {
        return false;
    }
    *ret_timer = heap[0];
    struct timer moved = heap[--timers->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count && heap[child + 1].due < heap[child].due) {
            child++;
        }
        if (heap[child].due >= moved.due) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    return true;
}

void
timers_prune(struct timers *timers, timers_exists_fn exists, const void *context)
{
    uint32_t count = timers->count;
    timers->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct timer timer = timers->rows[i];
        if (exists(context, &timer)) {
            rise(timers, timers->count++, timer);
        }
    }
}

void
timers_move(struct timers *timers, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, timers->rows, sizeof(*timers->rows), &timers->count,
                  timers->capacity);
}
