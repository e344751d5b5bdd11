// Entries of a leaderboard: an owner with a score, and two ways to order them.
#pragma once

#include <stdbool.h>
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

// A list that is sorted by owner.
struct board_entries {
    const struct board_entry *rows;
    uint32_t count;
};

bool board_entries_has(struct board_entries entries, uint32_t owner);
// True if both have the same owners with the same scores.
bool board_entries_same(struct board_entries a, struct board_entries b);
// The next step of a walk through both lists, which has come to now[i] and old[k].
// Below 0: now[i] is not in old; above 0: old[k] is not in now; 0: they have the same
// owner. It must not have come to the end of both.
int board_entries_step(struct board_entries now, uint32_t i, struct board_entries old,
                       uint32_t k);
