// Entries of a leaderboard: an owner with a score, and two ways to order them.
#pragma once

#include <stdint.h>

struct board_entry {
    uint32_t owner;
    uint32_t place; // among the candidates, in the order of their ids
    uint64_t score;
};

// Afterwards the first `wanted` of the entries, greater score first, then by place, are
// in front, and the last of them is at wanted - 1. 1 <= wanted <= count.
void board_entries_select(struct board_entry *entries, uint32_t count, uint32_t wanted);

// Sorts by owner. `spare` has room for as many entries.
void board_entries_sort(struct board_entry *entries, struct board_entry *spare,
                        uint32_t count);
