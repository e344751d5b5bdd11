#include "pipeline/fold/campaign_fold.h"

#include "pipeline/inside.h"

enum { MORE = 8 }; // amounts that an event adds beside those of its notes

static unsigned
campaign_of(const struct counter *counter)
{
    return counter_tally(counter) == TALLY_TOTAL ? counter->owner / FIGURES_TOTALS
                                                 : counter->dirty;
}

static struct figures *
figures_of(struct pipeline *pipeline, unsigned campaign)
{
    return &pipeline->campaigns.figures[campaign];
}

// ── counters ───────────────────────────────────────────────────────────────

static uint32_t
find_counter(const struct counters *counters, uint32_t first, enum tally tally,
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
campaign_fold_find(const struct counters *counters, uint32_t first,
                   const struct counter *like)
{
    return find_counter(counters, first, counter_tally(like), like->dirty);
}

// Behind the first of a list, so that the others are found as fast as before.
static uint32_t
create_counter(struct counters *counters, uint32_t first, enum tally tally,
               unsigned campaign)
{
    struct counter *head = counters_at(counters, first);
    uint32_t index = counters_create(counters, tally, head->owner);
    struct counter *counter = counters_at(counters, index);
    counter->dirty = (uint8_t)campaign;
    counter->next = head->next;
    head->next = index;
    return index;
}

static uint32_t
counter_of_user(struct pipeline *pipeline, enum tally tally, uint32_t user,
                unsigned campaign)
{
    struct counters *counters = &pipeline->windows.counters;
    struct user *row = users_at(&pipeline->users, user);
    uint32_t counter = find_counter(counters, row->counters, tally, campaign);
    if (counter != COUNTER_NONE) {
        return counter;
    }
    users_queue(&pipeline->users, user); // so that the counter is freed
    if (row->counters != COUNTER_NONE) {
        return create_counter(counters, row->counters, tally, campaign);
    }
    row->counters = counters_create(counters, tally, user);
    counters_at(counters, row->counters)->dirty = (uint8_t)campaign;
    return row->counters;
}

// Of a cascade or a hashtag, which has a counter outside of campaigns.
static uint32_t
counter_beside(struct pipeline *pipeline, uint32_t first, enum tally tally,
               unsigned campaign)
{
    struct counters *counters = &pipeline->windows.counters;
    uint32_t counter = find_counter(counters, first, tally, campaign);
    if (counter == COUNTER_NONE) {
        counter = create_counter(counters, first, tally, campaign);
        counters_at(counters, counter)->kind |=
            counters_at(counters, first)->kind & COUNTER_HIDDEN;
    }
    return counter;
}

// ── counting ───────────────────────────────────────────────────────────────

static void
count_total(struct pipeline *pipeline, unsigned campaign, enum figures_total total,
            uint32_t amount)
{
    inside_count(pipeline, figures_of(pipeline, campaign)->totals[total], amount);
}

// The total to which the amounts of people add up; FIGURES_TOTALS: none.
static enum figures_total
total_of(enum tally tally)
{
    return tally == TALLY_POSTS        ? FIGURES_POSTS
           : tally == TALLY_REACH      ? FIGURES_REACH
           : tally == TALLY_CARRIED    ? FIGURES_CARRIED
           : tally == TALLY_TRANSLATED ? FIGURES_TRANSLATED
                                       : FIGURES_TOTALS;
}

static void
count_amount(struct pipeline *pipeline, unsigned campaign,
             struct event_records_entry note)
{
    const struct counter *counter =
        counters_at(&pipeline->windows.counters, note.where);
    enum tally tally = counter_tally(counter);
    uint32_t owner = counter->owner;
    enum figures_total total = total_of(tally);
    if (tally == TALLY_MENTIONS) {
        return;
    }
    uint32_t within =
        tally < TALLY_USERS
            ? counter_of_user(pipeline, tally_within(tally), owner, campaign)
            : counter_beside(pipeline, note.where, tally_within(tally), campaign);
    inside_count(pipeline, within, note.amount);
    if (total != FIGURES_TOTALS) {
        count_total(pipeline, campaign, total, note.amount);
    }
}

static void
count_reshare(struct pipeline *pipeline, unsigned campaign, uint32_t cascade,
              bool is_retweet)
{
    uint32_t board = cascades_at(&pipeline->cascades, cascade)->board;
    inside_count(
        pipeline,
        counter_beside(pipeline, board, tally_within(TALLY_CASCADES), campaign), 1);
    count_total(pipeline, campaign, is_retweet ? FIGURES_RETWEETS : FIGURES_QUOTES, 1);
}

// ── people ─────────────────────────────────────────────────────────────────

static void
set_fresh(struct pipeline *pipeline, struct pairs_row *pair, uint8_t fresh)
{
    struct figures *figures = figures_of(pipeline, pair->campaign);
    uint32_t changed = pair->fresh ^ fresh;
    for (; changed != 0; changed &= changed - 1) {
        uint32_t slot = (uint32_t)__builtin_ctz(changed);
        uint32_t *number = &figures->numbers[FIGURES_NEW_PEOPLE][slot];
        *number += (fresh >> slot & 1) != 0 ? 1 : UINT32_MAX;
        figures->is_changed = true;
    }
    pair->fresh = fresh;
}

static void
refresh_pair(struct pipeline *pipeline, struct pairs_row *pair)
{
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t index =
        find_counter(counters, users_at(&pipeline->users, pair->user)->counters,
                     TALLY_ACTS, pair->campaign);
    uint8_t fresh = 0;
    for (uint32_t slot = 0; index != COUNTER_NONE && slot < pipeline->windows.shown;
         slot++) {
        int64_t value =
            (int64_t)counters_value(counters, counters_at(counters, index), slot);
        fresh |= (uint8_t)((value > 0 && value >= pair->acts) << slot);
    }
    set_fresh(pipeline, pair, fresh);
}

static void
remove_pair(struct pipeline *pipeline, uint32_t index)
{
    struct pairs_row *pair = pairs_at(&pipeline->campaigns.pairs, index);
    set_fresh(pipeline, pair, 0);
    users_at(&pipeline->users, pair->user)->refs--;
    pairs_remove(&pipeline->campaigns.pairs, index);
}

static bool
is_idle(const void *context, const struct pairs_row *pair)
{
    const struct pipeline *pipeline = context;
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t index =
        find_counter(counters, users_at(&pipeline->users, pair->user)->counters,
                     TALLY_ACTS, pair->campaign);
    return index == COUNTER_NONE ||
           counters_refs(counters, counters_at(counters, index)) == 0;
}

// True if the person has a pair in the campaign, or can have one.
static bool
has_room_for_pair(struct pipeline *pipeline, unsigned campaign, uint32_t user)
{
    struct pairs *pairs = &pipeline->campaigns.pairs;
    if (pairs->count < pairs->capacity ||
        pairs_find(pairs, campaign, user) != PAIR_NONE) {
        return true;
    }
    uint32_t idle = pairs_find_idle(pairs, is_idle, pipeline);
    if (idle == PAIR_NONE) {
        return false;
    }
    remove_pair(pipeline, idle);
    pipeline->metrics.campaigns_evicted++;
    return true;
}

static void
count_act(struct pipeline *pipeline, unsigned campaign, uint32_t user)
{
    struct pairs *pairs = &pipeline->campaigns.pairs;
    uint32_t index = pairs_find(pairs, campaign, user);
    if (index == PAIR_NONE) {
        index = pairs_add(pairs, campaign, user);
        users_at(&pipeline->users, user)->refs++;
    }
    struct pairs_row *pair = pairs_at(pairs, index);
    pair->acts++;
    inside_count(pipeline, counter_of_user(pipeline, TALLY_ACTS, user, campaign), 1);
    refresh_pair(pipeline, pair);
}

// ── events ─────────────────────────────────────────────────────────────────

static bool
has_room(struct pipeline *pipeline, size_t amounts, unsigned campaign, uint32_t user)
{
    const struct counters *counters = &pipeline->windows.counters;
    return pipeline->hand.note_count + amounts <= PIPELINE_NOTES_MAX &&
           counters->of_campaigns + amounts <= pipeline->campaigns.counter_capacity &&
           windows_have_room(&pipeline->windows, amounts) &&
           has_room_for_pair(pipeline, campaign, user);
}

// The first `count` notes are those of the event itself.
static void
count_in(struct pipeline *pipeline, unsigned campaign, const struct event *event,
         size_t count)
{
    bool is_reply = false;
    bool is_retweet = (event->flags & EVENT_RETWEET) != 0;
    for (size_t i = 0; i < count; i++) {
        const struct event_records_entry note = pipeline->hand.notes[i];
        if ((note.where & EVENT_RECORDS_CASCADE) == 0) {
            count_amount(pipeline, campaign, note);
            is_reply =
                is_reply || counter_tally(counters_at(&pipeline->windows.counters,
                                                      note.where)) == TALLY_REPLIES;
        } else if ((note.where & EVENT_RECORDS_DIRECT) != 0) {
            count_reshare(pipeline, campaign, note.where & EVENT_RECORDS_INDEX,
                          is_retweet);
        } else {
            is_reply = is_reply || (note.where & EVENT_RECORDS_REPLY) != 0;
        }
    }
    if (is_reply) {
        count_total(pipeline, campaign, FIGURES_REPLIES, 1);
    }
    count_act(pipeline, campaign, users_now(&pipeline->users, event->actor));
}

// A retweet belongs to the campaigns of its root, if it counts.
static uint64_t
of_retweet(const struct pipeline *pipeline, const struct event *event)
{
    return pipeline->hand.note_count != 0
               ? campaigns_of_cascade(&pipeline->campaigns, event->target)
               : 0;
}

static void
count_rivals(struct pipeline *pipeline, const struct post *post)
{
    const struct post_campaigns sets =
        campaigns_now(&pipeline->campaigns, post->campaigns);
    for (uint64_t rest = sets.rivals & sets.spoken; rest != 0; rest &= rest - 1) {
        if (pipeline->hand.note_count < PIPELINE_NOTES_MAX &&
            windows_have_room(&pipeline->windows, 1)) {
            count_total(pipeline, (unsigned)__builtin_ctzll(rest), FIGURES_RIVAL_POSTS,
                        1);
        } else {
            admission_lose(pipeline, &pipeline->metrics.campaigns_left_out);
        }
    }
}

void
campaign_fold_count(struct pipeline *pipeline, const struct post *post, uint32_t event)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    if (campaigns->count == 0) {
        return;
    }
    const struct event *row = event_records_at(&pipeline->records, event);
    size_t count = pipeline->hand.note_count;
    if (post->kind == POST_RETWEETED) {
        campaigns->of_event[event] = of_retweet(pipeline, row);
    } else {
        count_rivals(pipeline, post);
    }
    uint32_t user = users_now(&pipeline->users, row->actor);
    for (uint64_t rest = campaigns->of_event[event]; rest != 0; rest &= rest - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(rest);
        if (has_room(pipeline, 2 * count + MORE, campaign, user)) {
            count_in(pipeline, campaign, row, count);
        } else {
            admission_lose(pipeline, &pipeline->metrics.campaigns_left_out);
        }
    }
}

