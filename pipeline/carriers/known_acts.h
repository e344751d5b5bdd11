// Reshares of a cascade by known carriers: the size of the cascade before each, and the
// carrier's rank on the board of carriers at that time.
//
// In a piece of the slab, which the owner refers to; SLAB_NONE: there are none. At most
// KNOWN_ACTS_MAX of a cascade.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

enum { KNOWN_ACTS_MAX = 1024 };

struct known_act {
    uint64_t event; // its hash
    uint32_t size;
    uint32_t rank; // from 1 on
};

// False if there is no room.
bool known_acts_add(uint32_t *piece, struct slab *slab, struct known_act act);
// The event is taken back.
void known_acts_remove(uint32_t piece, struct slab *slab, uint64_t event);
// The lowest rank of those before which the cascade was smaller than `below`; 0: there
// are none.
uint32_t known_acts_best(uint32_t piece, const struct slab *slab, double below);
void known_acts_clear(uint32_t *piece, struct slab *slab);
