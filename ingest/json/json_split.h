// Splits a JSON array into its elements by brackets and quotes alone; the caller parses
// the elements. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

// Iterates over the elements.
struct json_split_walk {
    struct slice text;
    size_t at; // of the next element
    bool is_over;
    bool is_broken; // not exactly one array
};

// False if text does not begin like an array.
bool json_split_begin(struct json_split_walk *walk, struct slice text);
// False after the last element, or where the array breaks off.
bool json_split_next(struct json_split_walk *walk, struct slice *ret_element);

// Writes the elements of an array in order; they point into text. False if text is not
// exactly one array, or has more than `most` elements.
bool json_split(struct slice text, struct slice *elements, size_t most,
                size_t *ret_count);
