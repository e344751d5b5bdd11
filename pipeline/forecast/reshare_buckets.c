#include "pipeline/forecast/reshare_buckets.h"

#include <string.h>

enum { AGE_PARTS = 32, OLD_PART_MIN = 8, ROOM_FIRST = 64, WIDTH_BITS_MAX = 26 };

static size_t
size_of(uint32_t room)
{
    return (size_t)room * sizeof(struct reshare_bucket);
}

// The widest bucket around `time` whose newest event is AGE_PARTS widths old. All times
// in such a bucket give the same result.
static uint32_t
width_at(uint32_t time, uint32_t now)
{
    uint32_t width = (uint32_t)1 << WIDTH_BITS_MAX;
    while (width > 1) {
        uint32_t end = (time & ~(width - 1)) + width;
        int32_t age = reshares_span(end, now);
        if (age > 0 && (uint32_t)age / AGE_PARTS >= width) {
            break;
        }
        width /= 2;
    }
    return width;
}

static bool
spans(const struct reshare_bucket *bucket, uint32_t time)
{
    return time - bucket->start < bucket->width;
}

// The first bucket that ends after `time`.
static uint32_t
find(const struct reshare_buckets *merged, const struct slab *slab, uint32_t time)
{
    const struct reshare_bucket *rows = reshare_buckets_rows(merged, slab);
    uint32_t low = 0;
    uint32_t high = merged->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (reshares_span(rows[middle].start + rows[middle].width, time) >= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void
put(struct reshare_bucket *bucket, struct reshare reshare)
{
    uint32_t offset = reshare.time - bucket->start;
    bucket->count++;
    bucket->offsets += offset;
    if (reshare.followers == RESHARES_UNKNOWN) {
        bucket->unknown++;
        bucket->unknown_offsets += offset;
    } else {
        bucket->followers += reshare.followers;
        bucket->weighted += (double)reshare.followers * offset;
    }
}

bool
reshare_buckets_add(struct reshare_buckets *merged, const struct slab *slab,
                    struct reshare reshare)
{
    uint32_t at = find(merged, slab, reshare.time);
    struct reshare_bucket *rows = reshare_buckets_rows(merged, slab);
    if (at == merged->count || !spans(&rows[at], reshare.time)) {
        return false;
    }
    put(&rows[at], reshare);
    merged->events++;
    return true;
}

bool
reshare_buckets_remove(struct reshare_buckets *merged, const struct slab *slab,
                       struct reshare reshare)
{
    uint32_t at = find(merged, slab, reshare.time);
    struct reshare_bucket *rows = reshare_buckets_rows(merged, slab);
    if (at == merged->count || !spans(&rows[at], reshare.time)) {
        return false;
    }
    struct reshare_bucket *bucket = &rows[at];
    bool is_unknown = reshare.followers == RESHARES_UNKNOWN;
    if (is_unknown ? bucket->unknown == 0
                   : bucket->count == bucket->unknown ||
                         bucket->followers < reshare.followers) {
        return false;
    }
    uint32_t offset = reshare.time - bucket->start;
    bucket->count--;
    bucket->offsets -= offset;
    merged->events--;
    if (is_unknown) {
        bucket->unknown--;
        bucket->unknown_offsets -= offset;
    } else {
        bucket->followers -= reshare.followers;
        bucket->weighted -= (double)reshare.followers * offset;
    }
    if (bucket->count == 0) {
        merged->count--;
        memmove(bucket, bucket + 1, size_of(merged->count - at));
    }
    return true;
}

static void
join(struct reshare_bucket *bucket, const struct reshare_bucket *other)
{
    uint32_t shift = other->start - bucket->start;
    bucket->count += other->count;
    bucket->unknown += other->unknown;
    bucket->offsets += other->offsets + (uint64_t)shift * other->count;
    bucket->unknown_offsets +=
        other->unknown_offsets + (uint64_t)shift * other->unknown;
    bucket->followers += other->followers;
    bucket->weighted += other->weighted + (double)other->followers * shift;
}

static void
widen(struct reshare_bucket *bucket, uint32_t width)
{
    struct reshare_bucket narrow = *bucket;
    *bucket =
        (struct reshare_bucket){.start = narrow.start & ~(width - 1), .width = width};
    join(bucket, &narrow);
}

// Widens every bucket to the width of its age.
static void
age(struct reshare_buckets *merged, const struct slab *slab, uint32_t now)
{
    struct reshare_bucket *rows = reshare_buckets_rows(merged, slab);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < merged->count; i++) {
        struct reshare_bucket bucket = rows[i];
        uint32_t width = width_at(bucket.start, now);
        if (width > bucket.width) {
            widen(&bucket, width);
        }
        if (kept != 0 && rows[kept - 1].start == bucket.start) {
            join(&rows[kept - 1], &bucket);
        } else {
            rows[kept++] = bucket;
        }
    }
    merged->count = kept;
}

static bool
make_room(struct reshare_buckets *merged, struct slab *slab)
{
    if (merged->count < merged->room) {
        return true;
    }
    uint32_t room = merged->room == 0 ? (uint32_t)ROOM_FIRST : 2 * merged->room;
    uint32_t piece = slab_alloc(slab, size_of(room));
    if (piece == SLAB_NONE) {
        return false;
    }
    if (merged->room != 0) {
        memcpy(slab_at(slab, piece), slab_at(slab, merged->piece),
               size_of(merged->count));
        slab_free(slab, merged->piece, size_of(merged->room));
    }
    merged->piece = piece;
    merged->room = room;
    return true;
}

static bool
put_new(struct reshare_buckets *merged, struct slab *slab, struct reshare reshare,
        uint32_t now)
{
    if (reshare_buckets_add(merged, slab, reshare)) {
        return true;
    }
    if (!make_room(merged, slab)) {
        return false;
    }
    uint32_t width = width_at(reshare.time, now);
    uint32_t at = find(merged, slab, reshare.time);
    struct reshare_bucket *rows = slab_at(slab, merged->piece);
    memmove(rows + at + 1, rows + at, size_of(merged->count - at));
    rows[at] =
        (struct reshare_bucket){.start = reshare.time & ~(width - 1), .width = width};
    put(&rows[at], reshare);
    merged->count++;
    merged->events++;
    return true;
}

uint32_t
reshare_buckets_take(struct reshare_buckets *merged, struct slab *slab,
                     struct reshares *reshares, struct reshare_buckets_when when)
{
    const struct reshare *rows = reshares_rows(reshares, slab);
    uint32_t old = 0;
    while (old + RESHARE_BUCKETS_LEFT_MIN < reshares->count &&
           reshares_span(rows[old].time, when.now) > when.age) {
        old++;
    }
    if (old == 0 || old < reshares->count / OLD_PART_MIN) {
        return 0;
    }
    age(merged, slab, when.now);
    uint32_t taken = 0;
    while (taken < old && put_new(merged, slab, rows[taken], when.now)) {
        taken++;
    }
    if (taken != 0) {
        reshares_drop(reshares, slab, taken);
    }
    return taken;
}

uint32_t
reshare_buckets_newest(const struct reshare_buckets *merged, const struct slab *slab)
{
    const struct reshare_bucket *last =
        reshare_buckets_rows(merged, slab) + merged->count - 1;
    return last->start + (uint32_t)(last->offsets / last->count);
}

void
reshare_buckets_clear(struct reshare_buckets *merged, struct slab *slab)
{
    if (merged->room != 0) {
        slab_free(slab, merged->piece, size_of(merged->room));
    }
    *merged = (struct reshare_buckets){0};
}
