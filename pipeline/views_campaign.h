// Read access to the campaigns: figures, boards and whom to talk to (see
// pipeline/views.h).
//
// Campaigns have the numbers 0 to views_campaigns() - 1, in the order of the
// configuration; they are others after pipeline_set_campaigns.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "pipeline/views.h"

struct pipeline;

enum { VIEWS_OUTREACH_MAX = 1000 }; // people on a list

enum { VIEWS_CAMPAIGNS_MAX = 64 };
uint32_t views_campaigns(const struct pipeline *pipeline);
// Another number after every pipeline_set_campaigns.
uint32_t views_campaigns_order(const struct pipeline *pipeline);
struct slice views_campaign_name(const struct pipeline *pipeline, uint32_t campaign);
// The campaign of that name, or VIEWS_NONE.
uint32_t views_campaign_find(const struct pipeline *pipeline, struct slice name);

// True if it has words of rivals.
bool views_campaign_has_rivals(const struct pipeline *pipeline, uint32_t campaign);

// Every field of the hash, also while all are zero and there is no key; a share is
// missing while nothing is published.
void views_campaign(struct pipeline *pipeline, uint32_t campaign,
                    struct change *ret_change);

// The boards of the campaign that have a window.
uint32_t views_campaign_boards(const struct pipeline *pipeline, uint32_t campaign);
struct views_board views_campaign_board(const struct pipeline *pipeline,
                                        uint32_t campaign, uint32_t index);
// As views_entries.
uint32_t views_campaign_entries(const struct pipeline *pipeline, uint32_t campaign,
                                uint32_t index, struct views_entry *space,
                                uint32_t most);

// Whom to talk to as of the last flush, in the order of the list; returns how many.
// `space` has room for VIEWS_OUTREACH_MAX entries and for views_top(pipeline).
// score: the people of the hash as of when the list was computed, in millionths.
#define VIEWS_OUTREACH_UNIT UINT64_C(1000000)
uint32_t views_campaign_outreach(const struct pipeline *pipeline, uint32_t campaign,
                                 struct views_entry *space, uint32_t most);
bool views_campaign_lists(const struct pipeline *pipeline, uint32_t campaign,
                          uint32_t user);
// Every field of the hash that has a value. No fields: the user is not in the campaign.
void views_campaign_person(struct pipeline *pipeline, uint32_t campaign, uint32_t user,
                           struct change *ret_change);
