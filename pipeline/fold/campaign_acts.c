#include "pipeline/fold/campaign_acts.h"

#include "pipeline/fold/campaign_people.h"
#include "pipeline/inside.h"

void
campaign_acts_init(struct pipeline *pipeline)
{
    pipeline->hand.waiting.event = EVENT_NONE;
}

static bool
is_in(const struct pipeline *pipeline, uint32_t event, unsigned campaign)
{
    return event != EVENT_NONE &&
           (pipeline->campaigns.of_event[event] >> campaign & 1) != 0;
}

void
campaign_acts_begin(struct pipeline *pipeline, uint32_t event)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    waiting->event = pipeline->campaigns.count != 0 ? event : EVENT_NONE;
    waiting->acts = waiting->children = 0;
}

void
campaign_acts_end(struct pipeline *pipeline)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    waiting->event = EVENT_NONE;
    for (uint32_t i = 0; i < waiting->acts; i++) {
        campaign_acts_act(pipeline, &waiting->act);
    }
    for (uint32_t i = 0; i < waiting->children; i++) {
        campaign_acts_child(pipeline, &waiting->child[i], waiting->entry[i]);
    }
    waiting->acts = waiting->children = 0;
}

void
campaign_acts_act(struct pipeline *pipeline, const struct acts_act *act)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    if (act->event == waiting->event) {
        waiting->act = *act;
        waiting->acts++;
        return;
    }
    uint64_t set =
        pipeline->campaigns.count != 0 ? pipeline->campaigns.of_event[act->event] : 0;
    for (; set != 0; set &= set - 1) {
        uint32_t pair =
            campaign_people_meet(pipeline, (unsigned)__builtin_ctzll(set), act->user);
        if (pair != PAIR_NONE) {
            carriers_act(&pipeline->campaigns.carried, pair, act->time);
        }
    }
}

void
campaign_acts_act_undone(struct pipeline *pipeline, const struct acts_act *act,
                         uint32_t first)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    uint64_t set = campaigns->count != 0 ? campaigns->of_event[act->event] : 0;
    for (; set != 0; set &= set - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(set);
        uint32_t pair = pairs_find(&campaigns->pairs, campaign, act->user);
        usec child = is_in(pipeline, first, campaign)
                         ? event_records_at(&pipeline->records, first)->time
                         : USEC_NONE;
        if (pair != PAIR_NONE) {
            carriers_act_undone(&pipeline->campaigns.carried, pair, act->time, child);
            campaign_people_lessened(pipeline, pair);
        }
    }
}

// The campaigns in which the child came through the act.
static uint64_t
of_child(const struct pipeline *pipeline, const struct acts_child *child)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    return campaigns->count != 0 ? campaigns->of_event[child->act.event] &
                                       campaigns->of_event[child->parent]
                                 : 0;
}

void
campaign_acts_child(struct pipeline *pipeline, const struct acts_child *child,
                    struct carriers_child entry)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    if (waiting->event != EVENT_NONE &&
        (child->act.event == waiting->event || child->parent == waiting->event)) {
        if (waiting->children < CAMPAIGN_ACTS_WAITING) {
            waiting->child[waiting->children] = *child;
            waiting->entry[waiting->children++] = entry;
        } else {
            admission_lose(pipeline, &pipeline->metrics.campaigns_left_out);
        }
        return;
    }
    for (uint64_t set = of_child(pipeline, child); set != 0; set &= set - 1) {
        entry.user = pairs_find(&pipeline->campaigns.pairs,
                                (unsigned)__builtin_ctzll(set), child->carrier);
        if (entry.user != PAIR_NONE) {
            carriers_child(&pipeline->campaigns.carried, &entry);
        }
    }
}

void
campaign_acts_child_undone(struct pipeline *pipeline, const struct acts_child *child,
                           struct carriers_child entry)
{
    for (uint64_t set = of_child(pipeline, child); set != 0; set &= set - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(set);
        entry.user = pairs_find(&pipeline->campaigns.pairs, campaign, child->carrier);
        entry.first_new =
            is_in(pipeline, child->next, campaign) ? child->first_new : USEC_NONE;
        if (entry.user != PAIR_NONE) {
            carriers_child_undone(&pipeline->campaigns.carried, &entry);
            campaign_people_lessened(pipeline, entry.user);
        }
    }
}
