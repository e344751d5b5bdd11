// A JSON array cut into its elements, by brackets and quotes alone: what is in them is
// for whoever reads them. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

// One element after the other.
struct json_split_walk {
    struct slice text;
    size_t at; // of the next element
    bool is_over;
    bool is_broken; // not one array and nothing else
};

// False if text does not begin as an array does.
bool json_split_begin(struct json_split_walk *walk, struct slice text);
// False behind the last element, or where the array breaks off.
bool json_split_next(struct json_split_walk *walk, struct slice *ret_element);

// Writes the elements of an array of objects in order; they point into text. False if
// text is not one such array, or one of more than `most`.
bool json_split(struct slice text, struct slice *elements, size_t most,
                size_t *ret_count);
