// Boards as readers see them (see pipeline/views.h): those of everybody, and those of a
// campaign.
#pragma once

#include <stdint.h>

#include "pipeline/views.h"

struct boards;

struct views_board views_boards_one(const struct pipeline *pipeline,
                                    const struct boards *boards, uint32_t index);
// The first entries in the order of their ranks; returns how many. `space` has room for
// as many entries as the board has.
uint32_t views_boards_entries(const struct boards *boards, uint32_t index,
                              struct views_entry *space, uint32_t most);
