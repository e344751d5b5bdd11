#include "pipeline/forecast/author_baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

enum { ROOM_FIRST = 4 };

bool
habits_init(struct habits *habits, uint32_t capacity, struct slab *slab)
{
    habits->capacity = capacity;
    habits->slab = slab;
    habits->rows = region_reserve((size_t)capacity * sizeof(*habits->rows));
    return habits->rows != NULL && table_init(&habits->by_author, capacity);
}

void
habits_fini(struct habits *habits)
{
    table_fini(&habits->by_author);
    region_release(habits->rows, (size_t)habits->capacity * sizeof(*habits->rows));
}

static size_t
size_of(uint32_t room)
{
    return (size_t)room * PULSE_SIZES * sizeof(uint32_t);
}

static struct habit *
find(const struct habits *habits, uint64_t author)
{
    struct table_walk walk = table_walk(&habits->by_author, author);
    uint32_t index;
    while ((index = table_next(&habits->by_author, &walk)) != TABLE_NONE) {
        if (habits->rows[index].author == author) {
            return &habits->rows[index];
        }
    }
    return NULL;
}

// ── the list by age ────────────────────────────────────────────────────────

static void
unlink_row(struct habits *habits, const struct habit *row)
{
    *(row->newer != 0 ? &habits->rows[row->newer - 1].older : &habits->newest) =
        row->older;
    *(row->older != 0 ? &habits->rows[row->older - 1].newer : &habits->oldest) =
        row->newer;
}

static void
link_newest(struct habits *habits, struct habit *row)
{
    uint32_t name = (uint32_t)(row - habits->rows) + 1;
    row->newer = 0;
    row->older = habits->newest;
    *(habits->newest != 0 ? &habits->rows[habits->newest - 1].newer : &habits->oldest) =
        name;
    habits->newest = name;
}

static struct habit *
create(struct habits *habits, uint64_t author)
{
    struct habit *row;
    if (habits->count < habits->capacity) {
        row = &habits->rows[habits->count++];
    } else {
        row = &habits->rows[habits->oldest - 1];
        unlink_row(habits, row);
        table_remove(&habits->by_author, row->author, (uint32_t)(row - habits->rows));
        if (row->room != 0) {
            slab_free(habits->slab, row->piece, size_of(row->room));
        }
        habits->evicted++;
    }
    memset(row, 0, sizeof(*row));
    row->author = author;
    table_add(&habits->by_author, author, (uint32_t)(row - habits->rows));
    return row;
}

// ── sizes ──────────────────────────────────────────────────────────────────

// True if the row can hold one more or is a full ring.
static bool
grow(struct habits *habits, struct habit *row)
{
    if (row->count < row->room || row->room == HABITS_POSTS) {
        return true;
    }
    uint32_t room = row->room == 0 ? (uint32_t)ROOM_FIRST : 2u * row->room;
    room = room < HABITS_POSTS ? room : (uint32_t)HABITS_POSTS;
    uint32_t piece = slab_alloc(habits->slab, size_of(room));
    if (piece == SLAB_NONE) {
        return row->room != 0;
    }
    if (row->room != 0) {
        memcpy(slab_at(habits->slab, piece), slab_at(habits->slab, row->piece),
               size_of(row->count));
        slab_free(habits->slab, row->piece, size_of(row->room));
    }
    row->piece = piece;
    row->room = (uint16_t)room;
    row->next = row->count;
    return true;
}

static void
push(const struct habits *habits, struct habit *row, const uint32_t sizes[PULSE_SIZES])
{
    uint32_t *rows = slab_at(habits->slab, row->piece);
    row->next = row->next < row->room ? row->next : 0;
    memcpy(rows + (size_t)row->next++ * PULSE_SIZES, sizes, size_of(1));
    row->count = row->count < row->room ? (uint16_t)(row->count + 1) : row->room;
}

static void
add_to_deciles(struct habits *habits, uint32_t followers,
               const uint32_t sizes[PULSE_SIZES])
{
    if (followers == RESHARES_UNKNOWN) {
        return;
    }
    histogram_add(&habits->followers, followers);
    uint32_t decile = histogram_decile(&habits->followers, followers);
    for (uint32_t i = 0; i < PULSE_SIZES; i++) {
        histogram_add(&habits->sizes[decile][i], sizes[i]);
    }
}

