#include "pipeline/changes/change_campaign.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/campaigns/campaign_outreach.h"

enum { SHARE_UNIT = 10000, NAME_MAX_LEN = OPTION_TITLE_MAX + 2 * OPTION_NAME_MAX };

static uint64_t
total_at(const struct pipeline *pipeline, const struct figures *figures,
         enum figures_total total, uint32_t slot)
{
    const struct counters *counters = &pipeline->windows.counters;
    return counters_value(counters, counters_at(counters, figures->totals[total]),
                          slot);
}

// The value + 1; 0: there is none.
static uint64_t
value_at(const struct pipeline *pipeline, const struct figures *figures, uint32_t field,
         uint32_t slot)
{
    if (field < FIGURES_TOTALS) {
        return total_at(pipeline, figures, (enum figures_total)field, slot) + 1;
    }
    if (field < FIGURES_FIELDS - 1) {
        return (uint64_t)figures->numbers[field - FIGURES_TOTALS][slot] + 1;
    }
    uint64_t posts = total_at(pipeline, figures, FIGURES_POSTS, slot);
    uint64_t all = posts + total_at(pipeline, figures, FIGURES_RIVAL_POSTS, slot);
    return all != 0 ? (posts * SHARE_UNIT + all / 2) / all + 1 : 0;
}

static bool
is_zero(const struct pipeline *pipeline, const struct figures *figures)
{
    for (uint32_t field = 0; field < FIGURES_FIELDS - 1; field++) {
        for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
            if (value_at(pipeline, figures, field, slot) != 1) {
                return false;
            }
        }
    }
    return true;
}

static struct slice
name_of(struct pipeline *pipeline, uint32_t field, uint32_t slot)
{
    const char *window = pipeline->options.windows.name[slot];
    struct arena *scratch = &pipeline->flush.scratch;
    struct slice head = arena_join(scratch, figures_field(field), SLICE_LIT(":"));
    return arena_join(scratch, head, slice_of(window));
}

// value: as value_at returns it.
static void
put_value(struct pipeline *pipeline, struct change *change, uint64_t value,
          uint32_t field, uint32_t slot)
{
    bool is_share = field == FIGURES_FIELDS - 1;
    if (value == 0 && change->is_whole) {
        return;
    }
    change_put(pipeline, change, name_of(pipeline, field, slot),
               value == 0 ? SLICE_NONE
               : is_share ? change_rate(pipeline, value - 1, SHARE_UNIT)
                          : change_number(pipeline, value - 1));
}

static void
put_field(struct pipeline *pipeline, struct figures *figures, struct change *change,
          uint32_t field, uint32_t slot)
{
    uint64_t value = value_at(pipeline, figures, field, slot);
    uint64_t *written = &figures->written[field][slot];
    if (value == *written && !change->is_whole) {
        return;
    }
    *written = value;
    put_value(pipeline, change, value, field, slot);
}

void
change_campaign_fields(struct pipeline *pipeline, struct change *change,
                       uint32_t campaign)
{
    const struct figures *figures = &pipeline->campaigns.figures[campaign];
    for (uint32_t field = 0; field < FIGURES_FIELDS; field++) {
        for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
            put_value(pipeline, change, value_at(pipeline, figures, field, slot), field,
                      slot);
        }
    }
}

static bool
change_hash(struct pipeline *pipeline, uint32_t campaign, struct change *change)
{
    struct figures *figures = &pipeline->campaigns.figures[campaign];
    if (!figures->is_changed) {
        return false;
    }
    figures->is_changed = false;
    change->kind = CHANGE_CAMPAIGN;
    change->name = slice_of(pipeline->campaigns.names[campaign]);
    if (is_zero(pipeline, figures)) {
        change->is_gone = figures->is_written;
        figures->is_written = false;
        figures->is_whole = true;
    } else {
        change->is_fresh = !figures->is_written;
        change->is_whole = figures->is_whole || !figures->is_written;
        for (uint32_t field = 0; field < FIGURES_FIELDS; field++) {
            for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
                put_field(pipeline, figures, change, field, slot);
            }
        }
        figures->is_written = true;
        figures->is_whole = false;
    }
    if (change->field_count == 0 && !change->is_gone) {
        return false;
    }
    change_fly(pipeline, CHANGE_CAMPAIGN, campaign);
    return true;
}

// ── campaigns that are gone ────────────────────────────────────────────────

static uint32_t
boards_per(const struct pipeline *pipeline)
{
    return TALLY_BOARDS * pipeline->windows.shown + 1; // and the outreach list
}

static struct slice
outreach_name(struct pipeline *pipeline, const char *campaign)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, NAME_MAX_LEN);
    if (text == NULL) {
        return SLICE_NONE;
    }
    int len = snprintf(text, NAME_MAX_LEN, "%s:outreach", campaign);
    return (struct slice){text, (size_t)len};
}

