#include "sinks/http/event_ring.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 32, PART_OF_RING = 4 };

static struct event_ring_entry *
entry_of(struct event_ring *ring, uint64_t number)
{
    return &ring->entries[number % EVENT_RING_COUNT];
}

static const struct event_ring_entry *
entry_at(const struct event_ring *ring, uint64_t number)
{
    return &ring->entries[number % EVENT_RING_COUNT];
}

bool
event_ring_init(struct event_ring *ring, size_t capacity)
{
    *ring = (struct event_ring){.bytes = malloc(capacity), .capacity = capacity};
    return ring->bytes != NULL;
}

void
event_ring_fini(struct event_ring *ring)
{
    free(ring->bytes);
    ring->bytes = NULL;
}

void
event_ring_flush(struct event_ring *ring, uint64_t flush)
{
    if (ring->flush == 0 && flush != 0) {
        ring->left = flush - 1; // of an earlier process
    }
    ring->flush = flush > ring->flush ? flush : ring->flush;
}

// ── adding ─────────────────────────────────────────────────────────────────

static void
drop_first(struct event_ring *ring)
{
    ring->left = entry_of(ring, ring->first)->flush;
    ring->first++;
}

// The events are in the bytes in their order; the newest may be before the oldest.
static size_t
make_room(struct event_ring *ring, size_t size)
{
    size_t at = 0;
    if (ring->next != ring->first) {
        const struct event_ring_entry *last = entry_of(ring, ring->next - 1);
        at = last->at + last->size;
    }
    if (at + size > ring->capacity) {
        // Those between here and the end are older than those at the beginning.
        while (ring->first != ring->next && entry_of(ring, ring->first)->at >= at) {
            drop_first(ring);
        }
        at = 0;
    }
    while (
        ring->first != ring->next &&
        (ring->next - ring->first == EVENT_RING_COUNT ||
         (entry_of(ring, ring->first)->at < at + size &&
          entry_of(ring, ring->first)->at + entry_of(ring, ring->first)->size > at))) {
        drop_first(ring);
    }
    return at;
}

// Each line of the data has its own field; a carriage return would end one, too.
static size_t
write_data(char *to, struct slice data)
{
    static const char field[] = "data: ";
    size_t used = sizeof(field) - 1;
    memcpy(to, field, sizeof(field) - 1);
    for (size_t i = 0; i < data.len; i++) {
        char byte = data.ptr[i];
        to[used++] = byte == '\r' ? ' ' : byte;
        if (byte == '\n') {
            memcpy(to + used, field, sizeof(field) - 1);
            used += sizeof(field) - 1;
        }
    }
    to[used++] = '\n';
    to[used++] = '\n';
    return used;
}

static void
drop_all(struct event_ring *ring)
{
    ring->next++; // a number that no client has received
    ring->first = ring->next;
    ring->left = ring->flush;
}

void
event_ring_clear(struct event_ring *ring)
{
    memset(ring->bytes, 0, ring->capacity);
    drop_all(ring);
}

void
event_ring_add(struct event_ring *ring, uint16_t board, struct slice name,
               struct slice data)
{
    assert(board <= EVENT_RING_FOR_ALL && name.len <= NAME_MAX_BYTES);
    data = slice_trim(data, SLICE_LIT("\n"));
    char head[EVENT_RING_HEAD_MAX];
    int head_size = snprintf(head, sizeof(head), "id: %" PRIu64 "\nevent: %.*s\n",
                             ring->flush, SLICE_ARG(name));
    size_t most = (size_t)head_size + data.len +
                  (1 + slice_count(data, '\n')) * (sizeof("data: ") - 1) +
                  sizeof("\n\n") - 1;
    if (most > ring->capacity / PART_OF_RING) {
        drop_all(ring);
        return;
    }
    size_t at = make_room(ring, most);
    memcpy(ring->bytes + at, head, (size_t)head_size);
    size_t size =
        (size_t)head_size + write_data(ring->bytes + at + (size_t)head_size, data);
    *entry_of(ring, ring->next) = (struct event_ring_entry){
        .flush = ring->flush, .at = at, .size = size, .board = board};
    ring->next++;
}