static void
add_later(struct pipeline *pipeline, uint32_t event, uint32_t counter,
          const struct windows_moment *moment)
{
    if (windows_add(&pipeline->windows, moment, counter, 1)) {
        // If this fails the event's other notes are overwritten too.
        (void)event_records_note_more(&pipeline->records, event,
                                      (struct event_records_entry){counter, 1});
    }
}

void
campaign_fold_later(struct pipeline *pipeline, uint32_t event,
                    struct campaign_fold_amount amount,
                    const struct windows_moment *moment)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    if (campaigns->count == 0) {
        return;
    }
    for (uint64_t rest = campaigns->of_event[event]; rest != 0; rest &= rest - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(rest);
        if (!windows_have_room(&pipeline->windows, 2)) {
            admission_lose(pipeline, &pipeline->metrics.campaigns_left_out);
            continue;
        }
        add_later(pipeline, event,
                  counter_of_user(pipeline, tally_within(amount.tally), amount.user,
                                  campaign),
                  moment);
        add_later(pipeline, event,
                  figures_of(pipeline, campaign)->totals[total_of(amount.tally)],
                  moment);
    }
}

void
campaign_fold_undo(struct pipeline *pipeline, uint32_t event)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    uint32_t user =
        campaigns->count != 0
            ? inside_actor(pipeline, event_records_at(&pipeline->records, event))
            : USER_NONE;
    if (user == USER_NONE) {
        return;
    }
    for (uint64_t rest = campaigns->of_event[event]; rest != 0; rest &= rest - 1) {
        uint32_t index =
            pairs_find(&campaigns->pairs, (unsigned)__builtin_ctzll(rest), user);
        if (index == PAIR_NONE) {
            continue; // it has left
        }
        struct pairs_row *pair = pairs_at(&campaigns->pairs, index);
        pair->acts -= pair->acts != 0;
        if (pair->acts == 0) {
            remove_pair(pipeline, index);
        } else {
            refresh_pair(pipeline, pair);
        }
    }
}

