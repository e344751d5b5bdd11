#include "pipeline/inside.h"

uint64_t
inside_hash(const struct pipeline *pipeline, struct slice id)
{
    return hash_slice(&pipeline->key, id);
}

uint64_t
inside_local(const struct pipeline *pipeline, struct slice source, struct slice alias)
{
    // Two keyed hashes, because neither can be predicted by those who choose the ids.
    const uint64_t odd = 0x9e3779b97f4a7c15;
    return inside_hash(pipeline, source) * odd + inside_hash(pipeline, alias);
}

uint32_t
inside_actor(const struct pipeline *pipeline, const struct event *event)
{
    return event->actor != USER_NONE ? users_now(&pipeline->users, event->actor)
                                     : USER_NONE;
}

void
inside_note(struct pipeline *pipeline, struct event_records_entry entry)
{
    pipeline->hand.notes[pipeline->hand.note_count++] = entry;
}

bool
inside_count(struct pipeline *pipeline, uint32_t counter, uint32_t amount)
{
    bool is_counted =
        windows_add(&pipeline->windows, &pipeline->hand.moment, counter, amount);
    if (is_counted) {
        inside_note(pipeline, (struct event_records_entry){counter, amount});
    }
    return is_counted;
}

uint32_t
inside_counter(struct pipeline *pipeline, enum tally tally, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    uint32_t counter = row->counters;
    while (counter != COUNTER_NONE) {
        const struct counter *at = counters_at(&pipeline->windows.counters, counter);
        if (counter_tally(at) == tally) {
            break;
        }
        counter = at->next;
    }
    if (counter == COUNTER_NONE) {
        counter = counters_create(&pipeline->windows.counters, tally, user);
        counters_at(&pipeline->windows.counters, counter)->next = row->counters;
        row->counters = counter;
        // Even if no window covers the amount, the user is queued, so that the counter
        // is freed.
        users_queue(&pipeline->users, user);
    }
    return counter;
}

void
inside_tally(struct pipeline *pipeline, enum tally tally, uint32_t user,
             uint32_t amount)
{
    inside_count(pipeline, inside_counter(pipeline, tally, user), amount);
}

bool
inside_is_reshare_of(const struct pipeline *pipeline, const struct event *event,
                     uint32_t target)
{
    return (event->flags & (EVENT_RETWEET | EVENT_QUOTE)) != 0 &&
           event->target == target &&
           event->target_birth == cascades_at(&pipeline->cascades, target)->birth;
}
