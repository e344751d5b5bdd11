// What authors usually reach: the sizes of each author's last posts at the ages of 5,
// 15, 60, 300 and 1440 minutes.
//
// Contains posts with at least FORECAST_MIN amplifiers, once they are a day old or
// closed. The expectation of an author is the mean of the middle half of the last
// AUTHOR_BASELINE_POSTS, in log space. For an author with fewer than
// AUTHOR_BASELINE_POSTS_MIN it is the median of all posts of the known authors with
// about as many followers, that is of the same tenth. It is never below
// AUTHOR_BASELINE_FLOOR, and neither is the size that is compared with it.
//
// At capacity the author who has not posted for longest is evicted and counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/slab.h"
#include "base/table.h"
#include "pipeline/forecast/forecast.h"

struct snapshot;

enum {
    AUTHOR_BASELINE_POSTS = 100,
    AUTHOR_BASELINE_POSTS_MIN = 20,
    AUTHOR_BASELINE_DECILES = 10,
    AUTHOR_BASELINE_FLOOR = 5,
};

struct author_baseline {
    uint64_t author; // hash of the user id
    uint32_t piece;  // slab: uint32_t[room][FORECAST_SIZES], a ring once it is full
    uint16_t room;
    uint16_t count;
    uint32_t next;  // of the ring
    uint32_t newer; // index + 1; 0: none
    uint32_t older;
    uint32_t unused;
};

struct author_baselines {
    struct author_baseline *rows;
    uint32_t capacity;
    uint32_t count;
    uint32_t newest; // index + 1
    uint32_t oldest;
    struct table by_author;
    struct slab *slab;
    uint64_t evicted;
    struct histogram followers;
    struct histogram sizes[AUTHOR_BASELINE_DECILES][FORECAST_SIZES];
};

// Keeps slab. False when the system refuses the memory.
bool author_baseline_init(struct author_baselines *baselines, uint32_t capacity,
                          struct slab *slab);
void author_baseline_fini(struct author_baselines *baselines);

// Adds a post that is a day old or closed. followers: of the author, or
// RESHARES_UNKNOWN.
void author_baseline_add(struct author_baselines *baselines, uint64_t author,
                         uint32_t followers, const uint32_t sizes[FORECAST_SIZES]);

// Moves the posts of `from` to `into`; they count as older than the posts that `into`
// has already. Both are hashes of user ids.
void author_baseline_merge(struct author_baselines *baselines, uint64_t from,
                           uint64_t into);

// The posts of that author are forgotten.
void author_baseline_forget(struct author_baselines *baselines, uint64_t author);

// size / expected size at that age (below FORECAST_SIZES); NAN if nothing is known.
struct author_baseline_post {
    uint64_t author;
    uint32_t followers;
    uint32_t age;
    uint32_t size;
};
double author_baseline_compare(const struct author_baselines *baselines,
                               const struct author_baseline_post *post);

// Saves the contents, or loads them into an empty table of the same capacity.
void author_baseline_move(struct author_baselines *baselines,
                          struct snapshot *snapshot);
