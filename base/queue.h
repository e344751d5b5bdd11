// A queue of indexes, each in it at most once (the owner keeps a flag), so it never
// overflows.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

enum { QUEUE_SLIDE = 4096 };

struct queue {
    uint32_t *rows;
    uint32_t capacity;
    uint32_t first;
    uint32_t count;
};

static inline bool
queue_init(struct queue *queue, uint32_t capacity)
{
    *queue = (struct queue){.capacity = capacity};
    queue->rows = region_reserve((size_t)capacity * sizeof(*queue->rows));
    return queue->rows != NULL;
}

static inline void
queue_fini(struct queue *queue)
{
    region_release(queue->rows, (size_t)queue->capacity * sizeof(*queue->rows));
    *queue = (struct queue){0};
}

// The index behind `places` others; there must be so many.
static inline uint32_t
queue_at(const struct queue *queue, uint32_t places)
{
    uint64_t at = (uint64_t)queue->first + places;
    return queue->rows[at < queue->capacity ? at : at - queue->capacity];
}

static inline void
queue_push(struct queue *queue, uint32_t index)
{
    assert(queue->count < queue->capacity);
    uint64_t at = (uint64_t)queue->first + queue->count++;
    queue->rows[at < queue->capacity ? at : at - queue->capacity] = index;
}

// The queue must not be empty.
static inline uint32_t
queue_pop(struct queue *queue)
{
    assert(queue->count != 0);
    uint32_t index = queue->rows[queue->first];
    queue->first = queue->first + 1 == queue->capacity ? 0 : queue->first + 1;
    queue->count--;
    if (queue->first >= QUEUE_SLIDE && queue->first >= queue->count / 4 &&
        queue->count <= queue->capacity - queue->first) {
        // Moving is limited: four are moved for each that left.
        memmove(queue->rows, queue->rows + queue->first,
                queue->count * sizeof(*queue->rows));
        queue->first = 0;
    }
    return index;
}

// Saves the queue, or loads it into an empty one of the same capacity.
static inline void
queue_move(struct queue *queue, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, queue->count);
    if (!snapshot_expect(snapshot, queue->count <= queue->capacity)) {
        return;
    }
    uint32_t ahead = queue->capacity - queue->first;
    ahead = queue->count < ahead ? queue->count : ahead;
    snapshot_bytes(snapshot, queue->rows + queue->first, ahead * sizeof(*queue->rows));
    snapshot_bytes(snapshot, queue->rows,
                   (queue->count - ahead) * sizeof(*queue->rows));
}
