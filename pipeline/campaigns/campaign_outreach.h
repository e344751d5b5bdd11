// Whom to talk to in a campaign: through whom people came within it.
//
// A ledger like that of all carriers (pipeline/carriers/carriers.h), of pairs instead
// of people; campaign_acts.c fills it.
//
// The list of a campaign has the people who have an act or a post in it: those through
// whom most came first, and among equals those of the greatest `next`. It is one of the
// campaign's boards, the one that has no window. A score contains both: the people in
// millionths, and below that `next` in thousandths.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/carriers/carriers.h"
#include "pipeline/windows/boards.h"

struct pipeline;

#define CAMPAIGN_OUTREACH_UNIT UINT64_C(1000000) // of the people in a score

// False when the system refuses the memory.
bool campaign_outreach_init(struct pipeline *pipeline);
void campaign_outreach_fini(struct pipeline *pipeline);
// What the board of the campaign of that number needs.
struct boards_lasting campaign_outreach_board(struct pipeline *pipeline, size_t number);

// Something of that pair changed that the list shows.
void campaign_outreach_touched(struct pipeline *pipeline, uint32_t pair);
// It is about to become free.
void campaign_outreach_left(struct pipeline *pipeline, uint32_t pair);
// Two pairs of one campaign become one.
void campaign_outreach_merge(struct pipeline *pipeline, uint32_t from, uint32_t into);
// Computes the order and the scores again if that is due, or in any case.
void campaign_outreach_renew(struct pipeline *pipeline, bool is_forced);

// The people of a score.
static inline uint64_t
campaign_outreach_people(uint64_t score)
{
    return score >> 24;
}

// What the list shows of a pair, as of now.
struct campaign_outreach_view {
    struct carriers_view carried;
    double rate, next;
};
struct campaign_outreach_view campaign_outreach_view(const struct pipeline *pipeline,
                                                     uint32_t pair);