// One after the other: a part is left for the next flush if a reload during this one
// moved its place.
static bool
change_leaving(struct pipeline *pipeline, uint32_t leaving, uint32_t part,
               struct change *change)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    const char *campaign = campaigns->leaving[leaving].name;
    if (part != campaigns->leaving[leaving].pulled) {
        return false;
    }
    if (part == 0) {
        change->kind = CHANGE_CAMPAIGN;
        change->name = slice_of(campaign);
        change->is_gone = true;
    } else if (part == boards_per(pipeline)) {
        change->kind = CHANGE_CAMPAIGN_BOARD;
        change->name = outreach_name(pipeline, campaign);
        change->is_whole = true;
    } else {
        struct slice tally =
            tally_name((enum tally)((part - 1) / pipeline->windows.shown));
        const char *window =
            pipeline->options.windows.name[(part - 1) % pipeline->windows.shown];
        char *text = arena_alloc(&pipeline->flush.scratch, 1, NAME_MAX_LEN);
        if (text == NULL) {
            return false;
        }
        int len = snprintf(text, NAME_MAX_LEN, "%s:top:%.*s:%s", campaign,
                           SLICE_ARG(tally), window);
        change->kind = CHANGE_CAMPAIGN_BOARD;
        change->name = (struct slice){text, (size_t)len};
        change->is_whole = true;
    }
    campaigns->leaving[leaving].pulled++;
    change_fly(pipeline, change->kind, leaving);
    return true;
}

// The scores of the outreach list contain more than the people.
static void
show_people(struct boards *boards, struct change *change)
{
    for (size_t i = 0; i < change->entry_count; i++) {
        uint64_t *score = &boards->entries[i].score;
        *score = *score != 0 ? campaign_outreach_people(*score) + 1 : 0;
    }
    change->unit = CAMPAIGN_OUTREACH_UNIT;
    change->above = 1;
}

// ── changes ────────────────────────────────────────────────────────────────

void
change_campaigns_select(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->campaigns.count; i++) {
        boards_select(&pipeline->campaigns.figures[i].boards);
    }
}

uint32_t
change_campaigns_count(const struct pipeline *pipeline)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    return ((uint32_t)campaigns->count + campaigns->leaving_count) *
           (1 + boards_per(pipeline));
}

bool
change_campaign(struct pipeline *pipeline, uint32_t place, struct change *change)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    uint32_t each = 1 + boards_per(pipeline);
    // Counted down: those that are gone first, the hash of each first.
    place = change_campaigns_count(pipeline) - 1 - place;
    uint32_t number = place / each;
    uint32_t part = place % each;
    if (number < campaigns->leaving_count) {
        return change_leaving(pipeline, number, part, change);
    }
    number -= campaigns->leaving_count;
    if (number >= campaigns->count) {
        return false; // they have changed during the flush
    }
    if (part == 0) {
        return change_hash(pipeline, number, change);
    }
    struct boards *boards = &campaigns->figures[number].boards;
    if (!boards_take_change(boards, part - 1, change)) {
        return false;
    }
    if (part == each - 1) {
        show_people(boards, change);
        campaigns->figures[number].has_moved_people = true;
    }
    change->kind = CHANGE_CAMPAIGN_BOARD;
    change_fly(pipeline, CHANGE_CAMPAIGN_BOARD, number);
    return true;
}

bool
change_campaigns_pending(const struct pipeline *pipeline)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    if (campaigns->leaving_count != 0) {
        return true;
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        const struct figures *figures = &campaigns->figures[i];
        if (figures->is_changed || boards_pending(&figures->boards)) {
            return true;
        }
    }
    return false;
}

void
change_campaigns_written(struct pipeline *pipeline)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        struct campaigns_leaving *leaving = &campaigns->leaving[i];
        bool is_whole = leaving->pulled == boards_per(pipeline) + 1;
        leaving->pulled = 0;
        if (is_whole && leaving->keys.count == 0) {
            outreach_keys_fini(&leaving->keys);
        } else {
            campaigns->leaving[kept++] = *leaving;
        }
    }
    for (uint32_t i = kept; i < campaigns->leaving_count; i++) {
        campaigns->leaving[i] = (struct campaigns_leaving){0};
    }
    campaigns->leaving_count = kept;
}

void
change_campaigns_lost(struct pipeline *pipeline)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        campaigns->leaving[i].pulled = 0;
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        struct figures *figures = &campaigns->figures[i];
        figures->is_changed = figures->is_whole = figures->is_written = true;
        for (uint32_t board = 0; board < figures->boards.count; board++) {
            boards_lost(&figures->boards, board);
        }
    }
}

bool
change_campaigns_have(const struct pipeline *pipeline, enum change_kind kind,
                      struct slice name)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    for (size_t i = 0; i < campaigns->count; i++) {
        const struct boards *boards = &campaigns->figures[i].boards;
        if (kind == CHANGE_CAMPAIGN &&
            slice_equal(name, slice_of(campaigns->names[i]))) {
            return true;
        }
        for (uint32_t k = 0; kind == CHANGE_CAMPAIGN_BOARD && k < boards->count; k++) {
            if (slice_equal(name, slice_of(boards->rows[k].name))) {
                return true;
            }
        }
    }
    return false;
}
