// The older reshares of a large cascade, merged into buckets of 3 % of their age at
// most.
//
// A bucket spans 2^k milliseconds and begins at a multiple of that, so two neighbours
// become one as they age and any reshare can still be found and taken out. What it
// holds are sums of whole numbers, which a reshare leaves as exactly as it came (those
// of people times milliseconds are doubles: exact up to 2^53). There are about 32
// buckets for each doubling of the age, three hundred in a week.
//
// Times as in pipeline/forecast/reshares.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "pipeline/forecast/reshares.h"

enum { RESHARE_BUCKETS_LEFT_LEAST = 6 }; // the newest are left alone, however old

// Offsets are milliseconds from the start.
struct reshare_bucket {
    uint32_t start;
    uint32_t width;
    uint32_t count;
    uint32_t unknown; // those whose followers are unknown
    uint64_t offsets; // of all
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

// Takes the events that are more than `age` milliseconds old at `now` from the front of
// `reshares`; returns how many. None if they are fewer than an eighth, for which moving
// the others would be too much. `now` never goes back. Fewer go in when the slab is
// full.
struct reshare_buckets_when {
    uint32_t now;
    int32_t age;
};
uint32_t reshare_buckets_take(struct reshare_buckets *merged, struct slab *slab,
                              struct reshares *reshares,
                              struct reshare_buckets_when when);

// A late event; false if no bucket spans its time.
bool reshare_buckets_add(struct reshare_buckets *merged, const struct slab *slab,
                         struct reshare reshare);
// Takes such an event out of the bucket that spans its time; false if there is none.
bool reshare_buckets_remove(struct reshare_buckets *merged, const struct slab *slab,
                            struct reshare reshare);

// The time of the newest event, about: the mean of its bucket. There must be one.
uint32_t reshare_buckets_newest(const struct reshare_buckets *merged,
                                const struct slab *slab);

void reshare_buckets_clear(struct reshare_buckets *merged, struct slab *slab);
