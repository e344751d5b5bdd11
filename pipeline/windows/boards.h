// Leaderboards: the `top` greatest counters of a tally in a window, exact at every
// flush.
//
// Order: greater value first; equal values by id, bytewise; zero is never on a board.
//
// A board keeps candidates: every counter that ranks at or above `floor`, which is set
// when the board is rebuilt. A counter that rises above the floor becomes a candidate
// when it changes; one that fell below it is dropped at the next flush. The whole
// window is searched again only when fewer than `top` candidates are left while other
// counters exist, which takes half of the candidates to fall below the floor
// (pipeline/windows/board_candidates.h).
//
// Behind these boards come those without a window ("lasting"): the rows of another
// table, with scores in units of 1e-9 that the table computes. They are kept in the
// same way.
//
// A campaign has boards of its own, of the counters that name it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "pipeline/changes.h"
#include "pipeline/windows/board_entries.h"
#include "pipeline/windows/board_order.h"
#include "pipeline/windows/board_owners.h"
#include "pipeline/windows/windows.h"

struct snapshot;

#define BOARDS_LASTING_UNIT UINT64_C(1000000000) // scores of lasting boards per 1

struct board {
    char name[OPTION_TITLE_MAX + 2 * OPTION_NAME_MAX]; // "mentions:1h"
    uint32_t *candidates;                              // counters, or rows
    struct board_key *keys;                            // of those in order
    uint32_t candidate_count;
    uint32_t top;         // so many entries
    uint32_t ordered;     // so many of them, the first, are in the order of their ids
    bool has_outside;     // counters above zero exist that are not candidates
    bool is_touched;      // since the last update
    bool has_left;        // and something selected may have no key any more
    bool is_changed;      // published differs from current
    bool is_whole;        // the next write replaces the board
    uint64_t floor_score; // 0: everything above zero is a candidate
    uint32_t floor_len;
    char *floor_id;
    struct board_entry *published; // by owner
    uint32_t published_count;
    struct board_entry *current; // selected, by owner
    uint32_t current_count;
};

struct boards {
    struct board *rows; // row = (tally - first) * windows + window, then lasting ones
    enum tally first;   // TALLY_CAMPAIGN, of those of a campaign
    uint8_t campaign;   // its number
    uint32_t count;
    uint32_t windowed; // how many have a window
    uint32_t top;
    uint32_t most; // entries for which each has room
    uint32_t room; // candidates a board holds at most
    struct windows *windows;
    struct boards_owners owners;
    struct boards_lasting lasting;
    struct board_entry *scratch; // while selecting, or while a reader sorts
    struct board_joined *joined; // candidates while sorting, twice `room`
    struct change_entry *entries;
    uint32_t rebuilds;
};

// What the boards use; all but spans is kept.
struct boards_needs {
    struct windows *windows;
    const struct option_spans *spans;
    struct boards_owners owners;
    struct boards_lasting lasting;
    const char *campaign; // its name, borrowed; NULL: the boards are of none
    uint8_t number;       // of the campaign
};
// False when the system refuses the memory.
bool boards_init(struct boards *boards, uint32_t top, const struct boards_needs *needs);
void boards_fini(struct boards *boards);

// Releases the owners on the boards, which will be freed.
void boards_release(const struct boards *boards);

// Values of that counter changed in those slots.
void boards_touched(struct boards *boards, uint32_t index, uint32_t slots);

// The same of a row behind the lasting boards. lasting: bit per board.
void boards_row_touched(struct boards *boards, uint32_t row, uint32_t lasting);
// The row is about to become free.
void boards_row_gone(struct boards *boards, uint32_t row);
// All scores of the lasting boards changed.
void boards_renew(struct boards *boards);

// Selects the entries of all boards whose values changed. No list of candidates refers
// to a destroyed counter afterwards.
void boards_select(struct boards *boards);
// True if the owner was selected for the board of that tally and slot.
bool boards_selected(const struct boards *boards, enum tally tally, uint32_t slot,
                     uint32_t owner);

// True if the user was selected for that lasting board.
bool boards_lasting_selected(const struct boards *boards, uint32_t lasting,
                             uint32_t user);

// Returns the change from the published entries to the selected ones; false if there is
// none. They are selected again if one of them left the windows since, or is hidden: it
// may have no key any more. Other changes are for the next flush. Entries are valid
// until the next call.
bool boards_take_change(struct boards *boards, uint32_t index,
                        struct change *ret_change);

// The id of the owner of a counter of that tally changed.
void boards_renamed(struct boards *boards, enum tally tally);
// The id of the owner of a row behind the lasting boards changed.
void boards_lasting_renamed(struct boards *boards);

// True if boards_take_change would return something.
bool boards_pending(const struct boards *boards);

// The board has so many entries from now on, at most those for which there is room.
void boards_set_top(struct boards *boards, uint32_t index, uint32_t top);

// The next write replaces the whole board.
void boards_lost(struct boards *boards, uint32_t index);

// Saves the contents, or loads them into freshly initialised boards of the same sizes.
void boards_move(struct boards *boards, struct snapshot *snapshot);

// How many units of its scores are 1.
uint64_t boards_unit(const struct boards *boards, uint32_t index);

// Of what the owners on a board are: those of lasting ones are users.
static inline enum tally
boards_tally(const struct boards *boards, uint32_t index)
{
    return index < boards->windowed
               ? (enum tally)(boards->first + index / boards->windows->shown)
               : TALLY_POSTS;
}

static inline struct slice
boards_id(const struct boards *boards, enum tally tally, uint32_t owner)
{
    return boards->owners.id(boards->owners.context, tally, owner);
}
