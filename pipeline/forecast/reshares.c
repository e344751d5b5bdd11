#include "pipeline/forecast/reshares.h"

#include <assert.h>
#include <string.h>

static size_t
size_of(uint32_t room)
{
    return (size_t)room * sizeof(struct reshare);
}

static bool
resize(struct reshares *reshares, struct slab *slab, uint32_t room)
{
    uint32_t piece = slab_alloc(slab, size_of(room));
    if (piece == SLAB_NONE) {
        return false;
    }
    if (reshares->room != 0) {
        memcpy(slab_at(slab, piece), slab_at(slab, reshares->piece),
               size_of(reshares->count));
        slab_free(slab, reshares->piece, size_of(reshares->room));
    }
    reshares->piece = piece;
    reshares->room = room;
    return true;
}

bool
reshares_make_room(struct reshares *reshares, struct slab *slab)
{
    if (reshares->count < reshares->room) {
        return true;
    }
    uint32_t room = slab_grown_room(reshares->room, sizeof(struct reshare));
    return room > reshares->room && resize(reshares, slab, room);
}

static bool
is_behind(struct reshare reshare, struct reshare other)
{
    int32_t span = reshares_span(other.time, reshare.time);
    return span > 0 || (span == 0 && reshare.followers >= other.followers);
}

// The position of the reshare; most are the newest.
static uint32_t
place_of(const struct reshares *reshares, const struct reshare *rows,
         struct reshare reshare)
{
    uint32_t low = 0;
    uint32_t high = reshares->count;
    if (high == 0 || is_behind(reshare, rows[high - 1])) {
        return high;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_behind(reshare, rows[middle])) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t
reshares_add(struct reshares *reshares, const struct slab *slab, struct reshare reshare)
{
    assert(reshares->count < reshares->room);
    struct reshare *rows = slab_at(slab, reshares->piece);
    uint32_t at = place_of(reshares, rows, reshare);
    memmove(rows + at + 1, rows + at, size_of(reshares->count - at));
    rows[at] = reshare;
    reshares->count++;
    return at;
}

uint32_t
reshares_remove(struct reshares *reshares, const struct slab *slab,
                struct reshare reshare)
{
    struct reshare *rows = reshares_rows(reshares, slab);
    uint32_t at = rows == NULL ? 0 : place_of(reshares, rows, reshare);
    if (at == 0 || rows[at - 1].time != reshare.time ||
        rows[at - 1].followers != reshare.followers) {
        return RESHARES_NONE;
    }
    at--;
    reshares->count--;
    memmove(rows + at, rows + at + 1, size_of(reshares->count - at));
    return at;
}

void
reshares_rewind(struct reshares *reshares, const struct slab *slab, uint32_t now)
{
    struct reshare *rows = reshares_rows(reshares, slab);
    uint32_t count = reshares->count;
    uint32_t kept = count;
    while (kept != 0 && reshares_span(now, rows[kept - 1].time) > 0) {
        kept--;
    }
    for (reshares->count = kept; kept < count; kept++) {
        reshares_add(reshares, slab, (struct reshare){now, rows[kept].followers});
    }
}

void
reshares_drop(struct reshares *reshares, struct slab *slab, uint32_t count)
{
    struct reshare *rows = slab_at(slab, reshares->piece);
    reshares->count -= count;
    memmove(rows, rows + count, size_of(reshares->count));
    if (reshares->count < reshares->room / 2) {
        // When the slab is full the list keeps its size.
        (void)resize(reshares, slab,
                     slab_grown_room(reshares->count, sizeof(struct reshare)));
    }
}

void
reshares_clear(struct reshares *reshares, struct slab *slab)
{
    if (reshares->room != 0) {
        slab_free(slab, reshares->piece, size_of(reshares->room));
    }
    *reshares = (struct reshares){0};
}
