#include "pipeline/views_campaign.h"

#include <assert.h>

#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/changes/change.h"
#include "pipeline/changes/change_campaign.h"
#include "pipeline/changes/change_outreach.h"
#include "pipeline/inside.h"
#include "pipeline/views_boards.h"

static_assert((int)VIEWS_OUTREACH_MAX == OUTREACH_MAX, "a list has other sizes");
static_assert(VIEWS_OUTREACH_UNIT == CAMPAIGN_OUTREACH_UNIT, "a score has other units");

_Static_assert((int)VIEWS_CAMPAIGNS_MAX == (int)CAMPAIGN_MAX, "all campaigns are seen");

uint32_t
views_campaigns(const struct pipeline *pipeline)
{
    return (uint32_t)pipeline->campaigns.count;
}

uint32_t
views_campaigns_order(const struct pipeline *pipeline)
{
    return pipeline->campaigns.order;
}

struct slice
views_campaign_name(const struct pipeline *pipeline, uint32_t campaign)
{
    return slice_of(pipeline->campaigns.names[campaign]);
}

uint32_t
views_campaign_find(const struct pipeline *pipeline, struct slice name)
{
    for (uint32_t i = 0; i < views_campaigns(pipeline); i++) {
        if (slice_equal(views_campaign_name(pipeline, i), name)) {
            return i;
        }
    }
    return VIEWS_NONE;
}

bool
views_campaign_has_rivals(const struct pipeline *pipeline, uint32_t campaign)
{
    return (pipeline->campaigns.rivalled >> campaign & 1) != 0;
}

void
views_campaign(struct pipeline *pipeline, uint32_t campaign, struct change *ret_change)
{
    change_show(pipeline, CHANGE_CAMPAIGN, views_campaign_name(pipeline, campaign),
                ret_change);
    change_campaign_fields(pipeline, ret_change, campaign);
}

// ── boards ─────────────────────────────────────────────────────────────────

static const struct boards *
boards_of(const struct pipeline *pipeline, uint32_t campaign)
{
    return &pipeline->campaigns.figures[campaign].boards;
}

// Mentions are not counted within campaigns.
static uint32_t
board_of(const struct pipeline *pipeline, uint32_t index)
{
    uint32_t windows = pipeline->windows.shown;
    return index < TALLY_MENTIONS * windows ? index : index + windows;
}

uint32_t
views_campaign_boards(const struct pipeline *pipeline, uint32_t campaign)
{
    return boards_of(pipeline, campaign)->windowed - pipeline->windows.shown;
}

struct views_board
views_campaign_board(const struct pipeline *pipeline, uint32_t campaign, uint32_t index)
{
    return views_boards_one(pipeline, boards_of(pipeline, campaign),
                            board_of(pipeline, index));
}

uint32_t
views_campaign_entries(const struct pipeline *pipeline, uint32_t campaign,
                       uint32_t index, struct views_entry *space, uint32_t most)
{
    return views_boards_entries(boards_of(pipeline, campaign),
                                board_of(pipeline, index), space, most);
}

// ── whom to talk to ────────────────────────────────────────────────────────

uint32_t
views_campaign_outreach(const struct pipeline *pipeline, uint32_t campaign,
                        struct views_entry *space, uint32_t most)
{
    const struct boards *boards = boards_of(pipeline, campaign);
    uint32_t count = views_boards_entries(boards, boards->windowed, space, most);
    for (uint32_t i = 0; i < count; i++) {
        space[i].score = campaign_outreach_people(space[i].score);
    }
    return count;
}

bool
views_campaign_lists(const struct pipeline *pipeline, uint32_t campaign, uint32_t user)
{
    return figures_list(&pipeline->campaigns.figures[campaign], user);
}

void
views_campaign_person(struct pipeline *pipeline, uint32_t campaign, uint32_t user,
                      struct change *ret_change)
{
    uint32_t pair = pairs_find(&pipeline->campaigns.pairs, campaign, user);
    change_show(pipeline, CHANGE_OUTREACH, users_id(&pipeline->users, user),
                ret_change);
    if (pair != PAIR_NONE) {
        change_outreach_fields(pipeline, ret_change, pair);
    }
}
