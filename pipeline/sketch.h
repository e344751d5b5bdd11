// How numbers are spread, in bounded memory: a count for each group of numbers that
// have the same five leading binary digits. Ranks are exact, values at most 6 % too
// small.
//
// Deterministic; nothing is ever taken out.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SKETCH_GROUPS = 464 };

struct sketch {
    uint64_t count;
    uint64_t groups[SKETCH_GROUPS];
};

void sketch_add(struct sketch *sketch, uint32_t value);
// The least number of the group that holds the lower median; false if it is empty.
bool sketch_median(const struct sketch *sketch, uint32_t *ret_median);
// In which tenth of all a number lies, 0 to 9: ten times those in smaller groups,
// divided by all, 9 at most. 0 if it is empty.
uint32_t sketch_decile(const struct sketch *sketch, uint32_t value);
