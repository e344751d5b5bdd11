#include "pipeline/alerts/alert_carriers.h"

#include <math.h>

#include "pipeline/carriers/known_acts.h"
#include "pipeline/inside.h"
#include "pipeline/windows/board_candidates.h"

void
alert_carriers_prepare(struct pipeline *pipeline)
{
    struct alerts *alerts = &pipeline->alerts;
    uint64_t top = pipeline->options.carriers_capacity != 0 ? pipeline->options.top : 0;
    alerts->known_ranks = 0;
    alerts->known_below = 0;
    for (size_t i = 0; i < alerts->count; i++) {
        const struct rule *rule = &alerts->rules[i];
        uint64_t ranks = rule->carriers_in < top ? rule->carriers_in : top;
        if (ranks != 0 && !rules_is_newcomer(rule)) {
            alerts->known_ranks = (uint32_t)fmax(alerts->known_ranks, (double)ranks);
            alerts->known_below = fmax(alerts->known_below, rules_below(rule));
        }
    }
}

uint32_t
alert_carriers_rank(struct pipeline *pipeline, uint32_t user)
{
    uint32_t most = pipeline->alerts.known_ranks;
    uint32_t row = most != 0 ? carriers_find(&pipeline->carriers, user) : CARRIER_NONE;
    return row != CARRIER_NONE
               ? board_candidates_rank(&pipeline->boards, CARRIERS_PEOPLE, row, most)
               : 0;
}

void
alert_carriers_count(struct pipeline *pipeline, uint32_t cascade, uint32_t event,
                     uint32_t rank)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const struct event *counted = event_records_at(&pipeline->records, event);
    const struct known_act act = {counted->hash, row->size - 1, rank};
    if (rank == 0 || act.size >= pipeline->alerts.known_below ||
        inside_actor(pipeline, counted) == row->author) {
        return;
    }
    pipeline->carriers.refused += !known_acts_add(&row->known, pipeline->texts, act);
}

void
alert_carriers_take_back(struct pipeline *pipeline, uint32_t cascade, uint32_t event)
{
    known_acts_remove(cascades_at(&pipeline->cascades, cascade)->known, pipeline->texts,
                      event_records_at(&pipeline->records, event)->hash);
}
