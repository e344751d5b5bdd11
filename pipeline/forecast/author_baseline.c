#include "pipeline/forecast/author_baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

enum { ROOM_FIRST = 4 };

bool
author_baseline_init(struct author_baselines *baselines, uint32_t capacity,
                     struct slab *slab)
{
    baselines->capacity = capacity;
    baselines->slab = slab;
    baselines->rows = region_reserve((size_t)capacity * sizeof(*baselines->rows));
    return baselines->rows != NULL && table_init(&baselines->by_author, capacity);
}

void
author_baseline_fini(struct author_baselines *baselines)
{
    table_fini(&baselines->by_author);
    region_release(baselines->rows,
                   (size_t)baselines->capacity * sizeof(*baselines->rows));
}

static size_t
size_of(uint32_t room)
{
    return (size_t)room * FORECAST_SIZES * sizeof(uint32_t);
}

static struct author_baseline *
find(const struct author_baselines *baselines, uint64_t author)
{
    struct table_walk walk = table_walk(&baselines->by_author, author);
    uint32_t index;
    while ((index = table_next(&baselines->by_author, &walk)) != TABLE_NONE) {
        if (baselines->rows[index].author == author) {
            return &baselines->rows[index];
        }
    }
    return NULL;
}

// ── the list by age ────────────────────────────────────────────────────────

static void
unlink_row(struct author_baselines *baselines, const struct author_baseline *row)
{
    *(row->newer != 0 ? &baselines->rows[row->newer - 1].older : &baselines->newest) =
        row->older;
    *(row->older != 0 ? &baselines->rows[row->older - 1].newer : &baselines->oldest) =
        row->newer;
}

static void
link_newest(struct author_baselines *baselines, struct author_baseline *row)
{
    uint32_t name = (uint32_t)(row - baselines->rows) + 1;
    row->newer = 0;
    row->older = baselines->newest;
    *(baselines->newest != 0 ? &baselines->rows[baselines->newest - 1].newer
                             : &baselines->oldest) = name;
    baselines->newest = name;
}

static struct author_baseline *
create(struct author_baselines *baselines, uint64_t author)
{
    struct author_baseline *row;
    if (baselines->count < baselines->capacity) {
        row = &baselines->rows[baselines->count++];
    } else {
        row = &baselines->rows[baselines->oldest - 1];
        unlink_row(baselines, row);
        table_remove(&baselines->by_author, row->author,
                     (uint32_t)(row - baselines->rows));
        if (row->room != 0) {
            slab_free(baselines->slab, row->piece, size_of(row->room));
        }
        baselines->evicted++;
    }
    memset(row, 0, sizeof(*row));
    row->author = author;
    table_add(&baselines->by_author, author, (uint32_t)(row - baselines->rows));
    return row;
}

// ── sizes ──────────────────────────────────────────────────────────────────

// True if the row has room for one more, or is a full ring.
static bool
grow(struct author_baselines *baselines, struct author_baseline *row)
{
    if (row->count < row->room || row->room == AUTHOR_BASELINE_POSTS) {
        return true;
    }
    uint32_t room = row->room == 0 ? (uint32_t)ROOM_FIRST : 2u * row->room;
    room = room < AUTHOR_BASELINE_POSTS ? room : (uint32_t)AUTHOR_BASELINE_POSTS;
    uint32_t piece = slab_alloc(baselines->slab, size_of(room));
    if (piece == SLAB_NONE) {
        return row->room != 0;
    }
    if (row->room != 0) {
        memcpy(slab_at(baselines->slab, piece), slab_at(baselines->slab, row->piece),
               size_of(row->count));
        slab_free(baselines->slab, row->piece, size_of(row->room));
    }
    row->piece = piece;
    row->room = (uint16_t)room;
    row->next = row->count;
    return true;
}

static void
push(const struct author_baselines *baselines, struct author_baseline *row,
     const uint32_t sizes[FORECAST_SIZES])
{
    uint32_t *rows = slab_at(baselines->slab, row->piece);
    row->next = row->next < row->room ? row->next : 0;
    memcpy(rows + (size_t)row->next++ * FORECAST_SIZES, sizes, size_of(1));
    row->count = row->count < row->room ? (uint16_t)(row->count + 1) : row->room;
}

static void
add_to_deciles(struct author_baselines *baselines, uint32_t followers,
               const uint32_t sizes[FORECAST_SIZES])
{
    if (followers == RESHARES_UNKNOWN) {
        return;
    }
    histogram_add(&baselines->followers, followers);
    uint32_t decile = histogram_decile(&baselines->followers, followers);
    for (uint32_t i = 0; i < FORECAST_SIZES; i++) {
        histogram_add(&baselines->sizes[decile][i], sizes[i]);
    }
}

