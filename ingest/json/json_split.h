// Splits a JSON array into its elements by brackets and quotes alone; the caller parses
// the elements. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

// Writes the elements of an array in order; they point into text. False if text is not
// exactly one array, or has more than `most` elements.
bool json_split(struct slice text, struct slice *elements, size_t most,
                size_t *ret_count);
