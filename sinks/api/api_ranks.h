// The ranks that the members of some boards had a minute before. Pure.
//
// Every API_RANKS_EVERY of the clock of the posts, the first members of every board are
// noted, by hashes of their ids.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"

#define API_RANKS_EVERY (10 * USEC_PER_S)
#define API_RANKS_AGE USEC_PER_MIN

enum { API_RANKS_NOTES = 7 };

struct api_ranks_note {
    usec clock;       // USEC_NONE: empty
    uint32_t *counts; // of each board
    uint64_t *hashes; // `kept` of each board
};

struct api_ranks {
    uint32_t boards;
    uint32_t kept;                                // members of each
    struct api_ranks_note notes[API_RANKS_NOTES]; // ring
    uint32_t newest;
};

// False when there is no memory.
bool api_ranks_init(struct api_ranks *ranks, uint32_t boards, uint32_t kept);
// Accepts zeroed ranks.
void api_ranks_fini(struct api_ranks *ranks);

// True if a note is due at that clock. It replaces the oldest one: api_ranks_set
// follows for every board. A clock that was set back drops all notes.
bool api_ranks_begin(struct api_ranks *ranks, usec clock);
void api_ranks_set(struct api_ranks *ranks, uint32_t board, const uint64_t *hashes,
                   uint32_t count);
// 0: it was not among the noted ones, or there is no note of that age.
uint32_t api_ranks_before(const struct api_ranks *ranks, uint32_t board, usec clock,
                          uint64_t hash);
