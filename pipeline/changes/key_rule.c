#include "pipeline/changes/key_rule.h"

// The sum of these, in the longest window, is compared with redis.users_from.
static bool
is_summed(enum tally tally)
{
    return tally == TALLY_MENTIONS || tally == TALLY_RETWEETS ||
           tally == TALLY_QUOTES || tally == TALLY_REPLIES || tally == TALLY_CARRIED;
}

static bool
is_selected(const struct pipeline *pipeline, const struct counter *counter)
{
    for (uint32_t members = counter->members; members != 0; members &= members - 1) {
        const struct boards *boards =
            counter_tally(counter) < TALLY_CAMPAIGN
                ? &pipeline->boards
                : &pipeline->campaigns.figures[counter->dirty].boards;
        if (boards_selected(boards, counter_tally(counter),
                            (uint32_t)__builtin_ctz(members), counter->owner)) {
            return true;
        }
    }
    return false;
}

static bool
has_value(const struct pipeline *pipeline, const struct counter *counter)
{
    for (uint32_t slot = 0;
         counter_tally(counter) < TALLY_CAMPAIGN && slot < pipeline->windows.shown;
         slot++) {
        if (counters_value(&pipeline->windows.counters, counter, slot) != 0) {
            return true;
        }
    }
    return false;
}

bool
key_rule_carrier(const struct pipeline *pipeline, uint32_t user)
{
    uint32_t members = users_at(&pipeline->users, user)->members;
    for (; members != 0; members &= members - 1) {
        if (boards_lasting_selected(&pipeline->boards, (uint32_t)__builtin_ctz(members),
                                    user)) {
            return true;
        }
    }
    return false;
}

bool
key_rule_lasting(const struct pipeline *pipeline, uint32_t user)
{
    return key_rule_carrier(pipeline, user) ||
           campaigns_list(&pipeline->campaigns, user);
}

bool
key_rule_user(const struct pipeline *pipeline, uint32_t user)
{
    const struct counters *counters = &pipeline->windows.counters;
    int64_t from = (int64_t)pipeline->options.users_from;
    int64_t sum = 0;
    for (uint32_t c = users_at(&pipeline->users, user)->counters; c != COUNTER_NONE;) {
        const struct counter *counter = counters_at(counters, c);
        if (is_summed(counter_tally(counter))) {
            sum +=
                (int64_t)counters_value(counters, counter, pipeline->windows.longest);
        }
        if (sum >= from || (from == 1 && has_value(pipeline, counter)) ||
            is_selected(pipeline, counter)) {
            return true;
        }
        c = counter->next;
    }
    return key_rule_lasting(pipeline, user);
}

// board: the first of the counters of a cascade.
static bool
is_on_board(const struct pipeline *pipeline, uint32_t board)
{
    const struct counters *counters = &pipeline->windows.counters;
    while (board != COUNTER_NONE &&
           !is_selected(pipeline, counters_at(counters, board))) {
        board = counters_at(counters, board)->next;
    }
    return board != COUNTER_NONE;
}

bool
key_rule_cascade(const struct pipeline *pipeline, uint32_t cascade)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    uint32_t sum = row->size + row->replies;
    if (row->birth == 0 || row->last == USEC_NONE || sum == 0 ||
        (row->flags & CASCADE_HIDDEN) != 0) {
        return false;
    }
    return sum >= pipeline->options.cascades_from || row->level != 0 ||
           is_on_board(pipeline, row->board);
}
