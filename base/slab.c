#include "base/slab.h"

#include <assert.h>

#include "base/region.h"
#include "base/snapshot.h"

static const uint64_t LIMIT_MIN = (uint64_t)4 << 10;
static const uint64_t LIMIT_MAX = (uint64_t)32 << 30;

_Static_assert(sizeof(struct slab) % SLAB_UNIT == 0, "the first piece must be aligned");
_Static_assert(sizeof(struct slab) < 4 << 10, "the smallest slab must hold its header");

enum { RUN_STEP = 4 << 10, GROWN_BY = 6 /* a sixth */, UPPER_SMALL = 4 << 20 };

// A free run between large pieces, stored in its first piece.
struct run {
    uint32_t next;
    uint32_t units;
};

_Static_assert(sizeof(struct run) <= SLAB_UNIT, "any rest of a run must hold it");

struct size_class {
    uint32_t index;
    uint32_t size;
};

// Up to 128 the classes are 8 apart; above, each octave has four classes. All runs are
// of one class, after the others.
static struct size_class
class_of(size_t size)
{
    assert(size >= 1 && size <= SLAB_PIECE_MAX);
    uint32_t last = (uint32_t)size - 1;
    if (last >= SLAB_CLASS_MAX) {
        return (struct size_class){SLAB_CLASSES, (last / RUN_STEP + 1) * RUN_STEP};
    }
    if (last < 128) {
        uint32_t index = last / SLAB_UNIT;
        return (struct size_class){index, (index + 1) * SLAB_UNIT};
    }
    uint32_t octave = 31 - (uint32_t)__builtin_clz(last);
    uint32_t quarter = last >> (octave - 2); // 4 to 7
    return (struct size_class){16 + (octave - 7) * 4 + (quarter - 4),
                               (quarter + 1) << (octave - 2)};
}

struct slab *
slab_create(size_t limit)
{
    if (limit < LIMIT_MIN || limit > LIMIT_MAX) {
        return NULL;
    }
    // Large pieces are few in most slabs: no huge page for the first of them.
    size_t upper = limit < (size_t)UPPER_SMALL ? 0 : (size_t)UPPER_SMALL;
    struct slab *slab = region_reserve_two(limit, limit - upper);
    if (slab != NULL) {
        slab->limit = limit;
        slab->top = sizeof(*slab);
        slab->floor = limit / SLAB_UNIT * SLAB_UNIT;
    }
    return slab;
}

void
slab_destroy(struct slab **slab)
{
    if (*slab != NULL) {
        region_release(*slab, (*slab)->limit);
        *slab = NULL;
    }
}

// ── runs ───────────────────────────────────────────────────────────────────

static struct run *
run_at(const struct slab *slab, uint32_t ref)
{
    return slab_at(slab, ref);
}

// Cuts the piece from the upper end of the highest run that is long enough.
static uint32_t
run_take(struct slab *slab, uint32_t size)
{
    uint32_t units = size / SLAB_UNIT;
    uint32_t *link = &slab->runs;
    while (*link != SLAB_NONE) {
        struct run *run = run_at(slab, *link);
        if (run->units >= units) {
            uint32_t ref = *link + run->units - units;
            run->units -= units;
            if (run->units == 0) {
                *link = run->next;
            }
            return ref;
        }
        link = &run->next;
    }
    return SLAB_NONE;
}

static void
run_give(struct slab *slab, uint32_t ref, uint32_t size)
{
    uint32_t *above = NULL; // refers to the run above
    uint32_t *link = &slab->runs;
    while (*link > ref) {
        above = link;
        link = &run_at(slab, *link)->next;
    }
    struct run run = {.next = *link, .units = size / SLAB_UNIT};
    if (*link != SLAB_NONE && *link + run_at(slab, *link)->units == ref) {
        ref = *link;
        run.next = run_at(slab, ref)->next;
        run.units += run_at(slab, ref)->units;
    }
    if (above != NULL && ref + run.units == *above) {
        run.units += run_at(slab, *above)->units;
        link = above;
    }
    if ((size_t)ref * SLAB_UNIT == slab->floor) {
        slab->floor += (size_t)run.units * SLAB_UNIT;
        ref = run.next;
    } else {
        *run_at(slab, ref) = run;
    }
    *link = ref;
}

