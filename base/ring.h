// A ring of byte records: the newest remain, the oldest are overwritten.
//
// Records are identified by their place in an endless stream, so an identifier is never
// reused: ring_at returns NULL once the record is overwritten. Places are in units of 8
// bytes, start at 1, and have 64 bits. The region is reserved at creation and touched
// only as far as used.
//
//     bytes                                                  bytes + size
//     | this lap: places lap to head-1 | last lap: still there | unused |
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot;

enum { RING_NONE = 0, RING_UNIT = 8 };

struct ring {
    char *bytes;
    size_t size;   // of the region, a multiple of 8
    uint64_t head; // place of the next record
    uint64_t lap;  // place at the start of the region in this lap
};

// size: bytes, at least 64, rounded up to 8. Returns false when it is less or the
// system refuses; then the ring is as after ring_fini.
bool ring_init(struct ring *ring, size_t size);
void ring_fini(struct ring *ring);

// Room for a record of `size` bytes; it never wraps. RING_NONE if size is 0 or more
// than a quarter of the ring. The caller writes the record through ring_at.
uint64_t ring_put(struct ring *ring, size_t size);

// Overwrites all records before `place` with zeros; they must not be needed any more.
// RING_NONE: all records.
void ring_wipe(struct ring *ring, uint64_t place);

// Saves the contents, or loads them into an empty ring of the same size.
void ring_move(struct ring *ring, struct snapshot *snapshot);

// The record put at `place`, 8-byte aligned, or NULL if it is overwritten or RING_NONE.
static inline void *
ring_at(const struct ring *ring, uint64_t place)
{
    uint64_t units = ring->size / RING_UNIT;
    if (place == RING_NONE || place >= ring->head || ring->head - place > units) {
        return NULL;
    }
    uint64_t unit = place >= ring->lap ? place - ring->lap : place + units - ring->lap;
    return ring->bytes + unit * RING_UNIT;
}
