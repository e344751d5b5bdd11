// Whose counters are on the boards, and the table behind the boards without a window
// (pipeline/windows/boards.h).
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "pipeline/windows/tally.h"

// How a board gets the id of a counter's owner, how it holds an owner that is selected
// or published so that it is not evicted, and how it reports one that is to enter or to
// leave the board.
struct boards_owners {
    void *context;
    struct slice (*id)(void *context, enum tally tally, uint32_t owner);
    void (*hold)(void *context, enum tally tally, uint32_t owner);
    void (*release)(void *context, enum tally tally, uint32_t owner);
    void (*moved)(void *context, enum tally tally, uint32_t owner);
};

// The table behind the lasting boards, whose owners are users.
struct boards_lasting {
    uint32_t count;           // of boards; 0: there are none
    uint32_t top;             // most entries of one; 0: as on the others
    const char *const *names; // kept
    void *context;
    uint32_t (*high)(void *context); // rows are below this
    // USER_NONE: the row is free.
    uint32_t (*owner)(void *context, uint32_t row);
    // Bit per board; of a row that is not free.
    uint8_t *(*members)(void *context, uint32_t row);
    uint64_t (*score)(void *context, uint32_t board, uint32_t row);
};
