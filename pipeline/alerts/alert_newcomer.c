#include "pipeline/alerts/alert_newcomer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/alerts/alert_raise.h"
#include "pipeline/inside.h"
#include "pipeline/windows/board_candidates.h"

enum { REASON_MAX = 96, TEXT_MAX = 2 * OPTION_TITLE_MAX + 3 * REASON_MAX };

// ── what is remembered ─────────────────────────────────────────────────────

// Of a campaign and a person: what is remembered of posts has other keys.
static uint64_t
key_of(const struct pipeline *pipeline, struct slice campaign, uint32_t user)
{
    uint64_t name = inside_hash(pipeline, campaign);
    uint64_t id = inside_hash(pipeline, users_id(&pipeline->users, user));
    return (name ^ (id << 1 | id >> 63)) | 1; // a free row has 0
}

uint64_t
alert_newcomer_rule(const struct pipeline *pipeline, struct slice name)
{
    return ~inside_hash(pipeline, name);
}

static struct slice
campaign_of(const struct pipeline *pipeline, const struct pairs_row *pair)
{
    return slice_of(pipeline->campaigns.names[pair->campaign]);
}

// The row of a rule and a pair; new if there is none. NULL: every row is in a digest.
static struct alert_row *
row_of(struct pipeline *pipeline, size_t rule, uint32_t pair)
{
    struct alert_memory *memory = &pipeline->alerts.memory;
    const struct pairs_row *row = pairs_at(&pipeline->campaigns.pairs, pair);
    uint32_t index = alert_memory_put(
        memory, key_of(pipeline, campaign_of(pipeline, row), row->user),
        pipeline->alerts.plans[rule].hash, alert_raise_left, pipeline);
    return index != ALERT_ROW_NONE ? alert_memory_at(memory, index) : NULL;
}

static void
drop(struct pipeline *pipeline, struct alert_row *row)
{
    alert_memory_drop(&pipeline->alerts.memory,
                      (uint32_t)(row - pipeline->alerts.memory.rows));
}

// ── whether a rule holds ───────────────────────────────────────────────────

static bool
asks_for(const struct rule *rule, struct slice campaign)
{
    const char *item = NULL;
    while ((item = option_texts_next(&rule->campaigns, item)) != NULL) {
        if (slice_equal(slice_of(item), campaign)) {
            return true;
        }
    }
    return false;
}

static uint32_t
rank_of(struct pipeline *pipeline, const struct rule *rule, uint32_t user)
{
    uint64_t most = rule->carriers_in < pipeline->options.top ? rule->carriers_in
                                                              : pipeline->options.top;
    uint32_t row = most != 0 && pipeline->options.carriers_capacity != 0
                       ? carriers_find(&pipeline->carriers, user)
                       : CARRIER_NONE;
    return row != CARRIER_NONE
               ? board_candidates_rank(&pipeline->boards, CARRIERS_PEOPLE, row,
                                       (uint32_t)most)
               : 0;
}

// Writes the text of the alert. False: the rule does not hold.
static bool
describe(struct pipeline *pipeline, size_t rule, const struct pairs_row *pair,
         char text[TEXT_MAX])
{
    const struct rule *asked = &pipeline->alerts.rules[rule];
    const struct user *user = users_at(&pipeline->users, pair->user);
    struct slice campaign = campaign_of(pipeline, pair);
    bool has_followers = asked->min_followers != 0 &&
                         (user->flags & USER_HAS_FOLLOWERS) != 0 &&
                         user->followers >= asked->min_followers;
    uint32_t rank = rank_of(pipeline, asked, pair->user);
    int len = snprintf(text, TEXT_MAX, "%s\n%.*s\ncampaign %.*s", asked->name,
                       SLICE_ARG(campaign), SLICE_ARG(campaign));
    if (has_followers) {
        len += snprintf(text + len, (size_t)(TEXT_MAX - len),
                        "\nfollowers %" PRIu32 " >= %" PRIu64, user->followers,
                        asked->min_followers);
    }
    if (rank != 0) {
        (void)snprintf(text + len, (size_t)(TEXT_MAX - len),
                       "\ncarrier_rank %" PRIu32 " <= %" PRIu64, rank,
                       asked->carriers_in);
    }
    return has_followers || rank != 0;
}

// ── raising ────────────────────────────────────────────────────────────────

// row: NULL if there is no room for one. Redis still accepts an alert only once.
static void
raise_it(struct pipeline *pipeline, uint32_t pair, struct alert_row *row,
         const char *text)
{
    if (row != NULL) {
        row->level = 1;
        row->raised = pipeline->clock;
        row->flags = 0;
    }
    alert_raise_newcomer(pipeline, pairs_at(&pipeline->campaigns.pairs, pair)->user,
                         text);
}

static void
judge(struct pipeline *pipeline, size_t rule, uint32_t pair, bool is_first)
{
    char text[TEXT_MAX];
    const struct pairs_row *person = pairs_at(&pipeline->campaigns.pairs, pair);
    if (!asks_for(&pipeline->alerts.rules[rule], campaign_of(pipeline, person)) ||
        !describe(pipeline, rule, person, text)) {
        return;
    }
    struct alert_row *row = row_of(pipeline, rule, pair);
    if (row != NULL && (row->level != 0 || row->flags != 0)) {
        return;
    }
    bool is_repeated = row == NULL && !is_first; // may have been raised without a row
    if (is_repeated || alert_raise_is_full(pipeline)) {
        if (row != NULL) {
            row->flags = ALERT_ROW_WAITS;
            row->size = pair;
        }
        pipeline->metrics.alerts_deferred++;
        return;
    }
    raise_it(pipeline, pair, row, text);
}

