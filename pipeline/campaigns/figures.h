// What is counted in one campaign: its totals in the windows, how many people and
// cascades are in it, and its boards.
//
// Counters of pipeline/windows count it: those of a person, a cascade or a hashtag in
// the campaign are in the list of the owner's other counters, and contain the number of
// the campaign. The totals belong to the campaign.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/campaigns/campaign.h"
#include "pipeline/campaigns/outreach_keys.h"
#include "pipeline/windows/boards.h"

struct course;
struct snapshot;

// The totals that have a counter.
enum figures_total {
    FIGURES_POSTS,
    FIGURES_RETWEETS,
    FIGURES_QUOTES,
    FIGURES_REPLIES,
    FIGURES_REACH,
    FIGURES_CARRIED,
    FIGURES_TRANSLATED,
    FIGURES_RIVAL_POSTS,
    FIGURES_TOTALS,
};

// Those that are numbers of counters or pairs.
enum figures_number {
    FIGURES_PEOPLE,
    FIGURES_NEW_PEOPLE,
    FIGURES_KNOWN_PEOPLE,
    FIGURES_CASCADES,
    FIGURES_NUMBERS,
};

// The fields of the hash, for each window: the totals, the numbers, and the share.
enum { FIGURES_FIELDS = FIGURES_TOTALS + FIGURES_NUMBERS + 1 };

struct slice figures_field(uint32_t field); // its name without the window

struct figures {
    struct boards boards;
    uint32_t totals[FIGURES_TOTALS]; // counters
    uint32_t numbers[FIGURES_NUMBERS][OPTION_SPANS_MAX];
    uint64_t written[FIGURES_FIELDS][OPTION_SPANS_MAX]; // value + 1; 0: no field
    struct outreach_keys keys;
    struct course *course;
    bool has_changed_people; // some pairs are changed (struct pairs_row)
    bool has_moved_people;   // others are on the outreach list
    bool is_changed;         // since the last pull
    bool is_written;         // Redis has, or may have, the hash
    bool is_whole;           // the next write contains every field
};

// Saves the contents, or loads them into figures with initialised boards, keys and
// course.
void figures_move(struct figures *figures, struct snapshot *snapshot);

// True if the user is on the outreach list.
static inline bool
figures_list(const struct figures *figures, uint32_t user)
{
    return boards_lasting_selected(&figures->boards, 0, user);
}
