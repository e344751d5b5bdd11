// The order of a board's candidates by their ids.
//
// To compare ids means to read the texts of two owners, which are far apart in memory.
// So the first bytes of each id are kept beside its candidate as a key; only where two
// keys are equal the texts are read.
#pragma once

#include <stdint.h>

#include "base/slice.h"

struct boards;

enum { BOARD_KEY_WORDS = 3, BOARD_KEY_BYTES = 8 * BOARD_KEY_WORDS };

// The bytes as numbers, the first byte the highest; zeros behind the end of the id.
struct board_key {
    uint64_t words[BOARD_KEY_WORDS];
};

// A candidate while it is sorted.
struct board_joined {
    struct board_key key;
    uint32_t which;
    uint32_t owner;
    uint64_t score;
};

// Puts the candidates that joined since, those behind the first `ordered`, into the
// order of ids. The entries in scratch move with them.
void board_order_join(struct boards *boards, uint32_t index);

// How many of the first `count` candidates, which are in order, have an id that is not
// greater.
uint32_t board_order_behind(const struct boards *boards, uint32_t index, uint32_t count,
                            struct slice id);
