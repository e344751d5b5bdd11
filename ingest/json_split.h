// A JSON array of objects cut into its elements, by brackets and quotes alone: what is
// in them is for whoever reads them. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

// Writes the elements in order; they point into text. False if text is not one such
// array, or one of more than `most`.
bool json_split(struct slice text, struct slice *elements, size_t most,
                size_t *ret_count);
