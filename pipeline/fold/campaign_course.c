#include "pipeline/fold/campaign_course.h"

#include "pipeline/campaigns/course.h"
#include "pipeline/inside.h"

static struct course *
course_of(const struct pipeline *pipeline, unsigned campaign)
{
    return pipeline->campaigns.figures[campaign].course;
}

// ── totals ─────────────────────────────────────────────────────────────────

void
campaign_course_count(struct pipeline *pipeline, unsigned campaign,
                      struct campaign_course_amount amount,
                      const struct windows_moment *moment)
{
    course_count(course_of(pipeline, campaign), &pipeline->windows, moment,
                 (struct course_amount){amount.total, amount.amount, false});
}

void
campaign_course_note_undone(struct pipeline *pipeline, struct event_records_entry note)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    uint32_t index = note.where & EVENT_RECORDS_INDEX;
    const struct counter *counter = counters_at(&pipeline->windows.counters, index);
    if (counter_tally(counter) != TALLY_TOTAL || counter->owner == COUNTER_ORPHAN) {
        return;
    }
    uint32_t campaign = counter->owner / FIGURES_TOTALS;
    uint32_t total = counter->owner % FIGURES_TOTALS;
    // Of a note that has left the windows the index may be free, or of a total of a
    // campaign that began later: nothing was counted in that one at this moment.
    if (campaign < campaigns->count &&
        campaigns->figures[campaign].totals[total] == index) {
        course_count(course_of(pipeline, campaign), &pipeline->windows,
                     &pipeline->hand.moment,
                     (struct course_amount){total, note.amount, true});
    }
}

// ── growth ─────────────────────────────────────────────────────────────────

// It begins with the first act, or now if that one came later than the windows cover.
static void
grow(const struct pipeline *pipeline, struct course_growth *growth, usec time,
     enum course_growing what)
{
    bool is_late = time <= pipeline->clock - pipeline->longest;
    course_growth_begin(growth, is_late ? pipeline->clock : time);
    course_growth_add(growth, time, what);
}

// ── acts ───────────────────────────────────────────────────────────────────

static bool
is_published(const struct event *event)
{
    return (event->flags & EVENT_RETWEET) == 0;
}

void
campaign_course_act(struct pipeline *pipeline, unsigned campaign,
                    const struct event *event)
{
    struct course_growth *growth = &course_of(pipeline, campaign)->growth;
    grow(pipeline, growth, event->time, COURSE_ACTS);
    if (is_published(event)) {
        grow(pipeline, growth, event->time, COURSE_POSTS);
    }
}

void
campaign_course_act_undone(struct pipeline *pipeline, unsigned campaign,
                           const struct event *event)
{
    struct course_growth *growth = &course_of(pipeline, campaign)->growth;
    course_growth_take(growth, event->time, COURSE_ACTS);
    if (is_published(event)) {
        course_growth_take(growth, event->time, COURSE_POSTS);
    }
}

// ── people ─────────────────────────────────────────────────────────────────

static void
count_joined(struct pipeline *pipeline, unsigned campaign, usec time, bool is_undo)
{
    struct course *course = course_of(pipeline, campaign);
    const struct windows_moment moment = windows_moment(&pipeline->windows, time);
    course_count(course, &pipeline->windows, &moment,
                 (struct course_amount){COURSE_JOINED, 1, is_undo});
    if (is_undo) {
        course_growth_take(&course->growth, time, COURSE_PEOPLE);
    } else {
        grow(pipeline, &course->growth, time, COURSE_PEOPLE);
    }
}

void
campaign_course_met(struct pipeline *pipeline, struct pairs_row *pair, usec time)
{
    if (pair->acts > 1 && time >= pair->first) {
        return;
    }
    if (pair->acts > 1) {
        count_joined(pipeline, pair->campaign, pair->first, true);
    }
    pair->first = time;
    count_joined(pipeline, pair->campaign, time, false);
}

void
campaign_course_left(struct pipeline *pipeline, const struct pairs_row *pair)
{
    count_joined(pipeline, pair->campaign, pair->first, true);
}

void
campaign_course_merge(struct pipeline *pipeline, const struct pairs_row *from,
                      struct pairs_row *into)
{
    if (from->acts != 0 && into->acts != 0) {
        usec later = from->first > into->first ? from->first : into->first;
        count_joined(pipeline, into->campaign, later, true);
    }
    if (from->acts != 0 && (into->acts == 0 || from->first < into->first)) {
        into->first = from->first;
    }
}
