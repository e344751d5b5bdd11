// Alerts that were raised and are not known to be written.
//
// They are pulled, written and lost in the order in which they were raised. When the
// queue is full a rule waits, and raises its alert once there is room. In event time at
// most ALERT_BURST_MAX alerts may be neither shown nor pulled, so that the result does
// not depend on the speed of Redis.
//
//     first        pulled          end
//       | in flight  | to be pulled  |
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

struct snapshot;

enum { ALERT_QUEUE_MAX = 8192, ALERT_BURST_MAX = 1024 };

struct alert_item {
    usec time;        // clock when it was raised
    uint32_t type;    // enum change_alert_type
    uint32_t cascade; // referenced; CASCADE_NONE: a digest or a newcomer
    uint32_t level;
    uint32_t digest; // number of the digest, or 0
    // Slab text: the rule's name, of a newcomer the campaign's, then the reasons, each
    // after a line end.
    uint32_t text;
    uint32_t user;       // of a newcomer: referenced
    uint32_t is_dropped; // not to be published any more
    uint32_t is_evicted; // the pair of a newcomer left, and not because of an undo
    // Its rendered text (pipeline/alerts/alert_texts.h); len 0: it has none yet.
    uint64_t rendered_at;
    uint64_t rendered_len;
};

struct alert_queue {
    struct alert_item items[ALERT_QUEUE_MAX]; // ring
    uint64_t first;
    uint64_t pulled;
    uint64_t end;
};

// How many more fit.
static inline uint64_t
alert_queue_room(const struct alert_queue *queue)
{
    return ALERT_QUEUE_MAX - (queue->end - queue->first);
}

// Saves the contents, or loads them into an empty queue.
void alert_queue_move(struct alert_queue *queue, struct snapshot *snapshot);

static inline struct alert_item *
alert_queue_at(struct alert_queue *queue, uint64_t place)
{
    return &queue->items[place % ALERT_QUEUE_MAX];
}

// How many have yet to be pulled.
static inline uint32_t
alert_queue_waiting(const struct alert_queue *queue)
{
    return (uint32_t)(queue->end - queue->pulled);
}
