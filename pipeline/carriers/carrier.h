// One person in the ledger of carriers: a row, and the groups of values that the person
// has, in a piece of the slab. The table is in pipeline/carriers/carriers.h.
//
//     row | user | acts | … | piece | ─▶ | passed | early | estimated |
//
// Sums are as pipeline/carriers/decay.h keeps them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

enum carrier_part {
    CARRIER_PASSED = 1 << 0,    // struct carrier_passed
    CARRIER_EARLY = 1 << 1,     // struct carrier_early
    CARRIER_ESTIMATED = 1 << 2, // double: people expected to have come
};

// Through whom others came.
struct carrier_passed {
    double people;
    double carried_acts;
    uint32_t people_count;
    uint32_t carried_count;
    uint32_t best;
    uint32_t best_post; // slab text
};

// Of closed cascades.
struct carrier_early {
    double tries;
    double early;
    double head;
};

struct __attribute__((packed, aligned(4))) carrier {
    double acts;
    uint32_t act_count;
    uint32_t user;      // referenced; UINT32_MAX: the row is free
    uint32_t piece;     // in the slab; of a free row: index + 1 of the next free one
    uint32_t first_low; // milliseconds, 48 bits
    uint32_t last_low;
    uint16_t first_high;
    uint16_t last_high;
    uint8_t parts; // which groups the piece contains
    uint8_t unused[3];
};

static inline bool
carrier_is_free(const struct carrier *row)
{
    return row->user == UINT32_MAX;
}

int64_t carrier_first_ms(const struct carrier *row);
int64_t carrier_last_ms(const struct carrier *row);
// Something of that time belongs to the row. is_new: nothing else does.
void carrier_set_time(struct carrier *row, int64_t ms, bool is_new);

// That part, or NULL if the person lacks it.
void *carrier_find(const struct carrier *row, const struct slab *slab,
                   enum carrier_part part);
// The same, made with zeros if the person lacks it; NULL: the slab is full.
void *carrier_make(struct carrier *row, struct slab *slab, enum carrier_part part);
// How many people are expected to come through the next act of a person through whom
// that many came in so many acts; and how likely others come through that person next.
double carrier_rate(double people, double acts);
double carrier_next(uint32_t followers, double rate);

// Frees all parts.
void carrier_clear(struct carrier *row, struct slab *slab);