// ── pieces ─────────────────────────────────────────────────────────────────

static uint32_t
freed_take(struct slab *slab, uint32_t class)
{
    uint32_t ref = slab->freed[class];
    if (ref != SLAB_NONE) {
        memcpy(&slab->freed[class], slab_at(slab, ref), sizeof(uint32_t));
    }
    return ref;
}

static uint32_t
room_take(struct slab *slab, struct size_class class)
{
    if (class.size > slab_room(slab)) {
        return run_take(slab, class.size);
    }
    if (class.index == SLAB_CLASSES) {
        slab->floor -= class.size;
        return (uint32_t)(slab->floor / SLAB_UNIT);
    }
    uint32_t ref = (uint32_t)(slab->top / SLAB_UNIT);
    slab->top += class.size;
    return ref;
}

uint32_t
slab_alloc(struct slab *slab, size_t size)
{
    if (size == 0 || size > SLAB_PIECE_MAX) {
        return SLAB_NONE;
    }
    struct size_class class = class_of(size);
    uint32_t ref = class.index == SLAB_CLASSES ? run_take(slab, class.size)
                                               : freed_take(slab, class.index);
    if (ref == SLAB_NONE) {
        ref = room_take(slab, class);
    }
    slab->used += ref != SLAB_NONE ? class.size : 0;
    return ref;
}

void
slab_free(struct slab *slab, uint32_t ref, size_t size)
{
    if (ref == SLAB_NONE) {
        return;
    }
    struct size_class class = class_of(size);
    assert(slab->used >= class.size);
    slab->used -= class.size;
    memset(slab_at(slab, ref), 0, class.size);
    if (class.index == SLAB_CLASSES) {
        run_give(slab, ref, class.size);
    } else {
        memcpy(slab_at(slab, ref), &slab->freed[class.index], sizeof(uint32_t));
        slab->freed[class.index] = ref;
    }
}

size_t
slab_class_size(size_t size)
{
    return class_of(size).size;
}

uint32_t
slab_grown_room(uint32_t room, size_t row_size)
{
    size_t size = (room + room / GROWN_BY + 1) * row_size;
    size = size < SLAB_PIECE_MAX ? slab_class_size(size) : (size_t)SLAB_PIECE_MAX;
    return (uint32_t)(size / row_size);
}

static size_t
text_size(size_t len)
{
    return len < SLAB_TEXT_LONG ? 1 + len : 1 + sizeof(uint32_t) + len;
}

uint32_t
slab_text_put(struct slab *slab, struct slice text)
{
    if (text.len == 0) {
        return SLAB_NONE;
    }
    uint32_t len = SLAB_PIECE_MAX - 1 - sizeof(len);
    if (text.len < len) {
        len = (uint32_t)text.len;
    }
    uint32_t ref = slab_alloc(slab, text_size(len));
    if (ref == SLAB_NONE) {
        return SLAB_NONE;
    }
    unsigned char *piece = slab_at(slab, ref);
    if (len < SLAB_TEXT_LONG) {
        *piece = (unsigned char)len;
    } else {
        *piece = SLAB_TEXT_LONG;
        memcpy(piece + 1, &len, sizeof(len));
    }
    memcpy(piece + text_size(len) - len, text.ptr, len);
    return ref;
}

void
slab_text_free(struct slab *slab, uint32_t ref)
{
    if (ref != SLAB_NONE) {
        slab_free(slab, ref, text_size(slab_text(slab, ref).len));
    }
}

void
slab_move(struct slab *slab, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, slab->top);
    SNAPSHOT_VALUE(snapshot, slab->floor);
    SNAPSHOT_VALUE(snapshot, slab->used);
    SNAPSHOT_VALUE(snapshot, slab->freed);
    SNAPSHOT_VALUE(snapshot, slab->runs);
    if (snapshot_expect(snapshot, slab->top >= sizeof(*slab) &&
                                      slab->top <= slab->floor &&
                                      slab->floor <= slab->limit)) {
        snapshot_bytes(snapshot, slab + 1, slab->top - sizeof(*slab));
        snapshot_bytes(snapshot, (char *)slab + slab->floor, slab->limit - slab->floor);
    }
}