void
alert_newcomer_judge(struct pipeline *pipeline, uint32_t pair, bool is_first)
{
    for (size_t i = 0; i < pipeline->alerts.count && pipeline->alerts.newcomers != 0;
         i++) {
        if (pipeline->alerts.plans[i].is_newcomer) {
            judge(pipeline, i, pair, is_first);
        }
    }
}

void
alert_newcomer_tick(struct pipeline *pipeline, size_t rule, struct alert_row *row)
{
    const struct pairs *pairs = &pipeline->campaigns.pairs;
    char text[TEXT_MAX];
    uint32_t pair = row->size;
    bool is_there = pair < pairs->high && !pairs_is_free(pairs_at(pairs, pair)) &&
                    pairs_at(pairs, pair)->acts != 0;
    if (is_there) {
        const struct pairs_row *person = pairs_at(pairs, pair);
        is_there =
            key_of(pipeline, campaign_of(pipeline, person), person->user) ==
                row->post &&
            asks_for(&pipeline->alerts.rules[rule], campaign_of(pipeline, person)) &&
            describe(pipeline, rule, person, text);
    }
    if (!is_there) {
        drop(pipeline, row);
    } else if (!alert_raise_is_full(pipeline)) {
        raise_it(pipeline, pair, row, text);
    }
}

// ── other changes ──────────────────────────────────────────────────────────

static void
merge_row(struct pipeline *pipeline, size_t rule, uint32_t pair, uint32_t into)
{
    struct alert_memory *memory = &pipeline->alerts.memory;
    const struct pairs_row *person = pairs_at(&pipeline->campaigns.pairs, pair);
    struct slice campaign = campaign_of(pipeline, person);
    uint64_t hash = pipeline->alerts.plans[rule].hash;
    uint32_t old =
        alert_memory_find(memory, key_of(pipeline, campaign, person->user), hash);
    if (old == ALERT_ROW_NONE) {
        return;
    }
    struct alert_row kept = *alert_memory_at(memory, old);
    alert_memory_drop(memory, old);
    uint32_t index = alert_memory_put(memory, key_of(pipeline, campaign, into), hash,
                                      alert_raise_left, pipeline);
    struct alert_row *row =
        index != ALERT_ROW_NONE ? alert_memory_at(memory, index) : NULL;
    if (row != NULL && row->level == 0) {
        row->level = kept.level;
        row->raised = kept.raised;
        row->flags = kept.flags;
        uint32_t other = pairs_find(&pipeline->campaigns.pairs, person->campaign, into);
        row->size = other != PAIR_NONE ? other : pair; // which of them remains
    }
}

void
alert_newcomer_merge(struct pipeline *pipeline, uint32_t from, uint32_t into)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    for (unsigned i = 0; i < campaigns->count && pipeline->alerts.newcomers != 0; i++) {
        uint32_t pair = pairs_find(&campaigns->pairs, i, from);
        for (size_t rule = 0; pair != PAIR_NONE && rule < pipeline->alerts.count;
             rule++) {
            if (pipeline->alerts.plans[rule].is_newcomer) {
                merge_row(pipeline, rule, pair, into);
            }
        }
    }
}

// The second line of the item's text.
static bool
is_about(const struct pipeline *pipeline, const struct alert_item *item,
         struct slice campaign)
{
    struct slice text = slab_text(pipeline->texts, item->text);
    const char *end = text.len != 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    if (end == NULL) {
        return false;
    }
    size_t left = text.len - (size_t)(end + 1 - text.ptr);
    return left > campaign.len && end[1 + campaign.len] == '\n' &&
           memcmp(end + 1, campaign.ptr, campaign.len) == 0;
}

void
alert_newcomer_evicted(struct pipeline *pipeline, uint32_t pair)
{
    const struct pairs_row *person = pairs_at(&pipeline->campaigns.pairs, pair);
    struct alert_queue *queue = &pipeline->alerts.queue;
    // The pair and the alert both refer to the user.
    bool may_have_alert = !pipeline->is_event_time && person->acts != 0 &&
                          users_at(&pipeline->users, person->user)->refs > 1;
    for (uint64_t i = queue->first; may_have_alert && i != queue->end; i++) {
        struct alert_item *item = alert_queue_at(queue, i);
        if (item->type == CHANGE_ALERT_NEWCOMER &&
            users_now(&pipeline->users, item->user) == person->user &&
            is_about(pipeline, item, campaign_of(pipeline, person))) {
            item->is_evicted = true;
        }
    }
}

bool
alert_newcomer_left(const struct pipeline *pipeline, struct slice campaign,
                    uint32_t user)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    for (unsigned i = 0; i < campaigns->count; i++) {
        if (slice_equal(slice_of(campaigns->names[i]), campaign)) {
            uint32_t pair = pairs_find(&campaigns->pairs, i, user);
            return pair == PAIR_NONE || pairs_at(&campaigns->pairs, pair)->acts == 0;
        }
    }
    return false;
}

void
alert_newcomer_forget(struct pipeline *pipeline, const struct alert_newcomer *newcomer)
{
    struct alert_memory *memory = &pipeline->alerts.memory;
    uint32_t row =
        alert_memory_find(memory, key_of(pipeline, newcomer->campaign, newcomer->user),
                          alert_newcomer_rule(pipeline, newcomer->rule));
    if (row != ALERT_ROW_NONE) {
        alert_memory_drop(memory, row);
    }
}