void
author_baseline_add(struct author_baselines *baselines, uint64_t author,
                    uint32_t followers, const uint32_t sizes[FORECAST_SIZES])
{
    add_to_deciles(baselines, followers, sizes);
    struct author_baseline *row = find(baselines, author);
    if (row == NULL) {
        row = create(baselines, author);
    } else {
        unlink_row(baselines, row);
    }
    link_newest(baselines, row);
    if (!grow(baselines, row)) {
        return;
    }
    push(baselines, row, sizes);
}

// Copies the sizes, oldest first; returns how many there are.
static uint32_t
unroll(const struct author_baselines *baselines, const struct author_baseline *row,
       uint32_t *ret_sizes)
{
    if (row->count == 0) {
        return 0;
    }
    const uint32_t *rows = slab_at(baselines->slab, row->piece);
    uint32_t oldest = row->count < row->room ? 0 : row->next % row->room;
    for (uint32_t i = 0; i < row->count; i++) {
        uint32_t at = (oldest + i) % row->room;
        memcpy(ret_sizes + (size_t)i * FORECAST_SIZES,
               rows + (size_t)at * FORECAST_SIZES, size_of(1));
    }
    return row->count;
}

// The row remains, empty, until it is evicted.
static void
empty(struct author_baseline *row)
{
    row->count = 0;
    row->next = 0;
}

void
author_baseline_forget(struct author_baselines *baselines, uint64_t author)
{
    struct author_baseline *row = find(baselines, author);
    if (row != NULL) {
        empty(row);
    }
}

void
author_baseline_merge(struct author_baselines *baselines, uint64_t from, uint64_t into)
{
    struct author_baseline *old = find(baselines, from);
    if (old == NULL) {
        return;
    }
    struct author_baseline *row = find(baselines, into);
    if (row == NULL) {
        uint32_t index = (uint32_t)(old - baselines->rows);
        table_remove(&baselines->by_author, from, index);
        table_add(&baselines->by_author, into, index);
        old->author = into;
        return;
    }
    uint32_t sizes[2 * AUTHOR_BASELINE_POSTS * FORECAST_SIZES];
    uint32_t count = unroll(baselines, old, sizes);
    count += unroll(baselines, row, sizes + (size_t)count * FORECAST_SIZES);
    empty(old);
    empty(row);
    for (uint32_t i = 0; i < count && grow(baselines, row); i++) {
        push(baselines, row, sizes + (size_t)i * FORECAST_SIZES);
    }
}

static int
by_size(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return (*x > *y) - (*x < *y);
}

// Mean of the middle half, in log space.
static double
usual_of(const struct author_baselines *baselines, const struct author_baseline *row,
         uint32_t age)
{
    uint32_t sizes[AUTHOR_BASELINE_POSTS];
    const uint32_t *rows = slab_at(baselines->slab, row->piece);
    for (uint32_t i = 0; i < row->count; i++) {
        sizes[i] = rows[(size_t)i * FORECAST_SIZES + age];
    }
    qsort(sizes, row->count, sizeof(*sizes), by_size);
    double sum = 0;
    uint32_t from = row->count / 4u;
    uint32_t to = row->count - from;
    for (uint32_t i = from; i < to; i++) {
        sum += log(sizes[i] > 1 ? sizes[i] : 1);
    }
    return exp(sum / (to - from));
}

static double
expected_of(const struct author_baselines *baselines,
            const struct author_baseline_post *post)
{
    const struct author_baseline *row = find(baselines, post->author);
    if (row != NULL && row->count >= AUTHOR_BASELINE_POSTS_MIN) {
        return usual_of(baselines, row, post->age);
    }
    if (post->followers == RESHARES_UNKNOWN) {
        return NAN;
    }
    uint32_t decile = histogram_decile(&baselines->followers, post->followers);
    const struct histogram *sizes = &baselines->sizes[decile][post->age];
    uint32_t median;
    if (sizes->count < AUTHOR_BASELINE_POSTS_MIN || !histogram_median(sizes, &median)) {
        return NAN;
    }
    return median;
}

double
author_baseline_compare(const struct author_baselines *baselines,
                        const struct author_baseline_post *post)
{
    double expected = expected_of(baselines, post);
    if (isnan(expected)) {
        return NAN;
    }
    return fmax(post->size, AUTHOR_BASELINE_FLOOR) /
           fmax(expected, AUTHOR_BASELINE_FLOOR);
}

void
author_baseline_move(struct author_baselines *baselines, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, baselines->rows, sizeof(*baselines->rows),
                  &baselines->count, baselines->capacity);
    SNAPSHOT_VALUE(snapshot, baselines->newest);
    SNAPSHOT_VALUE(snapshot, baselines->oldest);
    SNAPSHOT_VALUE(snapshot, baselines->evicted);
    SNAPSHOT_VALUE(snapshot, baselines->followers);
    SNAPSHOT_VALUE(snapshot, baselines->sizes);
    table_move(&baselines->by_author, snapshot);
}
