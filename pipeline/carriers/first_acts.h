// The first acts of a cascade: who came when, in order of arrival
// (pipeline/fold/acts.h).
//
// Contains up to FIRST_ACTS_MAX acts that are not taken back; once it was full, no
// further act is added. `total` counts all of them. 12 bytes an act, in a piece of the
// slab; if that is full, an act is only counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"

enum { FIRST_ACTS_MAX = 1024 };

struct first_act {
    uint32_t user;
    uint32_t time_low;
    uint32_t time_high;
};

struct first_acts {
    uint32_t piece; // of struct first_act[room]
    uint32_t total;
    uint16_t count;
    uint16_t room : 15;
    uint16_t is_over : 1; // no further act is added
};

static inline usec
first_act_time(const struct first_act *act)
{
    return (usec)((uint64_t)act->time_high << 32 | act->time_low);
}

static inline const struct first_act *
first_acts_rows(const struct first_acts *acts, const struct slab *slab)
{
    return acts->count != 0 ? slab_at(slab, acts->piece) : NULL;
}

// False if it is only counted.
bool first_acts_add(struct first_acts *acts, struct slab *slab, uint32_t user,
                    usec time);
// The act of that user at that time is taken back.
void first_acts_remove(struct first_acts *acts, struct slab *slab, uint32_t user,
                       usec time);
// What `from` did was done by `into`: two acts remain two.
void first_acts_merge(struct first_acts *acts, struct slab *slab, uint32_t from,
                      uint32_t into);
void first_acts_clear(struct first_acts *acts, struct slab *slab);