void
habits_add(struct habits *habits, uint64_t author, uint32_t followers,
           const uint32_t sizes[PULSE_SIZES])
{
    add_to_deciles(habits, followers, sizes);
    struct habit *row = find(habits, author);
    if (row == NULL) {
        row = create(habits, author);
    } else {
        unlink_row(habits, row);
    }
    link_newest(habits, row);
    if (!grow(habits, row)) {
        return;
    }
    push(habits, row, sizes);
}

// Copies them out, the oldest first; returns how many there are.
static uint32_t
unroll(const struct habits *habits, const struct habit *row, uint32_t *ret_sizes)
{
    if (row->count == 0) {
        return 0;
    }
    const uint32_t *rows = slab_at(habits->slab, row->piece);
    uint32_t oldest = row->count < row->room ? 0 : row->next % row->room;
    for (uint32_t i = 0; i < row->count; i++) {
        uint32_t at = (oldest + i) % row->room;
        memcpy(ret_sizes + (size_t)i * PULSE_SIZES, rows + (size_t)at * PULSE_SIZES,
               size_of(1));
    }
    return row->count;
}

void
habits_merge(struct habits *habits, uint64_t from, uint64_t into)
{
    struct habit *old = find(habits, from);
    if (old == NULL) {
        return;
    }
    struct habit *row = find(habits, into);
    if (row == NULL) {
        uint32_t index = (uint32_t)(old - habits->rows);
        table_remove(&habits->by_author, from, index);
        table_add(&habits->by_author, into, index);
        old->author = into;
        return;
    }
    uint32_t sizes[2 * HABITS_POSTS * PULSE_SIZES];
    uint32_t count = unroll(habits, old, sizes);
    count += unroll(habits, row, sizes + (size_t)count * PULSE_SIZES);
    // The row that is left over is empty until it is forgotten.
    old->count = 0;
    old->next = 0;
    row->count = 0;
    row->next = 0;
    for (uint32_t i = 0; i < count && grow(habits, row); i++) {
        push(habits, row, sizes + (size_t)i * PULSE_SIZES);
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
usual_of(const struct habits *habits, const struct habit *row, uint32_t age)
{
    uint32_t sizes[HABITS_POSTS];
    const uint32_t *rows = slab_at(habits->slab, row->piece);
    for (uint32_t i = 0; i < row->count; i++) {
        sizes[i] = rows[(size_t)i * PULSE_SIZES + age];
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
expected_of(const struct habits *habits, const struct habits_post *post)
{
    const struct habit *row = find(habits, post->author);
    if (row != NULL && row->count >= HABITS_POSTS_LEAST) {
        return usual_of(habits, row, post->age);
    }
    if (post->followers == RESHARES_UNKNOWN) {
        return NAN;
    }
    uint32_t decile = histogram_decile(&habits->followers, post->followers);
    const struct histogram *sizes = &habits->sizes[decile][post->age];
    uint32_t median;
    if (sizes->count < HABITS_POSTS_LEAST || !histogram_median(sizes, &median)) {
        return NAN;
    }
    return median;
}

double
habits_compare(const struct habits *habits, const struct habits_post *post)
{
    double expected = expected_of(habits, post);
    if (isnan(expected)) {
        return NAN;
    }
    return fmax(post->size, HABITS_FLOOR) / fmax(expected, HABITS_FLOOR);
}

void
habits_move(struct habits *habits, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, habits->rows, sizeof(*habits->rows), &habits->count,
                  habits->capacity);
    SNAPSHOT_VALUE(snapshot, habits->newest);
    SNAPSHOT_VALUE(snapshot, habits->oldest);
    SNAPSHOT_VALUE(snapshot, habits->evicted);
    SNAPSHOT_VALUE(snapshot, habits->followers);
    SNAPSHOT_VALUE(snapshot, habits->sizes);
    table_move(&habits->by_author, snapshot);
}
