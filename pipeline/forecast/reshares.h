// When a post was carried and before how many people: the events of one cascade in
// order of time, eight bytes each.
//
// Times are milliseconds modulo 2^32: comparable as long as they lie within three weeks
// of one another, which the caller sees to. Events of one time stand in order of
// followers, so that those which are alike stand together and any of them may be taken
// for another.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"

#define RESHARES_NONE UINT32_MAX
#define RESHARES_UNKNOWN UINT32_MAX // how many followers: not told

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

// Milliseconds from a to b; negative: b was before.
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

// Room for one more; false when the slab is full.
bool reshares_make_room(struct reshares *reshares, struct slab *slab);
// Where it stands now, behind those that are alike. There must be room.
uint32_t reshares_add(struct reshares *reshares, const struct slab *slab,
                      struct reshare reshare);
// Takes such a reshare out; where it stood, or RESHARES_NONE if there is none.
uint32_t reshares_remove(struct reshares *reshares, const struct slab *slab,
                         struct reshare reshare);
// Those later than `now` are of `now` from now on.
void reshares_rewind(struct reshares *reshares, const struct slab *slab, uint32_t now);
// Drops the first `count`, and the room that is not needed any more.
void reshares_drop(struct reshares *reshares, struct slab *slab, uint32_t count);
void reshares_clear(struct reshares *reshares, struct slab *slab);
