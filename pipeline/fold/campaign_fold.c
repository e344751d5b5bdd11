#include "pipeline/fold/campaign_fold.h"

#include "pipeline/fold/campaign_acts.h"
#include "pipeline/fold/campaign_counter.h"
#include "pipeline/fold/campaign_course.h"
#include "pipeline/fold/campaign_people.h"
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

// ── counting ───────────────────────────────────────────────────────────────

static void
count_total(struct pipeline *pipeline, unsigned campaign, enum figures_total total,
            uint32_t amount)
{
    uint32_t counter = figures_of(pipeline, campaign)->totals[total];
    if (inside_count(pipeline, counter, amount)) {
        campaign_course_count(pipeline, campaign,
                              (struct campaign_course_amount){total, amount},
                              &pipeline->hand.moment);
    }
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
            ? campaign_counter_of_user(pipeline, tally_within(tally), owner, campaign)
            : campaign_counter_beside(pipeline, note.where, tally_within(tally),
                                      campaign);
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
    inside_count(pipeline,
                 campaign_counter_beside(pipeline, board, tally_within(TALLY_CASCADES),
                                         campaign),
                 1);
    count_total(pipeline, campaign, is_retweet ? FIGURES_RETWEETS : FIGURES_QUOTES, 1);
}

// ── events ─────────────────────────────────────────────────────────────────

static bool
counters_have_room(const struct pipeline *pipeline, size_t amounts)
{
    return pipeline->windows.counters.of_campaigns + amounts <=
               pipeline->campaigns.counter_capacity &&
           windows_have_room(&pipeline->windows, amounts);
}

static bool
has_room(struct pipeline *pipeline, size_t amounts, unsigned campaign, uint32_t user)
{
    return pipeline->hand.note_count + amounts <= PIPELINE_NOTES_MAX &&
           counters_have_room(pipeline, amounts) &&
           campaign_people_have_room(pipeline, campaign, user);
}

// The first `count` notes are those of the event itself.
static void
count_in(struct pipeline *pipeline, unsigned campaign, uint32_t event, size_t count)
{
    const struct event *row = event_records_at(&pipeline->records, event);
    bool is_reply = false;
    bool is_retweet = (row->flags & EVENT_RETWEET) != 0;
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
    campaign_people_act(pipeline, campaign, users_now(&pipeline->users, row->actor),
                        event);
    campaign_course_act(pipeline, campaign, row);
    pipeline->campaigns.counted_in[event] |= UINT64_C(1) << campaign;
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
            count_in(pipeline, campaign, event, count);
        } else {
            admission_lose(pipeline, &pipeline->metrics.campaigns_left_out);
        }
    }
    campaign_acts_end(pipeline);
}

static bool
add_later(struct pipeline *pipeline, uint32_t event, uint32_t counter,
          const struct windows_moment *moment)
{
    bool is_counted = windows_add(&pipeline->windows, moment, counter, 1);
    if (is_counted) {
        // If this fails the event's other notes are overwritten too.
        (void)event_records_note_more(&pipeline->records, event,
                                      (struct event_records_entry){counter, 1});
    }
    return is_counted;
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
    for (uint64_t rest = campaigns->counted_in[event]; rest != 0; rest &= rest - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(rest);
        if (!counters_have_room(pipeline, 2)) {
            admission_lose(pipeline, &pipeline->metrics.campaigns_left_out);
            continue;
        }
        add_later(pipeline, event,
                  campaign_counter_of_user(pipeline, tally_within(amount.tally),
                                           amount.user, campaign),
                  moment);
        enum figures_total total = total_of(amount.tally);
        if (add_later(pipeline, event, figures_of(pipeline, campaign)->totals[total],
                      moment)) {
            campaign_course_count(pipeline, campaign,
                                  (struct campaign_course_amount){total, 1}, moment);
        }
    }
}

void
campaign_fold_undo(struct pipeline *pipeline, uint32_t event)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    const struct event *row = event_records_at(&pipeline->records, event);
    if (campaigns->count == 0) {
        return;
    }
    uint32_t user = inside_actor(pipeline, row);
    for (uint64_t rest = campaigns->counted_in[event]; rest != 0; rest &= rest - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(rest);
        campaign_course_act_undone(pipeline, campaign, row);
        if (user != USER_NONE) {
            campaign_people_act_undone(pipeline, campaign, user, event);
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
    bool is_gone = counter_is_unlisted(counter);
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
    campaign_people_touched(pipeline, counter->dirty, counter->owner);
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
campaign_fold_merged(struct pipeline *pipeline, uint32_t index)
{
    const struct counter *counter = counters_at(&pipeline->windows.counters, index);
    if (counter_tally(counter) == TALLY_ACTS) {
        follow(pipeline, index, ((uint32_t)1 << pipeline->windows.shown) - 1,
               FIGURES_PEOPLE);
    }
}
