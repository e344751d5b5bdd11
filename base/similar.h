// Finds the name that may be meant by a misspelt one.
//
//     similar_init(&similar, wrong); similar_offer(&similar, each) …; similar.nearest
#pragma once

#include <stddef.h>

#include "base/slice.h"

enum { SIMILAR_NAME_MAX = 64 }; // bytes; longer names are similar to none

struct similar {
    struct slice name;
    struct slice
        nearest;     // of those offered, the first of equals; none: none is similar
    size_t distance; // of the nearest, or the least that is too far
};

// Borrows name until the last offer.
void similar_init(struct similar *similar, struct slice name);
// Keeps name.
void similar_offer(struct similar *similar, struct slice name);
