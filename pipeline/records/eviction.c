#include "pipeline/records/eviction.h"

#include "base/region.h"
#include "base/snapshot.h"

bool
eviction_init(struct eviction *eviction, uint32_t capacity)
{
    *eviction = (struct eviction){.capacity = capacity};
    eviction->rows = region_reserve((size_t)capacity * sizeof(*eviction->rows));
    return eviction->rows != NULL;
}

void
eviction_fini(struct eviction *eviction)
{
    region_release(eviction->rows,
                   (size_t)eviction->capacity * sizeof(*eviction->rows));
    *eviction = (struct eviction){0};
}

static bool
matters_more(const struct eviction_candidate *a, const struct eviction_candidate *b)
{
    if (a->rank != b->rank) {
        return a->rank > b->rank;
    }
    if (a->weight != b->weight) {
        return a->weight > b->weight;
    }
    return a->last != b->last ? a->last > b->last : a->birth > b->birth;
}

// Moves the candidate down from the top of a heap of `count`.
static void
sift(struct eviction_candidate *heap, uint32_t count, uint32_t at,
     struct eviction_candidate candidate)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && matters_more(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!matters_more(&heap[child], &candidate)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = candidate;
}

void
eviction_begin(struct eviction *eviction)
{
    eviction->count = 0;
    eviction->used = 0;
}

void
eviction_offer(struct eviction *eviction, struct eviction_candidate candidate)
{
    struct eviction_candidate *heap = eviction->rows;
    if (eviction->count == eviction->capacity) {
        if (matters_more(&heap[0], &candidate)) {
            sift(heap, eviction->count, 0, candidate);
        }
        return;
    }
    uint32_t at = eviction->count++;
    while (at != 0 && matters_more(&candidate, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = candidate;
}

void
eviction_end(struct eviction *eviction)
{
    for (uint32_t left = eviction->count; left > 1;) {
        struct eviction_candidate last = eviction->rows[--left];
        eviction->rows[left] = eviction->rows[0];
        sift(eviction->rows, left, 0, last);
    }
}

const struct eviction_candidate *
eviction_next(struct eviction *eviction)
{
    return eviction->used < eviction->count ? &eviction->rows[eviction->used++] : NULL;
}

void
eviction_move(struct eviction *eviction, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, eviction->rows, sizeof(*eviction->rows), &eviction->count,
                  eviction->capacity);
    SNAPSHOT_VALUE(snapshot, eviction->used);
    snapshot_expect(snapshot, eviction->used <= eviction->count);
}
