#include "pipeline/fold/campaign_people.h"

#include "pipeline/alerts/alert_newcomer.h"
#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/fold/campaign_counter.h"
#include "pipeline/fold/campaign_course.h"
#include "pipeline/inside.h"
#include "pipeline/records/event_walk.h"

static struct pairs *
pairs_of(struct pipeline *pipeline)
{
    return &pipeline->campaigns.pairs;
}

// ── what is counted of pairs ───────────────────────────────────────────────

// bits: the windows in which the pair counts for that number, as far as it is noted.
static void
set_bits(struct pipeline *pipeline, unsigned campaign, enum figures_number which,
         uint8_t *bits, uint8_t next)
{
    struct figures *figures = &pipeline->campaigns.figures[campaign];
    for (uint32_t changed = *bits ^ next; changed != 0; changed &= changed - 1) {
        uint32_t slot = (uint32_t)__builtin_ctz(changed);
        figures->numbers[which][slot] += (next >> slot & 1) != 0 ? 1 : UINT32_MAX;
        figures->is_changed = true;
    }
    *bits = next;
}

static void
set_counted(struct pipeline *pipeline, struct pairs_row *pair, uint8_t fresh,
            uint8_t known)
{
    set_bits(pipeline, pair->campaign, FIGURES_NEW_PEOPLE, &pair->fresh, fresh);
    set_bits(pipeline, pair->campaign, FIGURES_KNOWN_PEOPLE, &pair->known, known);
}

static void
refresh(struct pipeline *pipeline, struct pairs_row *pair)
{
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t index =
        campaign_counter_find_user(pipeline, TALLY_ACTS, pair->user, pair->campaign);
    uint8_t fresh = 0;
    uint8_t present = 0;
    for (uint32_t slot = 0; index != COUNTER_NONE && slot < pipeline->windows.shown;
         slot++) {
        int64_t value =
            (int64_t)counters_value(counters, counters_at(counters, index), slot);
        present |= (uint8_t)((value > 0) << slot);
        fresh |= (uint8_t)((value > 0 && value >= pair->acts) << slot);
    }
    set_counted(pipeline, pair, fresh, pair->is_known ? present : 0);
}

void
campaign_people_touched(struct pipeline *pipeline, unsigned campaign, uint32_t user)
{
    uint32_t index = pairs_find(pairs_of(pipeline), campaign, user);
    if (index != PAIR_NONE) {
        refresh(pipeline, pairs_at(pairs_of(pipeline), index));
    }
}

// ── who is known ───────────────────────────────────────────────────────────

static void
look_up(const struct pipeline *pipeline, struct pairs_row *pair)
{
    pair->is_known = known_people_have(&pipeline->campaigns.known[pair->campaign],
                                       &pipeline->users, pair->user);
}

void
campaign_people_renamed(struct pipeline *pipeline, uint32_t user)
{
    if (users_at(&pipeline->users, user)->refs == 0) {
        return; // a pair holds its user
    }
    for (unsigned campaign = 0; campaign < pipeline->campaigns.count; campaign++) {
        uint32_t index = pairs_find(pairs_of(pipeline), campaign, user);
        if (index != PAIR_NONE) {
            look_up(pipeline, pairs_at(pairs_of(pipeline), index));
            refresh(pipeline, pairs_at(pairs_of(pipeline), index));
            campaign_outreach_touched(pipeline, index);
            if (pairs_at(pairs_of(pipeline), index)->fresh != 0) {
                alert_newcomer_judge(pipeline, index, false);
            }
        }
    }
}

void
campaign_people_look_again(struct pipeline *pipeline)
{
    pipeline->campaigns.looked_up = 0;
}

bool
campaign_people_look(struct pipeline *pipeline)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (uint32_t i = 0; i < CAMPAIGN_PEOPLE_AT_ONCE; i++, campaigns->looked_up++) {
        if (campaigns->looked_up >= campaigns->pairs.high) {
            campaigns->looked_up = PAIR_NONE;
            return false;
        }
        struct pairs_row *pair = pairs_at(&campaigns->pairs, campaigns->looked_up);
        if (!pairs_is_free(pair)) {
            look_up(pipeline, pair);
            refresh(pipeline, pair);
            campaign_outreach_touched(pipeline, campaigns->looked_up);
        }
    }
    return true;
}

// ── pairs ──────────────────────────────────────────────────────────────────

void
campaign_people_remove(struct pipeline *pipeline, uint32_t pair)
{
    struct pairs_row *row = pairs_at(pairs_of(pipeline), pair);
    set_counted(pipeline, row, 0, 0);
    campaign_outreach_left(pipeline, pair);
    users_at(&pipeline->users, row->user)->refs--;
    pairs_remove(pairs_of(pipeline), pair);
}

void
campaign_people_lessened(struct pipeline *pipeline, uint32_t pair)
{
    const struct pairs_row *row = pairs_at(pairs_of(pipeline), pair);
    if (row->acts == 0 && row->ledger == 0) {
        campaign_people_remove(pipeline, pair);
    }
}

static bool
is_idle(const void *context, const struct pairs_row *pair)
{
    const struct pipeline *pipeline = context;
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t index =
        campaign_counter_find_user(pipeline, TALLY_ACTS, pair->user, pair->campaign);
    return index == COUNTER_NONE ||
           counters_refs(counters, counters_at(counters, index)) == 0;
}

