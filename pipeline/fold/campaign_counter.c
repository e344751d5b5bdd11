#include "pipeline/fold/campaign_counter.h"

#include "pipeline/inside.h"

uint32_t
campaign_counter_find(const struct counters *counters, uint32_t first, enum tally tally,
                      unsigned campaign)
{
    uint32_t at = first;
    while (at != COUNTER_NONE) {
        const struct counter *counter = counters_at(counters, at);
        if (counter_tally(counter) == tally && counter->dirty == campaign) {
            break;
        }
        at = counter->next;
    }
    return at;
}

uint32_t
campaign_counter_find_user(const struct pipeline *pipeline, enum tally tally,
                           uint32_t user, unsigned campaign)
{
    return campaign_counter_find(&pipeline->windows.counters,
                                 users_at(&pipeline->users, user)->counters, tally,
                                 campaign);
}

// At the end of a list, so that the others are found as fast as before.
static uint32_t
create(struct counters *counters, uint32_t first, enum tally tally, unsigned campaign)
{
    struct counter *last = counters_at(counters, first);
    while (last->next != COUNTER_NONE) {
        last = counters_at(counters, last->next);
    }
    uint32_t index = counters_create(counters, tally, last->owner);
    counters_at(counters, index)->dirty = (uint8_t)campaign;
    last->next = index;
    return index;
}

uint32_t
campaign_counter_of_user(struct pipeline *pipeline, enum tally tally, uint32_t user,
                         unsigned campaign)
{
    struct counters *counters = &pipeline->windows.counters;
    struct user *row = users_at(&pipeline->users, user);
    uint32_t counter = campaign_counter_find_user(pipeline, tally, user, campaign);
    if (counter != COUNTER_NONE) {
        return counter;
    }
    users_queue(&pipeline->users, user); // so that the counter is freed
    if (row->counters != COUNTER_NONE) {
        return create(counters, row->counters, tally, campaign);
    }
    row->counters = counters_create(counters, tally, user);
    counters_at(counters, row->counters)->dirty = (uint8_t)campaign;
    return row->counters;
}

uint32_t
campaign_counter_beside(struct pipeline *pipeline, uint32_t first, enum tally tally,
                        unsigned campaign)
{
    struct counters *counters = &pipeline->windows.counters;
    uint32_t counter = campaign_counter_find(counters, first, tally, campaign);
    if (counter == COUNTER_NONE) {
        counter = create(counters, first, tally, campaign);
        counters_at(counters, counter)->kind |=
            counters_at(counters, first)->kind & COUNTER_HIDDEN;
    }
    return counter;
}
