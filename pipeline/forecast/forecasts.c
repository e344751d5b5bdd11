#include "pipeline/forecast/forecasts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/snapshot.h"
#include "pipeline/inside.h"

#define NEVER INT64_MAX

bool
pulses_init(struct pulses *pulses, uint32_t cascades, uint32_t authors,
            struct slab *slab)
{
    return timers_init(&pulses->timers, cascades) &&
           habits_init(&pulses->habits, authors, slab);
}

void
pulses_fini(struct pulses *pulses)
{
    habits_fini(&pulses->habits);
    timers_fini(&pulses->timers);
}

// ── how many followers ─────────────────────────────────────────────────────

static struct pulses_network *
network_find(struct pulses *pulses, struct slice name, bool is_made)
{
    for (uint32_t i = 0; i < pulses->network_count; i++) {
        struct pulses_network *row = &pulses->networks[i];
        if (slice_equal((struct slice){row->name, row->len}, name)) {
            return row;
        }
    }
    struct pulses_network *row = &pulses->networks[PULSES_NETWORKS - 1];
    if (is_made && name.len <= sizeof(row->name) &&
        pulses->network_count < PULSES_NETWORKS - 1) {
        row = &pulses->networks[pulses->network_count++];
        memcpy(row->name, name.ptr, name.len);
        row->len = (uint32_t)name.len;
    }
    return row;
}

static uint32_t
median_of(struct pipeline *pipeline, uint32_t cascade)
{
    struct slice id = cascades_id(&pipeline->cascades, cascade);
    const struct pulses_network *network =
        network_find(&pipeline->pulses, users_network_of(id), false);
    uint32_t median;
    return histogram_median(&network->followers, &median) ? median : RESHARES_UNKNOWN;
}

void
pulses_meet(struct pipeline *pipeline, uint32_t cascade, uint32_t actor)
{
    const struct user *user = users_at(&pipeline->users, actor);
    if (pipeline->options.cascades_engine && (user->flags & USER_HAS_FOLLOWERS) != 0) {
        struct slice id = cascades_id(&pipeline->cascades, cascade);
        struct pulses_network *network =
            network_find(&pipeline->pulses, users_network_of(id), true);
        histogram_add(&network->followers, user->followers);
    }
}

static uint32_t
told_followers(const struct pipeline *pipeline, uint32_t user)
{
    if (user == USER_NONE) {
        return RESHARES_UNKNOWN;
    }
    const struct user *row = users_at(&pipeline->users, user);
    if ((row->flags & USER_HAS_FOLLOWERS) == 0) {
        return RESHARES_UNKNOWN;
    }
    return row->followers < RESHARES_UNKNOWN ? row->followers : RESHARES_UNKNOWN - 1;
}

// As it stands in the list: with the followers that the actor is in the set with.
static struct reshare
reshare_of(const struct pipeline *pipeline, const struct cascade *row,
           const struct event *event)
{
    uint32_t actor = users_now(&pipeline->users, event->actor);
    const struct person *person = people_find(&row->people, pipeline->texts, actor);
    uint32_t followers = users_at(&pipeline->users, actor)->followers;
    if (person != NULL) {
        followers = event->actor == actor
                        ? people_followers(&row->people, pipeline->texts, person)
                        : people_followers_as(&row->people, pipeline->texts,
                                              event->actor, person);
    }
    if (followers == 0 && (event->flags & EVENT_BLIND) != 0) {
        followers = RESHARES_UNKNOWN;
    } else if (followers == RESHARES_UNKNOWN) {
        followers--;
    }
    return (struct reshare){reshares_time(event->time), followers};
}

// ── estimates ──────────────────────────────────────────────────────────────

// A cascade with its pulse.
struct subject {
    struct pipeline *pipeline;
    uint32_t cascade;
    struct cascade *row;
    struct pulse *pulse;
    struct pulse_events events;
};

static struct subject
subject_of(const struct pipeline *pipeline, uint32_t cascade)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    return (struct subject){
        .cascade = cascade,
        .row = row,
        .pulse = row->pulse == SLAB_NONE ? NULL : pulse_at(pipeline->texts, row->pulse),
        .events = {pipeline->texts, &row->reshares},
    };
}

static uint32_t
reshares_so_far(const struct subject *subject)
{
    return pulse_reshares(subject->pulse, &subject->events);
}

static enum pulses_stage
stage_at(double part)
{
    static const double ends[] = {.025, .16, .50, .84};
    if (isnan(part)) {
        return PULSES_STAGES;
    }
    enum pulses_stage stage = PULSES_INNOVATORS;
    while (stage < PULSES_LAGGARDS && part > ends[stage]) {
        stage++;
    }
    return stage;
}

