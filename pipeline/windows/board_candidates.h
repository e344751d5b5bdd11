// The candidates of a board: all that rank at or above its floor, in the order of their
// ids (pipeline/windows/boards.h, which also declares how they become candidates).
#pragma once

#include <stdint.h>

#include "pipeline/windows/boards.h"

enum { BOARD_CANDIDATES_PER_TOP = 4 }; // at most

// Brings the candidates of that board up to date, so that the first `top` are among
// them. Returns how many there are; their owners, scores and places are in scratch.
uint32_t board_candidates_gather(struct boards *boards, uint32_t index);

// The rank of that row on the lasting board as of now, from 1 on; 0: it is not one of
// the first `most`, which is at most `top`.
uint32_t board_candidates_rank(struct boards *boards, uint32_t lasting, uint32_t row,
                               uint32_t most);
