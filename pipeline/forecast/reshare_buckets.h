// The older reshares of a large cascade, merged into buckets of at most 3 % of their
// age.
//
// A bucket spans 2^k milliseconds and begins at a multiple of that, so two neighbours
// can be merged when they are older, and any reshare can still be found and removed. A
// bucket holds sums of whole numbers, so that removing a reshare subtracts exactly what
// was added (the sums of followers times milliseconds are doubles: exact up to 2^53).
// There are about 32 buckets for each doubling of the age, about 300 in a week.
//
// While SEISMIC's window contains no merged reshares, merging changes p by less than
// 3 parts in 10 000, and the forecast by 1 / (1 - 100 p) times as much (7 % of 1.4
// million was measured). When undone reshares leave fewer than five in the window, it
// extends to merged ones, of which only sums per bucket are known: with merging from 24
// reshares on, p then differed by up to 39 % and the forecast by up to 1.2 %, in 3 of
// 340 generated streams.
//
// Times as in pipeline/forecast/reshares.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "pipeline/forecast/reshares.h"

enum { RESHARE_BUCKETS_LEFT_MIN = 6 }; // the newest are never merged, however old

// Offsets are milliseconds from the start.
struct reshare_bucket {
    uint32_t start;
    uint32_t width;
    uint32_t count;
    uint32_t unknown; // those whose followers are unknown
    uint64_t offsets; // sum of all
    uint64_t unknown_offsets;
    uint64_t followers;
    double weighted; // offsets by followers
};

struct reshare_buckets {
    uint32_t piece; // slab: struct reshare_bucket[room], in order of time
    uint32_t count;
    uint32_t room;
    uint32_t events; // in all buckets
};

static inline struct reshare_bucket *
reshare_buckets_rows(const struct reshare_buckets *merged, const struct slab *slab)
{
    return merged->count == 0 ? NULL : slab_at(slab, merged->piece);
}

// Moves the events that are more than `age` milliseconds old at `now` from the front of
// `reshares` into buckets; returns how many. Moves none if they are fewer than an
// eighth of the list, since the rest of the list has to be moved each time. `now` must
// not decrease. Moves fewer when the slab is full.
struct reshare_buckets_when {
    uint32_t now;
    int32_t age;
};
uint32_t reshare_buckets_take(struct reshare_buckets *merged, struct slab *slab,
                              struct reshares *reshares,
                              struct reshare_buckets_when when);

// Adds a late event; false if no bucket spans its time.
bool reshare_buckets_add(struct reshare_buckets *merged, const struct slab *slab,
                         struct reshare reshare);
// Removes such an event from the bucket that spans its time; false if there is none.
bool reshare_buckets_remove(struct reshare_buckets *merged, const struct slab *slab,
                            struct reshare reshare);

// The approximate time of the newest event: the mean of its bucket. There must be one.
uint32_t reshare_buckets_newest(const struct reshare_buckets *merged,
                                const struct slab *slab);

void reshare_buckets_clear(struct reshare_buckets *merged, struct slab *slab);
