// The newest server-sent events, in one ring for all clients. Pure.
//
// An event is stored once, as the bytes that are sent. A client has only a cursor:
// there is no queue per client. The ring keeps at most EVENT_RING_COUNT events and as
// many bytes as it is given; the oldest ones leave. A client whose next event has left
// gets the event `snapshot` instead, which means that it has to fetch everything again,
// and then what is newer.
//
// The id of an event is the number of the flush it belongs to; several events of one
// flush have the same id, and numbers never decrease. A client that resumes after an id
// has received at least the first event of that flush and gets the others again, so
// that nothing is lost between two events of one flush.
//
// An event belongs to one board or is for all clients. A client that wants only some
// boards passes over the events of the others.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
    EVENT_RING_COUNT = 4096,
    EVENT_RING_BOARDS_MAX = 256,
    EVENT_RING_FOR_ALL = EVENT_RING_BOARDS_MAX, // in place of the number of a board
    EVENT_RING_HEAD_MAX = 128, // an event has at most this much beside its data
};

struct event_ring_boards {
    uint64_t bits[EVENT_RING_BOARDS_MAX / 64];
};

struct event_ring_entry {
    uint64_t flush;
    size_t at; // in the bytes
    size_t size;
    uint16_t board;
};

struct event_ring {
    char *bytes;
    size_t capacity;
    uint64_t first; // number of the oldest event
    uint64_t next;  // number of the one that will be added
    uint64_t flush; // of the newest event, or the greatest one that was announced
    uint64_t left;  // flush of the newest event that has left
    struct event_ring_entry entries[EVENT_RING_COUNT];
};

// Where a client is. Its creator owns it; the ring knows no clients.
struct event_ring_cursor {
    struct event_ring_boards wanted;
    uint64_t next; // number of the event to be sent
    size_t sent;   // bytes of it that were sent
    bool is_lost;  // `snapshot` is to be sent
};

enum event_ring_result {
    EVENT_RING_SENT,
    EVENT_RING_EMPTY, // nothing to send for now
    EVENT_RING_TORN,  // an event that was sent in part has left: end the connection
};

// capacity: of the bytes. False when there is no memory.
bool event_ring_init(struct event_ring *ring, size_t capacity);
void event_ring_fini(struct event_ring *ring);

// Sets the number of the current flush, which `snapshot` contains. A smaller one is
// ignored.
void event_ring_flush(struct event_ring *ring, uint64_t flush);
// Adds an event of the current flush; copies. board: EVENT_RING_FOR_ALL or less. An
// event that does not fit into a quarter of the ring empties it, and every client gets
// `snapshot`.
void event_ring_add(struct event_ring *ring, uint16_t board, struct slice name,
                    struct slice data);

// Overwrites all events: every client gets `snapshot`.
void event_ring_clear(struct event_ring *ring);

void event_ring_want(struct event_ring_boards *boards, uint16_t board);
void event_ring_want_all(struct event_ring_boards *boards);
bool event_ring_wants(const struct event_ring_boards *boards, uint16_t board);

// A cursor of a client that connects. last_flush: the id that it received last, or
// NULL.
struct event_ring_cursor event_ring_join(const struct event_ring *ring,
                                         const struct event_ring_boards *wanted,
                                         const uint64_t *last_flush);
// True if events that the client has not received have left, or it has just connected.
bool event_ring_is_lost(const struct event_ring *ring,
                        const struct event_ring_cursor *cursor);
// True if event_ring_read has something to send, or would end the connection.
bool event_ring_is_ready(const struct event_ring *ring,
                         const struct event_ring_cursor *cursor);
// Copies as many whole events as fit; of one that is longer than `size` a part. size:
// at least EVENT_RING_HEAD_MAX.
enum event_ring_result event_ring_read(const struct event_ring *ring,
                                       struct event_ring_cursor *cursor, char *bytes,
                                       size_t size, size_t *ret_size);