static double
estimate(struct pipeline *pipeline, const struct subject *subject, usec now)
{
    struct pulse *pulse = subject->pulse;
    uint32_t reshares = reshares_so_far(subject);
    double reach;
    pulse_estimate(pulse, &subject->events, reshares_time(now),
                   median_of(pipeline, subject->cascade), &reach);
    double band[2];
    bool has_band = !isnan(reach) && calibration_band(&pipeline->pulses.calibration,
                                                      now - subject->row->created,
                                                      reshares, reach, band);
    pulse->low = has_band ? band[0] : NAN;
    pulse->high = has_band ? band[1] : NAN;
    pulse->stage = (uint8_t)stage_at(reshares / pulse->forecast);
    pulse->grown_at = reshares + (reshares + 3) / 4;
    cascades_queue(&pipeline->cascades, subject->cascade, CASCADE_ESTIMATE);
    return reach;
}

// The marks that the last reshare reached.
static void
reach_marks(struct pipeline *pipeline, const struct subject *subject)
{
    struct pulse *pulse = subject->pulse;
    const struct reshare *rows =
        reshares_rows(subject->events.reshares, pipeline->texts);
    uint32_t k;
    while ((k = pulse_mark(pulse->next_mark)) <= reshares_so_far(subject)) {
        uint32_t time = pulse->merged.events == 0
                            ? rows[k - 1].time
                            : pulse_newest(pulse, &subject->events);
        int32_t age = reshares_span(pulse->born, time);
        uint32_t reached = age > 0 ? (uint32_t)age : 0;
        reached = reached > pulse->marks[0] ? reached : pulse->marks[0];
        if (pulse->next_mark >= 2) {
            const double times[3] = {reached / 1000.0, pulse->marks[0] / 1000.0,
                                     pulse->marks[1] / 1000.0};
            uint32_t learnt = pulse->next_mark - 2u;
            for (size_t i = 0; i < 3 && learnt < PULSE_DOUBLINGS; i++) {
                pulse->doublings[learnt][i] = (float)times[i];
            }
            pulse->p_double =
                calibration_p_double(&pipeline->pulses.calibration, k, times);
            cascades_queue(&pipeline->cascades, subject->cascade, CASCADE_P_DOUBLE);
        }
        pulse->marks[1] = pulse->marks[0];
        pulse->marks[0] = reached;
        pulse->next_mark++;
    }
}

// ── what is due ────────────────────────────────────────────────────────────

static uint64_t
author_hash(const struct pipeline *pipeline, const struct cascade *row)
{
    return inside_hash(pipeline, users_id(&pipeline->users, row->author));
}

static void
compare(struct pipeline *pipeline, const struct subject *subject, uint32_t age)
{
    if (subject->row->author == USER_NONE) {
        return;
    }
    const struct habits_post post = {
        .author = author_hash(pipeline, subject->row),
        .followers = told_followers(pipeline, subject->row->author),
        .age = age,
        .size = subject->pulse->sizes[age],
    };
    subject->pulse->overperformance = habits_compare(&pipeline->pulses.habits, &post);
    cascades_queue(&pipeline->cascades, subject->cascade, CASCADE_OVERPERFORMANCE);
}

static void
enter_history(struct pipeline *pipeline, const struct subject *subject)
{
    struct pulse *pulse = subject->pulse;
    if ((pulse->flags & PULSE_SIZED) == 0 && subject->row->author != USER_NONE) {
        habits_add(&pipeline->pulses.habits, author_hash(pipeline, subject->row),
                   told_followers(pipeline, subject->row->author), pulse->sizes);
    }
    pulse->flags |= PULSE_SIZED;
}

// Also when nobody carries it any more, so that its list does not stay as long as it
// was.
static void
merge(const struct subject *subject, usec now)
{
    if (subject->row->reshares.count > PULSE_EXACT_MOST) {
        pulse_merge(subject->pulse, &subject->events, reshares_time(now));
    }
}

// Takes stock of the age that was passed last. A pulse that is new has events later
// than the ages it has passed.
static void
take_stock(struct pipeline *pipeline, const struct subject *subject, bool is_new)
{
    struct pulse *pulse = subject->pulse;
    uint32_t index = pulse->next_age - 1u;
    usec age = pulse_age(index);
    uint32_t size = pulse_size_of(index);
    if (size < PULSE_SIZES) {
        pulse->sizes[size] = is_new ? pulse_reshares_at(pulse, &subject->events, age)
                                    : reshares_so_far(subject);
        compare(pipeline, subject, size);
    }
    if (is_new) {
        return;
    }
    double reach = estimate(pipeline, subject, subject->row->created + age);
    merge(subject, subject->row->created + age);
    uint32_t anchor = calibration_anchor(age);
    if (anchor < PULSE_ANCHORS && !isnan(reach)) {
        pulse->samples[anchor] = (struct pulse_sample){
            (float)log((double)reshares_so_far(subject) + 1),
            (float)log(reach + 1),
        };
    }
}

