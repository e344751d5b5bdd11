#include "base/slab.h"

#include <assert.h>

#include "base/region.h"
#include "base/snapshot.h"

static const uint64_t LIMIT_MIN = (uint64_t)4 << 10;
static const uint64_t LIMIT_MAX = (uint64_t)32 << 30;

_Static_assert(sizeof(struct slab) % SLAB_UNIT == 0, "the first piece must be aligned");
_Static_assert(sizeof(struct slab) < 4 << 10, "the smallest slab must hold its header");

struct size_class {
    uint32_t index;
    uint32_t size;
};

// Up to 128 the classes are 8 apart; above, (2^k, 2^(k+1)] is cut into four.
static struct size_class
class_of(size_t size)
{
    assert(size >= 1 && size <= SLAB_PIECE_MAX);
    uint32_t last = (uint32_t)size - 1;
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
    struct slab *slab = region_reserve(limit);
    if (slab != NULL) {
        slab->limit = limit;
        slab->top = sizeof(*slab);
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

uint32_t
slab_alloc(struct slab *slab, size_t size)
{
    if (size == 0 || size > SLAB_PIECE_MAX) {
        return SLAB_NONE;
    }
    struct size_class class = class_of(size);
    uint32_t ref = slab->freed[class.index];
    if (ref != SLAB_NONE) {
        memcpy(&slab->freed[class.index], slab_at(slab, ref), sizeof(uint32_t));
    } else if (class.size <= slab->limit - slab->top) {
        ref = (uint32_t)(slab->top / SLAB_UNIT);
        slab->top += class.size;
    } else {
        return SLAB_NONE;
    }
    slab->used += class.size;
    return ref;
}

void
slab_free(struct slab *slab, uint32_t ref, size_t size)
{
    if (ref == SLAB_NONE) {
        return;
    }
    struct size_class class = class_of(size);
    assert((size_t)ref * SLAB_UNIT + class.size <= slab->top);
    assert(slab->used >= class.size);
    memcpy(slab_at(slab, ref), &slab->freed[class.index], sizeof(uint32_t));
    slab->freed[class.index] = ref;
    slab->used -= class.size;
}

size_t
slab_class_size(size_t size)
{
    return class_of(size).size;
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
    SNAPSHOT_VALUE(snapshot, slab->used);
    SNAPSHOT_VALUE(snapshot, slab->freed);
    if (snapshot_expect(snapshot,
                        slab->top >= sizeof(*slab) && slab->top <= slab->limit)) {
        snapshot_bytes(snapshot, slab + 1, slab->top - sizeof(*slab));
    }
}
