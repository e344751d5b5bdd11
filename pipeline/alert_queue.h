// Alerts that were raised and are not known to be written.
//
// They are pulled, written and lost in the order in which they were raised. The queue
// is short: when it is full a rule waits, and raises its alert once there is room.
//
//     first        pulled          end
//       | in flight  | to be pulled  |
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

struct snapshot;

enum { ALERT_QUEUE_MAX = 1024 };

struct alert_item {
    usec time;        // clock when it was raised
    uint32_t type;    // enum change_alert_type
    uint32_t cascade; // held; CASCADE_NONE: a digest
    uint32_t level;
    uint32_t digest; // number of the digest, or 0
    uint32_t
        text; // slab text: the rule's name, then its reasons, each behind a line end
    uint32_t is_dropped; // not to be told any more
};

struct alert_queue {
    struct alert_item items[ALERT_QUEUE_MAX]; // ring
    uint64_t first;
    uint64_t pulled;
    uint64_t end;
};

static inline bool
alert_queue_is_full(const struct alert_queue *queue)
{
    return queue->end - queue->first == ALERT_QUEUE_MAX;
}

static inline struct alert_item *
alert_queue_at(struct alert_queue *queue, uint64_t place)
{
    return &queue->items[place % ALERT_QUEUE_MAX];
}

// How many are to be pulled.
static inline uint32_t
alert_queue_waiting(const struct alert_queue *queue)
{
    return (uint32_t)(queue->end - queue->pulled);
}