static void
pass_age(struct pipeline *pipeline, const struct subject *subject, bool is_new)
{
    subject->pulse->next_age++;
    take_stock(pipeline, subject, is_new);
    if (subject->pulse->next_age == PULSE_AGES) {
        enter_history(pipeline, subject);
    }
}

// True in the very moment of the age that was passed last: what still comes in it
// belongs to it. With the last of all ages the history is written.
static bool
is_at_age(const struct subject *subject, usec clock)
{
    uint32_t next = subject->pulse->next_age;
    return next > 0 && next < PULSE_AGES &&
           clock == subject->row->created + pulse_age(next - 1);
}

static void
finish(struct pipeline *pipeline, const struct subject *subject)
{
    struct pulse *pulse = subject->pulse;
    uint32_t ended = reshares_so_far(subject);
    for (; pulse->next_age < PULSE_AGES; pulse->next_age++) {
        uint32_t size = pulse_size_of(pulse->next_age);
        if (size < PULSE_SIZES) {
            pulse->sizes[size] = ended;
        }
    }
    enter_history(pipeline, subject);
    calibration_learn(&pipeline->pulses.calibration, pulse, ended);
    pulse->flags |= PULSE_OVER;
    merge(subject, cascades_close_due(subject->row));
    cascades_queue(&pipeline->cascades, subject->cascade,
                   CASCADE_ESTIMATE | CASCADE_P_DOUBLE);
}

static bool
has_pulse(const void *context, const struct timer *timer)
{
    const struct pipeline *pipeline = context;
    const struct cascade *row = cascades_at(&pipeline->cascades, timer->index);
    return row->birth != 0 && row->life == timer->birth && row->pulse != SLAB_NONE;
}

// When there is something to do next; NEVER: nothing.
static usec
due_of(const struct subject *subject, bool *ret_is_close)
{
    const struct pulse *pulse = subject->pulse;
    assert(pulse != NULL);
    usec age = NEVER;
    usec close = NEVER;
    if (pulse->next_age < PULSE_AGES) {
        age = subject->row->created + pulse_age(pulse->next_age);
    }
    if ((pulse->flags & PULSE_OVER) == 0) {
        close = cascades_close_due(subject->row);
    }
    *ret_is_close = close <= age;
    return close < age ? close : age;
}

// Does the next thing if it is due; false if none is.
static bool
attend(struct pipeline *pipeline, const struct subject *subject, usec clock,
       bool is_new)
{
    bool is_close;
    usec due = due_of(subject, &is_close);
    if (due == NEVER || due > clock) {
        return false;
    }
    if (is_close) {
        finish(pipeline, subject);
    } else {
        pass_age(pipeline, subject, is_new);
    }
    return true;
}

static void
arm(struct pipeline *pipeline, const struct subject *subject)
{
    bool is_close;
    struct timer timer = {due_of(subject, &is_close), subject->cascade,
                          subject->row->life};
    struct timers *timers = &pipeline->pulses.timers;
    if (timer.due == NEVER) {
        return;
    }
    if (timers->count == timers->capacity) {
        timers_prune(timers, has_pulse, pipeline);
    }
    timers_add(timers, timer);
}

void
pulses_prune(struct pipeline *pipeline)
{
    timers_prune(&pipeline->pulses.timers, has_pulse, pipeline);
}

void
pulses_advance(struct pipeline *pipeline, usec clock)
{
    struct timer timer;
    while (timers_take(&pipeline->pulses.timers, clock, &timer)) {
        if (has_pulse(pipeline, &timer)) {
            // One thing at a time: those of other cascades may come in between.
            struct subject subject = subject_of(pipeline, timer.index);
            (void)attend(pipeline, &subject, timer.due, false);
            arm(pipeline, &subject);
        }
    }
}

// ── counting ───────────────────────────────────────────────────────────────

static bool
is_followed(const struct cascade *row, const struct event *event, usec clock)
{
    usec born = row->created != USEC_NONE ? row->created : row->first;
    return clock - born < CASCADE_AGE && clock - event->time < CASCADE_AGE;
}

static void
open_pulse(struct pipeline *pipeline, uint32_t cascade)
{
    struct subject subject = subject_of(pipeline, cascade);
    struct cascade *row = subject.row;
    row->pulse = pulse_create(&subject.events, row->created,
                              told_followers(pipeline, row->author));
    if (row->pulse == SLAB_NONE) {
        return;
    }
    subject.pulse = pulse_at(pipeline->texts, row->pulse);
    subject.pulse->stage = PULSES_STAGES;
    reach_marks(pipeline, &subject);
    while (attend(pipeline, &subject, pipeline->clock, true)) {
    }
    arm(pipeline, &subject);
    cascades_queue(&pipeline->cascades, cascade, CASCADE_EDEPTH);
}

