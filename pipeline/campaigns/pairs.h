// Who took part in which campaign: a row for each pair of a campaign and a person who
// published, retweeted, quoted or replied in it.
//
// A pair outlives the windows, so that it is known whether a person is new. At capacity
// a pair leaves whose person did nothing within the windows; if none of those looked at
// is idle, there is no room. If the person comes back, the new pair contains only the
// events from then on (since). A row refers to the user, who is held by the owner of
// the table.
//
// `last` is not taken back: the time of the act before is kept nowhere. It is that of
// the latest act that ever counted since the pair was made.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct snapshot;

#define PAIR_NONE UINT32_MAX

enum { PAIRS_LOOKED_AT = 256 }; // to find an idle one

struct pairs_row {
    uint32_t user; // UINT32_MAX: the row is free
    uint32_t
        acts; // of the person in the campaign; of a free row: index + 1 of the next
    uint8_t campaign; // its number
    uint8_t fresh;    // bit per window: it contains all acts
    uint8_t known;    // bit per window: it contains acts of a person who is known
    bool is_known;    // the people file of the campaign names the person
    uint8_t members;  // bit per board without a window: candidate of it
    bool is_changed;  // something that the outreach list shows
    uint32_t ledger;  // in that of the campaigns: row + 1; 0: none
    uint32_t followers;
    usec first, last; // when the person first and last did something in the campaign:
                      // `first` of the acts since there were none (course.h)
    uint64_t since;   // sequence number of the event that made the pair
    uint64_t score;   // on the outreach list
};

struct pairs {
    struct pairs_row *rows;
    uint32_t capacity;
    uint32_t high, count;
    uint32_t free; // index + 1
    uint32_t hand; // where the next idle one is looked for
    struct table by_key;
};

// capacity: at least 1. False when the system refuses the memory.
bool pairs_init(struct pairs *pairs, uint32_t capacity);
void pairs_fini(struct pairs *pairs);

// PAIR_NONE: there is none.
uint32_t pairs_find(const struct pairs *pairs, unsigned campaign, uint32_t user);
// A new pair; there must be room and no such pair.
uint32_t pairs_add(struct pairs *pairs, unsigned campaign, uint32_t user);
void pairs_remove(struct pairs *pairs, uint32_t index);
// The pair is one of another campaign, or of another person, who has no such pair.
void pairs_move_to(struct pairs *pairs, uint32_t index, unsigned campaign,
                   uint32_t user);

// Of the next PAIRS_LOOKED_AT rows, one of which is_idle is true; PAIR_NONE: none is.
uint32_t pairs_find_idle(struct pairs *pairs,
                         bool (*is_idle)(const void *context,
                                         const struct pairs_row *pair),
                         const void *context);

// Saves the contents, or loads them into an empty table of the same capacity.
void pairs_move(struct pairs *pairs, struct snapshot *snapshot);

static inline struct pairs_row *
pairs_at(const struct pairs *pairs, uint32_t index)
{
    return &pairs->rows[index];
}

static inline bool
pairs_is_free(const struct pairs_row *pair)
{
    return pair->user == UINT32_MAX;
}
