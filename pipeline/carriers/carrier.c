#include "pipeline/carriers/carrier.h"

#include <math.h>
#include <string.h>

#define RATE_PEOPLE 0.3
#define RATE_ACTS 1.5
#define NEXT_RATE 4.0

int64_t
carrier_last_ms(const struct carrier *row)
{
    return (int64_t)((uint64_t)row->last_high << 32 | row->last_low);
}

int64_t
carrier_first_ms(const struct carrier *row)
{
    return (int64_t)((uint64_t)row->first_high << 32 | row->first_low);
}

void
carrier_set_time(struct carrier *row, int64_t ms, bool is_new)
{
    ms = ms > 0 ? ms : 0;
    if (is_new || ms < carrier_first_ms(row)) {
        row->first_low = (uint32_t)ms;
        row->first_high = (uint16_t)(ms >> 32);
    }
    if (is_new || ms > carrier_last_ms(row)) {
        row->last_low = (uint32_t)ms;
        row->last_high = (uint16_t)(ms >> 32);
    }
}

static size_t
size_of(unsigned parts)
{
    size_t size = (parts & CARRIER_PASSED) != 0 ? sizeof(struct carrier_passed) : 0;
    size += (parts & CARRIER_EARLY) != 0 ? sizeof(struct carrier_early) : 0;
    return size + ((parts & CARRIER_ESTIMATED) != 0 ? sizeof(double) : 0);
}

// Parts follow each other in the order of their bits.
static size_t
offset_of(const struct carrier *row, enum carrier_part part)
{
    return size_of(row->parts & ((unsigned)part - 1));
}

void *
carrier_find(const struct carrier *row, const struct slab *slab, enum carrier_part part)
{
    if ((row->parts & part) == 0) {
        return NULL;
    }
    char *piece = slab_at(slab, row->piece);
    return piece + offset_of(row, part);
}

void *
carrier_make(struct carrier *row, struct slab *slab, enum carrier_part part)
{
    if ((row->parts & part) != 0) {
        return carrier_find(row, slab, part);
    }
    uint32_t piece = slab_alloc(slab, size_of(row->parts | part));
    if (piece == SLAB_NONE) {
        return NULL;
    }
    char *at = slab_at(slab, piece);
    size_t before = offset_of(row, part);
    size_t added = size_of(part);
    memset(at + before, 0, added);
    if (row->parts != 0) {
        const char *old = slab_at(slab, row->piece);
        memcpy(at, old, before);
        memcpy(at + before + added, old + before, size_of(row->parts) - before);
        slab_free(slab, row->piece, size_of(row->parts));
    }
    row->piece = piece;
    row->parts |= (uint8_t)part;
    return at + before;
}

void
carrier_clear(struct carrier *row, struct slab *slab)
{
    const struct carrier_passed *passed = carrier_find(row, slab, CARRIER_PASSED);
    if (passed != NULL) {
        slab_text_free(slab, passed->best_post);
    }
    if (row->parts != 0) {
        slab_free(slab, row->piece, size_of(row->parts));
    }
    row->parts = 0;
}

double
carrier_rate(double people, double acts)
{
    return (people + RATE_PEOPLE) / (acts + RATE_ACTS);
}

double
carrier_next(uint32_t followers, double rate)
{
    return log1p(followers) + NEXT_RATE * rate;
}