static void
count_small(struct pipeline *pipeline, uint32_t cascade, struct reshare reshare)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (!reshares_make_room(&row->reshares, pipeline->texts)) {
        pipeline->pulses.refused++;
        return;
    }
    reshares_add(&row->reshares, pipeline->texts, reshare);
    if (row->reshares.count >= PULSE_LEAST && row->created != USEC_NONE) {
        open_pulse(pipeline, cascade);
    }
}

void
pulses_count(struct pipeline *pipeline, uint32_t cascade, struct event *event)
{
    if (!pipeline->options.cascades_engine ||
        !is_followed(cascades_at(&pipeline->cascades, cascade), event,
                     pipeline->clock)) {
        return;
    }
    if ((users_at(&pipeline->users, event->actor)->flags & USER_HAS_FOLLOWERS) == 0) {
        event->flags |= EVENT_BLIND;
    }
    struct subject subject = subject_of(pipeline, cascade);
    struct reshare reshare = reshare_of(pipeline, subject.row, event);
    if (subject.pulse == NULL) {
        count_small(pipeline, cascade, reshare);
        return;
    }
    if (!pulse_add(subject.pulse, &subject.events, reshare,
                   reshares_time(pipeline->clock))) {
        pipeline->pulses.refused++;
        return;
    }
    reach_marks(pipeline, &subject);
    if (is_at_age(&subject, pipeline->clock)) {
        take_stock(pipeline, &subject, false);
    } else if (reshares_so_far(&subject) >= subject.pulse->grown_at) {
        (void)estimate(pipeline, &subject, pipeline->clock);
    }
    cascades_queue(&pipeline->cascades, cascade, CASCADE_EDEPTH);
}

void
pulses_take_back(struct pipeline *pipeline, uint32_t cascade, const struct event *event)
{
    struct subject subject = subject_of(pipeline, cascade);
    struct reshare reshare = reshare_of(pipeline, subject.row, event);
    if (subject.pulse == NULL) {
        reshares_remove(&subject.row->reshares, pipeline->texts, reshare);
    } else if (pulse_take_back(subject.pulse, &subject.events, reshare)) {
        cascades_queue(&pipeline->cascades, cascade, CASCADE_EDEPTH);
    }
}

// ── asking ─────────────────────────────────────────────────────────────────

bool
pulses_view(const struct pipeline *pipeline, uint32_t cascade,
            struct pulses_view *ret_view)
{
    struct subject subject = subject_of(pipeline, cascade);
    struct pulse *pulse = subject.pulse;
    if (pulse == NULL) {
        return false;
    }
    *ret_view = (struct pulses_view){
        .edepth = pulse_edepth(pulse, &subject.events),
        .infectiousness = pulse->infectiousness,
        .forecast = pulse->forecast,
        .low = pulse->low,
        .high = pulse->high,
        .p_double = pulse->p_double,
        .overperformance = pulse->overperformance,
        .is_bursting =
            pulse_is_bursting(pulse, &subject.events, reshares_time(pipeline->clock)),
        .stage = pulse->stage,
    };
    if (cascades_is_closed(subject.row, pipeline->clock)) {
        ret_view->infectiousness = NAN;
        ret_view->forecast = NAN;
        ret_view->low = NAN;
        ret_view->high = NAN;
        ret_view->p_double = NAN;
        ret_view->stage = PULSES_LAGGARDS;
    }
    return true;
}

struct slice
pulses_stage_name(enum pulses_stage stage)
{
    static const char *const names[PULSES_STAGES] = {
        [PULSES_INNOVATORS] = "innovators",
        [PULSES_EARLY_ADOPTERS] = "early_adopters",
        [PULSES_EARLY_MAJORITY] = "early_majority",
        [PULSES_LATE_MAJORITY] = "late_majority",
        [PULSES_LAGGARDS] = "laggards",
    };
    return slice_of(names[stage]);
}

void
pulses_recall(struct pipeline *pipeline, struct slice name, struct slice value)
{
    (void)calibration_restore(&pipeline->pulses.calibration, name, value);
}

void
pulses_move(struct pulses *pulses, struct snapshot *snapshot)
{
    timers_move(&pulses->timers, snapshot);
    SNAPSHOT_VALUE(snapshot, pulses->networks);
    SNAPSHOT_VALUE(snapshot, pulses->network_count);
    SNAPSHOT_VALUE(snapshot, pulses->refused);
    snapshot_expect(snapshot, pulses->network_count < PULSES_NETWORKS);
    habits_move(&pulses->habits, snapshot);
    calibration_move(&pulses->calibration, snapshot);
}
