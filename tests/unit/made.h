// What tests of many made-up things have in common.
#pragma once

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

enum { MADE_NAME_MAX = 32 };

// "n:u" and 7 make "n:u7", which lies in the buffer.
static inline struct slice
made_name(char buffer[MADE_NAME_MAX], const char *kind, int64_t number)
{
    snprintf(buffer, MADE_NAME_MAX, "%s%" PRId64, kind, number);
    return slice_of(buffer);
}

// The next number of a sequence that its first state decides, 0 to limit - 1.
static inline uint32_t
made_random(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % limit;
}