// ── boards ─────────────────────────────────────────────────────────────────

void
event_ring_want(struct event_ring_boards *boards, uint16_t board)
{
    boards->bits[board / 64] |= UINT64_C(1) << board % 64;
}

void
event_ring_want_all(struct event_ring_boards *boards)
{
    memset(boards, 0xff, sizeof(*boards));
}

bool
event_ring_wants(const struct event_ring_boards *boards, uint16_t board)
{
    return board == EVENT_RING_FOR_ALL ||
           (boards->bits[board / 64] >> board % 64 & 1) != 0;
}

// ── reading ────────────────────────────────────────────────────────────────

struct event_ring_cursor
event_ring_join(const struct event_ring *ring, const struct event_ring_boards *wanted,
                const uint64_t *last_flush)
{
    struct event_ring_cursor cursor = {.wanted = *wanted, .next = ring->next};
    if (last_flush == NULL || *last_flush > ring->flush || *last_flush <= ring->left) {
        cursor.is_lost = true;
        return cursor;
    }
    while (cursor.next != ring->first &&
           entry_at(ring, cursor.next - 1)->flush >= *last_flush) {
        cursor.next--;
    }
    if (cursor.next != ring->next &&
        entry_at(ring, cursor.next)->flush == *last_flush) {
        cursor.next++; // the client has received the first one of this flush
    }
    return cursor;
}

// The number of the next event that the client wants; ring->next if there is none.
static uint64_t
next_wanted(const struct event_ring *ring, const struct event_ring_cursor *cursor)
{
    uint64_t number = cursor->next;
    while (number != ring->next &&
           !event_ring_wants(&cursor->wanted, entry_at(ring, number)->board)) {
        number++;
    }
    return number;
}

bool
event_ring_is_lost(const struct event_ring *ring,
                   const struct event_ring_cursor *cursor)
{
    return cursor->is_lost || cursor->next < ring->first;
}

bool
event_ring_is_ready(const struct event_ring *ring,
                    const struct event_ring_cursor *cursor)
{
    return event_ring_is_lost(ring, cursor) || next_wanted(ring, cursor) != ring->next;
}

static size_t
write_snapshot(const struct event_ring *ring, char *bytes, size_t size)
{
    int len =
        snprintf(bytes, size,
                 "id: %" PRIu64 "\nevent: snapshot\ndata: {\"flush\":%" PRIu64 "}\n\n",
                 ring->flush, ring->flush);
    return (size_t)len;
}

enum event_ring_result
event_ring_read(const struct event_ring *ring, struct event_ring_cursor *cursor,
                char *bytes, size_t size, size_t *ret_size)
{
    assert(size >= EVENT_RING_HEAD_MAX);
    size_t used = 0;
    if (cursor->next < ring->first && cursor->sent != 0) {
        return EVENT_RING_TORN;
    }
    if (event_ring_is_lost(ring, cursor)) {
        used = write_snapshot(ring, bytes, size);
        cursor->next = ring->next;
        cursor->is_lost = false;
    }
    while ((cursor->next = next_wanted(ring, cursor)) != ring->next) {
        const struct event_ring_entry *entry = entry_at(ring, cursor->next);
        size_t rest = entry->size - cursor->sent;
        size_t room = size - used;
        if (rest > room && (used != 0 || room == 0)) {
            break; // begins the next part
        }
        size_t part = rest < room ? rest : room;
        memcpy(bytes + used, ring->bytes + entry->at + cursor->sent, part);
        used += part;
        cursor->sent = part < rest ? cursor->sent + part : 0;
        if (cursor->sent != 0) {
            break;
        }
        cursor->next++;
    }
    *ret_size = used;
    return used != 0 ? EVENT_RING_SENT : EVENT_RING_EMPTY;
}
