#include "base/ring.h"

#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

bool
ring_init(struct ring *ring, size_t size)
{
    *ring = (struct ring){0};
    if (size < 64 || size > SIZE_MAX - RING_UNIT) {
        return false;
    }
    size = (size + RING_UNIT - 1) / RING_UNIT * RING_UNIT;
    char *bytes = region_reserve(size);
    if (bytes == NULL) {
        return false;
    }
    *ring = (struct ring){.bytes = bytes, .size = size, .head = 1, .lap = 1};
    return true;
}

void
ring_fini(struct ring *ring)
{
    region_release(ring->bytes, ring->size);
    *ring = (struct ring){0};
}

uint64_t
ring_put(struct ring *ring, size_t size)
{
    if (size == 0 || size > ring->size / 4) {
        return RING_NONE;
    }
    uint64_t units = ring->size / RING_UNIT;
    uint64_t length = (size + RING_UNIT - 1) / RING_UNIT;
    // Skips the rest of a lap that is too short for the record.
    if (ring->head - ring->lap + length > units) {
        uint64_t used = (ring->head - ring->lap) * RING_UNIT;
        memset(ring->bytes + used, 0, ring->size - used); // of the lap before
        ring->lap += units;
        ring->head = ring->lap;
    }
    uint64_t place = ring->head;
    ring->head += length;
    return place;
}

void
ring_wipe(struct ring *ring, uint64_t place)
{
    uint64_t units = ring->size / RING_UNIT;
    uint64_t head = ring->head - ring->lap; // behind it are records of the last lap
    place = place != RING_NONE ? place : ring->head;
    if (place >= ring->lap) {
        memset(ring->bytes, 0, (place - ring->lap) * RING_UNIT);
    }
    if (ring->lap != 1) {
        uint64_t end = place >= ring->lap ? units : place + units - ring->lap;
        memset(ring->bytes + head * RING_UNIT, 0, (end - head) * RING_UNIT);
    }
}

void
ring_move(struct ring *ring, struct snapshot *snapshot)
{
    uint64_t units = ring->size / RING_UNIT;
    SNAPSHOT_VALUE(snapshot, ring->head);
    SNAPSHOT_VALUE(snapshot, ring->lap);
    if (!snapshot_expect(snapshot, ring->lap >= 1 && ring->head >= ring->lap &&
                                       ring->head - ring->lap <= units)) {
        return;
    }
    // In the first lap there is nothing behind the head.
    uint64_t used = ring->lap == 1 ? ring->head - ring->lap : units;
    snapshot_bytes(snapshot, ring->bytes, used * RING_UNIT);
}
