// The times of the reshares of one cascade and the followers of their authors, sorted
// by time, 8 bytes each.
//
// Times are milliseconds modulo 2^32. They can be compared if they are within three
// weeks of one another, which the caller ensures. Events of the same time are sorted by
// followers, so that equal events are adjacent and any of them may be removed in place
// of another.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"

#define RESHARES_NONE UINT32_MAX
#define RESHARES_UNKNOWN UINT32_MAX // the number of followers is not known

struct reshare {
    uint32_t time;
    uint32_t followers;
};

struct reshares {
    uint32_t piece; // slab: struct reshare[room]
    uint32_t count;
    uint32_t room;
};

static inline uint32_t
reshares_time(usec time)
{
    return (uint32_t)(uint64_t)usec_floor_div(time, USEC_PER_MS);
}

// Milliseconds from a to b; negative: b is earlier.
static inline int32_t
reshares_span(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

static inline struct reshare *
reshares_rows(const struct reshares *reshares, const struct slab *slab)
{
    return reshares->count == 0 ? NULL : slab_at(slab, reshares->piece);
}

// Makes room for one more; false when the slab is full.
bool reshares_make_room(struct reshares *reshares, struct slab *slab);
// Inserts it behind equal ones and returns its index. There must be room.
uint32_t reshares_add(struct reshares *reshares, const struct slab *slab,
                      struct reshare reshare);
// Removes an equal reshare; returns its index, or RESHARES_NONE if there was none.
uint32_t reshares_remove(struct reshares *reshares, const struct slab *slab,
                         struct reshare reshare);
// Sets all times later than `now` to `now`.
void reshares_rewind(struct reshares *reshares, const struct slab *slab, uint32_t now);
// Removes the first `count` and frees unneeded room.
void reshares_drop(struct reshares *reshares, struct slab *slab, uint32_t count);
void reshares_clear(struct reshares *reshares, struct slab *slab);
