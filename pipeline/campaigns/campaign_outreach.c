#include "pipeline/campaigns/campaign_outreach.h"

#include <math.h>

#include "pipeline/carriers/carrier.h"
#include "pipeline/inside.h"

enum { NEXT_BITS = 24, PEOPLE_BITS = 40 };

#define NEXT_UNIT 1000.0

static struct pairs_row *
pair_at(const struct pipeline *pipeline, uint32_t pair)
{
    return pairs_at(&pipeline->campaigns.pairs, pair);
}

static struct figures *
figures_of(const struct pipeline *pipeline, uint32_t pair)
{
    return &pipeline->campaigns.figures[pair_at(pipeline, pair)->campaign];
}

// ── the list ───────────────────────────────────────────────────────────────

static struct campaign_outreach_view
view_of(const struct pipeline *pipeline, uint32_t pair, usec time)
{
    const struct carriers *carried = &pipeline->campaigns.carried;
    const struct pairs_row *row = pair_at(pipeline, pair);
    struct campaign_outreach_view view = {.carried = {.best_post = SLICE_NONE}};
    if (row->ledger != 0) {
        view.carried = carriers_view(carried, row->ledger - 1, time);
    }
    view.rate = carrier_rate(view.carried.people, view.carried.acts);
    view.next = carrier_next(row->followers, view.rate);
    return view;
}

struct campaign_outreach_view
campaign_outreach_view(const struct pipeline *pipeline, uint32_t pair)
{
    return view_of(pipeline, pair, pipeline->clock);
}

static uint64_t
in_units(double value, double unit, int bits)
{
    uint64_t most = (UINT64_C(1) << bits) - 1;
    double units = value * unit + 0.5;
    return units < (double)most ? (uint64_t)units : most;
}

static uint32_t
board_high(void *context)
{
    const struct campaigns_board *board = context;
    const struct pipeline *pipeline = board->owner;
    return pipeline->campaigns.pairs.high;
}

static uint32_t
board_owner(void *context, uint32_t row)
{
    const struct campaigns_board *board = context;
    const struct pairs_row *pair = pair_at(board->owner, row);
    bool is_mine = !pairs_is_free(pair) && pair->campaign == board->number;
    return is_mine ? pair->user : USER_NONE;
}

static uint8_t *
board_members(void *context, uint32_t row)
{
    const struct campaigns_board *board = context;
    return &pair_at(board->owner, row)->members;
}

static uint64_t
board_score(void *context, uint32_t index, uint32_t row)
{
    (void)index;
    const struct campaigns_board *board = context;
    return pair_at(board->owner, row)->score;
}

struct boards_lasting
campaign_outreach_board(struct pipeline *pipeline, size_t number)
{
    static const char *const names[] = {"outreach"};
    struct campaigns_board *board = &pipeline->campaigns.boards[number];
    *board = (struct campaigns_board){pipeline, (uint8_t)number};
    return (struct boards_lasting){
        .count = 1,
        .top = OUTREACH_MAX,
        .names = names,
        .context = board,
        .high = board_high,
        .owner = board_owner,
        .members = board_members,
        .score = board_score,
    };
}

// ── what changes ───────────────────────────────────────────────────────────

static uint64_t
score_of(const struct pipeline *pipeline, uint32_t pair)
{
    const struct carriers *carried = &pipeline->campaigns.carried;
    if (pair_at(pipeline, pair)->acts == 0) {
        return 0;
    }
    usec time = carried->as_of != USEC_NONE ? carried->as_of : pipeline->clock;
    struct campaign_outreach_view view = view_of(pipeline, pair, time);
    return in_units(view.carried.people, (double)CAMPAIGN_OUTREACH_UNIT, PEOPLE_BITS)
               << NEXT_BITS |
           in_units(view.next, NEXT_UNIT, NEXT_BITS);
}

// Followers that are not known are taken to be the network's median.
static void
set_followers(const struct pipeline *pipeline, struct pairs_row *pair)
{
    const struct user *row = users_at(&pipeline->users, pair->user);
    uint32_t followers = row->followers;
    if ((row->flags & USER_HAS_FOLLOWERS) == 0 &&
        !forecasts_median(pipeline, users_id(&pipeline->users, pair->user),
                          &followers)) {
        followers = 0;
    }
    pair->followers = followers;
}

static void
change_row(struct pipeline *pipeline, uint32_t pair)
{
    struct pairs_row *row = pair_at(pipeline, pair);
    set_followers(pipeline, row);
    row->score = score_of(pipeline, pair);
    row->is_changed = true;
}

void
campaign_outreach_touched(struct pipeline *pipeline, uint32_t pair)
{
    struct figures *figures = figures_of(pipeline, pair);
    change_row(pipeline, pair);
    figures->has_changed_people = true;
    boards_row_touched(&figures->boards, pair, 1);
}

void
campaign_outreach_left(struct pipeline *pipeline, uint32_t pair)
{
    boards_row_gone(&figures_of(pipeline, pair)->boards, pair);
    carriers_forget(&pipeline->campaigns.carried, pair);
}

void
campaign_outreach_merge(struct pipeline *pipeline, uint32_t from, uint32_t into)
{
    carriers_merge(&pipeline->campaigns.carried, from, into);
}

void
campaign_outreach_renew(struct pipeline *pipeline, bool is_forced)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    struct carriers *carried = &campaigns->carried;
    if (campaigns->count == 0 ||
        !(is_forced || carriers_is_due(carried, pipeline->clock, pipeline->longest))) {
        return;
    }
    carriers_renew(carried, pipeline->clock);
    for (uint32_t i = 0; i < campaigns->pairs.high; i++) {
        if (!pairs_is_free(pair_at(pipeline, i))) {
            change_row(pipeline, i);
        }
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        boards_renew(&campaigns->figures[i].boards);
        campaigns->figures[i].has_changed_people = true;
    }
}

// ── the ledger ─────────────────────────────────────────────────────────────

static uint32_t *
pair_place(void *context, uint32_t pair)
{
    return &pair_at(context, pair)->ledger;
}

// A pair is in the ledger as long as it is there.
static void
ignore(void *context, uint32_t pair)
{
    (void)context;
    (void)pair;
}

static void
ignore_moved(void *context, uint32_t from, uint32_t into)
{
    (void)context;
    (void)from;
    (void)into;
}

static void
row_touched(void *context, uint32_t row, uint32_t boards)
{
    struct pipeline *pipeline = context;
    (void)boards;
    campaign_outreach_touched(pipeline,
                              carriers_at(&pipeline->campaigns.carried, row)->user);
}

bool
campaign_outreach_init(struct pipeline *pipeline)
{
    uint32_t capacity = pipeline->campaigns.pairs.capacity;
    const struct carriers_needs needs = {
        .capacity = capacity,
        .users = capacity,
        .half_life = pipeline->options.carriers_half_life,
        .texts = pipeline->texts,
        .owners = {pipeline, pair_place, ignore, ignore, ignore_moved, row_touched,
                   ignore},
    };
    return carriers_init(&pipeline->campaigns.carried, &needs);
}

void
campaign_outreach_fini(struct pipeline *pipeline)
{
    carriers_fini(&pipeline->campaigns.carried);
}
