// How early each of the people of a closed cascade was among all of them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"

enum { EARLY_PEOPLE_MIN = 10 }; // of a cascade

struct early_act {
    usec time;
    uint32_t user;
};

// Sorts the acts by time and sets the part of each: (rank - 0.5) / people, above 0 to
// 1; acts at the same time share the mean of their ranks. people: how many the cascade
// has, at least `count`.
void early_parts(struct early_act *acts, size_t count, uint32_t people,
                 double *ret_parts);
// The part of those whose acts are not among the first `count`: they share the mean of
// the remaining ranks.
double early_part_of_others(size_t count, uint32_t people);
