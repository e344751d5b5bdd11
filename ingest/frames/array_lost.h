// Finds the next element behind a broken one (ingest/frames/array.h states the rules).
// Only ingest/frames/array*.c include this.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "ingest/frames/array.h"

enum array_sight {
    ARRAY_SIGHT_NOTHING,
    ARRAY_SIGHT_THERE,
    ARRAY_SIGHT_UNKNOWN, // more bytes are needed
};

static inline bool
array_is_gap(char c)
{
    return array_is_space(c) || c == ',';
}

// Gives up the element that begins with `c`. The bytes after that are searched for the
// next one.
void array_lost_begin(struct array *array, char c);

// Checks if the next element, or the end of the array, is at the start of `rest`.
enum array_sight array_lost_look(const struct array *array, struct slice rest,
                                 bool is_all);

// Tracks the brackets and strings of a broken element: its next byte.
void array_lost_follow(struct array *array, char c);
