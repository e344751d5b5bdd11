#include "pipeline/alerts/alert_queue.h"

#include "base/snapshot.h"

// Moves the rows of the ring from `first` to `end`: as far as the ring's end, then from
// its start.
static void
move_items(struct alert_queue *queue, struct snapshot *snapshot, uint64_t first)
{
    uint64_t place = first % ALERT_QUEUE_MAX;
    uint64_t left = queue->end - first;
    uint64_t here = ALERT_QUEUE_MAX - place;
    uint64_t count = left < here ? left : here;
    snapshot_bytes(snapshot, &queue->items[place],
                   (size_t)count * sizeof(*queue->items));
}

void
alert_queue_move(struct alert_queue *queue, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, queue->first);
    SNAPSHOT_VALUE(snapshot, queue->pulled);
    SNAPSHOT_VALUE(snapshot, queue->end);
    if (!snapshot_expect(snapshot,
                         queue->pulled - queue->first <= queue->end - queue->first &&
                             queue->end - queue->first <= ALERT_QUEUE_MAX)) {
        return;
    }
    uint64_t turn = queue->first - queue->first % ALERT_QUEUE_MAX + ALERT_QUEUE_MAX;
    move_items(queue, snapshot, queue->first);
    if (queue->end > turn) {
        move_items(queue, snapshot, turn);
    }
}