// ── what changes ───────────────────────────────────────────────────────────

// Follows in which windows the counter is above zero.
static void
follow(struct pipeline *pipeline, uint32_t index, uint32_t slots,
       enum figures_number number)
{
    const struct counters *counters = &pipeline->windows.counters;
    const struct counter *counter = counters_at(counters, index);
    struct figures *figures = figures_of(pipeline, campaign_of(counter));
    uint8_t *present = &pipeline->campaigns.present[index];
    bool is_gone = (counter->kind & (COUNTER_HIDDEN | COUNTER_MERGED)) != 0;
    for (; slots != 0; slots &= slots - 1) {
        uint32_t slot = (uint32_t)__builtin_ctz(slots);
        bool was = (*present >> slot & 1) != 0;
        bool is = !is_gone && (int64_t)counters_value(counters, counter, slot) > 0;
        if (was != is) {
            *present ^= (uint8_t)(1u << slot);
            figures->numbers[number][slot] += is ? 1 : UINT32_MAX;
        }
    }
}

static void
act_touched(struct pipeline *pipeline, uint32_t index, uint32_t slots)
{
    const struct counter *counter = counters_at(&pipeline->windows.counters, index);
    follow(pipeline, index, slots, FIGURES_PEOPLE);
    uint32_t pair =
        pairs_find(&pipeline->campaigns.pairs, counter->dirty, counter->owner);
    if (pair != PAIR_NONE) {
        refresh_pair(pipeline, pairs_at(&pipeline->campaigns.pairs, pair));
    }
}