bool
campaign_people_have_room(struct pipeline *pipeline, unsigned campaign, uint32_t user)
{
    struct pairs *pairs = pairs_of(pipeline);
    if (pairs->count < pairs->capacity ||
        pairs_find(pairs, campaign, user) != PAIR_NONE) {
        return true;
    }
    uint32_t idle = pairs_find_idle(pairs, is_idle, pipeline);
    if (idle == PAIR_NONE) {
        return false;
    }
    alert_newcomer_evicted(pipeline, idle);
    campaign_people_remove(pipeline, idle);
    pipeline->metrics.campaigns_evicted++;
    return true;
}

// The number of an event in their order of arrival.
static uint64_t
arrival_of(const struct pipeline *pipeline, uint32_t event)
{
    const struct event_records *records = &pipeline->records;
    return event < records->lasting.begin
               ? event_walk_sequence(records, event)
               : pipeline->campaigns.arrived[event - records->lasting.begin];
}

uint32_t
campaign_people_find(const struct pipeline *pipeline, unsigned campaign, uint32_t user,
                     uint32_t event)
{
    const struct pairs *pairs = &pipeline->campaigns.pairs;
    uint32_t index = pairs_find(pairs, campaign, user);
    bool is_former = index != PAIR_NONE &&
                     arrival_of(pipeline, event) < pairs_at(pairs, index)->since;
    return is_former ? PAIR_NONE : index;
}

// The pair of the current event.
static uint32_t
meet(struct pipeline *pipeline, unsigned campaign, uint32_t user, uint32_t event)
{
    struct pairs *pairs = pairs_of(pipeline);
    uint32_t index = pairs_find(pairs, campaign, user);
    if (index == PAIR_NONE) {
        index = pairs_add(pairs, campaign, user);
        pairs_at(pairs, index)->since = arrival_of(pipeline, event);
        users_at(&pipeline->users, user)->refs++;
        look_up(pipeline, pairs_at(pairs, index));
    }
    return index;
}

void
campaign_people_act(struct pipeline *pipeline, unsigned campaign, uint32_t user,
                    uint32_t event)
{
    uint32_t index = meet(pipeline, campaign, user, event);
    struct pairs_row *pair = pairs_at(pairs_of(pipeline), index);
    usec time = event_records_at(&pipeline->records, event)->time;
    pair->acts++;
    pair->last = time > pair->last ? time : pair->last;
    campaign_course_met(pipeline, pair, time);
    uint32_t acts = campaign_counter_of_user(pipeline, TALLY_ACTS, user, campaign);
    if (!inside_count(pipeline, acts, 1)) {
        refresh(pipeline, pair); // no window changed, which would have done it
    }
    campaign_outreach_touched(pipeline, index);
    if (pair->acts == 1) {
        alert_newcomer_judge(pipeline, index, true);
    }
}

void
campaign_people_act_undone(struct pipeline *pipeline, unsigned campaign, uint32_t user,
                           uint32_t event)
{
    uint32_t index = campaign_people_find(pipeline, campaign, user, event);
    if (index == PAIR_NONE) {
        return;
    }
    struct pairs_row *pair = pairs_at(pairs_of(pipeline), index);
    if (pair->acts == 1) {
        campaign_course_left(pipeline, pair);
    }
    pair->acts -= pair->acts != 0;
    refresh(pipeline, pair);
    campaign_outreach_touched(pipeline, index);
    campaign_people_lessened(pipeline, index);
}

// ── one person ─────────────────────────────────────────────────────────────

static void
merge_pair(struct pipeline *pipeline, uint32_t index, uint32_t into)
{
    struct pairs *pairs = pairs_of(pipeline);
    struct pairs_row *pair = pairs_at(pairs, index);
    uint32_t other = pairs_find(pairs, pair->campaign, into);
    if (other != PAIR_NONE) {
        struct pairs_row *same = pairs_at(pairs, other);
        campaign_course_merge(pipeline, pair, same);
        same->acts += pair->acts;
        same->last = same->last > pair->last ? same->last : pair->last;
        same->since = same->since < pair->since ? same->since : pair->since;
        campaign_outreach_merge(pipeline, index, other);
        campaign_people_remove(pipeline, index);
        campaign_outreach_touched(pipeline, other);
        return;
    }
    set_counted(pipeline, pair, 0, 0);
    boards_lasting_renamed(&pipeline->campaigns.figures[pair->campaign].boards);
    users_at(&pipeline->users, pair->user)->refs--;
    users_at(&pipeline->users, into)->refs++;
    pairs_move_to(pairs, index, pair->campaign, into);
    look_up(pipeline, pair);
    campaign_outreach_touched(pipeline, index);
}

void
campaign_people_merge(struct pipeline *pipeline, uint32_t from, uint32_t into)
{
    alert_newcomer_merge(pipeline, from, into);
    for (unsigned campaign = 0; campaign < pipeline->campaigns.count; campaign++) {
        uint32_t index = pairs_find(pairs_of(pipeline), campaign, from);
        if (index != PAIR_NONE) {
            merge_pair(pipeline, index, into);
        }
    }
}
