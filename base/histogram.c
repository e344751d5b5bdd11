#include "base/histogram.h"

enum { DIGITS = 5, SINGLE = 1 << DIGITS, HALF = SINGLE / 2 };

static uint32_t
group_of(uint32_t value)
{
    if (value < SINGLE) {
        return value;
    }
    uint32_t octave = 31 - (uint32_t)__builtin_clz(value);
    uint32_t leading = value >> (octave - DIGITS + 1);
    return SINGLE + (octave - DIGITS) * HALF + (leading - HALF);
}

static uint32_t
least_of(uint32_t group)
{
    if (group < SINGLE) {
        return group;
    }
    uint32_t octave = DIGITS + (group - SINGLE) / HALF;
    return (HALF + (group - SINGLE) % HALF) << (octave - DIGITS + 1);
}

void
histogram_add(struct histogram *histogram, uint32_t value)
{
    histogram->count++;
    histogram->groups[group_of(value)]++;
}

bool
histogram_median(const struct histogram *histogram, uint32_t *ret_median)
{
    if (histogram->count == 0) {
        return false;
    }
    uint64_t seen = 0;
    uint32_t group = 0;
    while ((seen += histogram->groups[group]) < (histogram->count + 1) / 2) {
        group++;
    }
    *ret_median = least_of(group);
    return true;
}

uint32_t
histogram_decile(const struct histogram *histogram, uint32_t value)
{
    uint64_t below = 0;
    for (uint32_t group = 0; group < group_of(value); group++) {
        below += histogram->groups[group];
    }
    if (below == 0) {
        return 0;
    }
    uint64_t decile = below * 10 / histogram->count;
    return decile < 9 ? (uint32_t)decile : 9;
}