void
campaign_fold_touched(struct pipeline *pipeline, uint32_t index, uint32_t slots)
{
    const struct counters *counters = &pipeline->windows.counters;
    const struct counter *counter = counters_at(counters, index);
    enum tally tally = counter_tally(counter);
    if (pipeline->campaigns.is_moving) {
        return;
    }
    struct figures *figures = figures_of(pipeline, campaign_of(counter));
    figures->is_changed = true;
    if (tally == TALLY_TOTAL) {
        return;
    }
    if (tally == TALLY_ACTS) {
        act_touched(pipeline, index, slots);
    } else {
        boards_touched(&figures->boards, index, slots);
    }
    if (tally == tally_within(TALLY_CASCADES)) {
        follow(pipeline, index, slots, FIGURES_CASCADES);
    } else if (tally != tally_within(TALLY_HASHTAGS) &&
               counters_refs(counters, counter) == 0) {
        users_queue(&pipeline->users, counter->owner);
    }
}

// ── one person ─────────────────────────────────────────────────────────────

void
campaign_fold_merge(struct pipeline *pipeline, uint32_t from, uint32_t into)
{
    struct pairs *pairs = &pipeline->campaigns.pairs;
    for (unsigned campaign = 0; campaign < pipeline->campaigns.count; campaign++) {
        uint32_t index = pairs_find(pairs, campaign, from);
        uint32_t other = pairs_find(pairs, campaign, into);
        if (index == PAIR_NONE) {
            continue;
        }
        if (other != PAIR_NONE) {
            pairs_at(pairs, other)->acts += pairs_at(pairs, index)->acts;
            remove_pair(pipeline, index);
        } else {
            set_fresh(pipeline, pairs_at(pairs, index), 0);
            pairs_move_to(pairs, index, campaign, into);
            users_at(&pipeline->users, from)->refs--;
            users_at(&pipeline->users, into)->refs++;
        }
    }
}

void
campaign_fold_merged(struct pipeline *pipeline, uint32_t index)
{
    const struct counter *counter = counters_at(&pipeline->windows.counters, index);
    if (counter_tally(counter) == TALLY_ACTS) {
        follow(pipeline, index, ((uint32_t)1 << pipeline->windows.shown) - 1,
               FIGURES_PEOPLE);
    }
}
