#include "pipeline/forecast/forecasts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/snapshot.h"
#include "pipeline/forecast/seismic.h"
#include "pipeline/inside.h"

#define NEVER INT64_MAX
#define REACH_MAX 1e30 // that fits in a float

bool
forecasts_init(struct forecasts *forecasts, uint32_t cascades, uint32_t authors,
               struct slab *slab)
{
    return timers_init(&forecasts->timers, cascades) &&
           author_baseline_init(&forecasts->baselines, authors, slab);
}

void
forecasts_fini(struct forecasts *forecasts)
{
    author_baseline_fini(&forecasts->baselines);
    timers_fini(&forecasts->timers);
}

// ── how many followers ─────────────────────────────────────────────────────

enum { NETWORK_OTHERS = FORECASTS_NETWORKS - 1 }; // the row of all without their own

static uint32_t
network_find(const struct forecasts *forecasts, struct slice name)
{
    for (uint32_t i = 0; i < forecasts->network_count; i++) {
        const struct forecasts_network *row = &forecasts->networks[i];
        if (slice_equal((struct slice){row->name, row->len}, name)) {
            return i;
        }
    }
    return NETWORK_OTHERS;
}

static struct forecasts_network *
network_make(struct forecasts *forecasts, struct slice name)
{
    uint32_t found = network_find(forecasts, name);
    struct forecasts_network *row = &forecasts->networks[found];
    if (found == NETWORK_OTHERS && name.len <= sizeof(row->name) &&
        forecasts->network_count < NETWORK_OTHERS) {
        row = &forecasts->networks[forecasts->network_count++];
        memcpy(row->name, name.ptr, name.len);
        row->len = (uint32_t)name.len;
    }
    return row;
}

bool
forecasts_median(const struct pipeline *pipeline, struct slice id, uint32_t *ret_median)
{
    const struct forecasts *forecasts = &pipeline->forecasts;
    uint32_t network = network_find(forecasts, users_network_of(id));
    return histogram_median(&forecasts->networks[network].followers, ret_median);
}

static uint32_t
median_of(const struct pipeline *pipeline, uint32_t cascade)
{
    uint32_t median;
    return forecasts_median(pipeline, cascades_id(&pipeline->cascades, cascade),
                            &median)
               ? median
               : RESHARES_UNKNOWN;
}

void
forecasts_meet(struct pipeline *pipeline, uint32_t cascade, uint32_t actor)
{
    const struct user *user = users_at(&pipeline->users, actor);
    if (pipeline->options.cascades_engine && (user->flags & USER_HAS_FOLLOWERS) != 0) {
        struct slice id = cascades_id(&pipeline->cascades, cascade);
        struct forecasts_network *network =
            network_make(&pipeline->forecasts, users_network_of(id));
        histogram_add(&network->followers, user->followers);
    }
}

static uint32_t
known_followers(const struct pipeline *pipeline, uint32_t user)
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

// The reshare as it is in the list: with the followers that the actor has in the set of
// amplifiers.
static struct reshare
reshare_of(const struct pipeline *pipeline, const struct cascade *row,
           const struct event *event)
{
    uint32_t actor = users_now(&pipeline->users, event->actor);
    const struct amplifier *person =
        amplifiers_find(&row->amplifiers, pipeline->texts, actor);
    uint32_t followers = users_at(&pipeline->users, actor)->followers;
    if (person != NULL) {
        followers =
            event->actor == actor
                ? amplifiers_followers(&row->amplifiers, pipeline->texts, person)
                : amplifiers_followers_as(&row->amplifiers, pipeline->texts,
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

// A cascade with its forecast.
struct subject {
    struct pipeline *pipeline;
    uint32_t cascade;
    struct cascade *row;
    struct forecast *forecast;
    struct forecast_events events;
};

static struct subject
subject_of(const struct pipeline *pipeline, uint32_t cascade)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    return (struct subject){
        .cascade = cascade,
        .row = row,
        .forecast = row->forecast == SLAB_NONE
                        ? NULL
                        : forecast_at(pipeline->texts, row->forecast),
        .events = {pipeline->texts, &row->reshares},
    };
}

static uint32_t
reshares_so_far(const struct subject *subject)
{
    return forecast_reshares(subject->forecast, &subject->events);
}

static enum forecasts_stage
stage_at(double part)
{
    static const double ends[] = {.025, .16, .50, .84};
    if (isnan(part)) {
        return FORECASTS_STAGES;
    }
    enum forecasts_stage stage = FORECASTS_INNOVATORS;
    while (stage < FORECASTS_LAGGARDS && part > ends[stage]) {
        stage++;
    }
    return stage;
}

static struct forecast_outlook
estimate(struct pipeline *pipeline, const struct subject *subject, usec now)
{
    struct forecast *forecast = subject->forecast;
    uint32_t reshares = reshares_so_far(subject);
    struct forecast_outlook outlook =
        forecast_estimate(forecast, &subject->events, reshares_time(now),
                          median_of(pipeline, subject->cascade));
    struct calibration_answer answer = {NAN, NAN, NAN};
    if (!isnan(outlook.reach)) {
        const struct final_sizes_input input = {reshares, outlook.reach, outlook.trend};
        answer = calibration_size(&pipeline->forecasts.calibration,
                                  now - subject->row->created, &input);
    }
    forecast->forecast = answer.size;
    forecast->low = answer.low;
    forecast->high = answer.high;
    forecast->stage = (uint8_t)stage_at(reshares / forecast->forecast);
    forecast->grown_at = reshares + (reshares + 3) / 4;
    cascades_queue(&pipeline->cascades, subject->cascade, CASCADE_ESTIMATE);
    return outlook;
}

// When the last reshare was counted. Where all have the same time nothing is known yet:
// the next reshare is worth another estimate.
static void
estimate_first(struct pipeline *pipeline, const struct subject *subject)
{
    (void)estimate(pipeline, subject, pipeline->clock);
    if (isnan(subject->forecast->infectiousness)) {
        subject->forecast->grown_at = reshares_so_far(subject) + 1;
    }
}

// Records the marks that the last reshare reached.
static void
reach_marks(struct pipeline *pipeline, const struct subject *subject)
{
    struct forecast *forecast = subject->forecast;
    const struct reshare *rows =
        reshares_rows(subject->events.reshares, pipeline->texts);
    uint32_t k;
    while ((k = forecast_mark(forecast->next_mark)) <= reshares_so_far(subject)) {
        uint32_t time = forecast->merged.events == 0
                            ? rows[k - 1].time
                            : forecast_newest(forecast, &subject->events);
        int32_t age = reshares_span(forecast->born, time);
        uint32_t reached = age > 0 ? (uint32_t)age : 0;
        reached = reached > forecast->marks[0] ? reached : forecast->marks[0];
        if (forecast->next_mark >= 2) {
            const double times[3] = {reached / 1000.0, forecast->marks[0] / 1000.0,
                                     forecast->marks[1] / 1000.0};
            uint32_t learnt = forecast->next_mark - 2u;
            for (size_t i = 0; i < 3 && learnt < FORECAST_DOUBLINGS; i++) {
                forecast->doublings[learnt][i] = (float)times[i];
            }
            forecast->p_double =
                calibration_p_double(&pipeline->forecasts.calibration, k, times);
            cascades_queue(&pipeline->cascades, subject->cascade, CASCADE_P_DOUBLE);
        }
        forecast->marks[1] = forecast->marks[0];
        forecast->marks[0] = reached;
        forecast->next_mark++;
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
    const struct author_baseline_post post = {
        .author = author_hash(pipeline, subject->row),
        .followers = known_followers(pipeline, subject->row->author),
        .age = age,
        .size = subject->forecast->sizes[age],
    };
    subject->forecast->overperformance =
        author_baseline_compare(&pipeline->forecasts.baselines, &post);
    cascades_queue(&pipeline->cascades, subject->cascade, CASCADE_OVERPERFORMANCE);
}

static void
enter_history(struct pipeline *pipeline, const struct subject *subject)
{
    struct forecast *forecast = subject->forecast;
    if ((forecast->flags & FORECAST_SIZED) == 0 && subject->row->author != USER_NONE) {
        author_baseline_add(
            &pipeline->forecasts.baselines, author_hash(pipeline, subject->row),
            known_followers(pipeline, subject->row->author), forecast->sizes);
    }
    forecast->flags |= FORECAST_SIZED;
}

// Also if the cascade has no reshares any more, so that its list does not keep its
// former size.
static void
merge(const struct subject *subject, usec now)
{
    if (subject->row->reshares.count > FORECAST_EXACT_MAX) {
        forecast_merge(subject->forecast, &subject->events, reshares_time(now));
    }
}

// Records what belongs to the age that was passed last. A new forecast may contain
// events later than the ages it has passed.
static void
take_stock(struct pipeline *pipeline, const struct subject *subject, bool is_new)
{
    struct forecast *forecast = subject->forecast;
    uint32_t index = forecast->next_age - 1u;
    usec age = forecast_age(index);
    uint32_t size = forecast_size_of(index);
    if (size < FORECAST_SIZES) {
        forecast->sizes[size] =
            is_new ? forecast_reshares_at(forecast, &subject->events, age)
                   : reshares_so_far(subject);
        compare(pipeline, subject, size);
    }
    if (is_new) {
        return;
    }
    struct forecast_outlook outlook =
        estimate(pipeline, subject, subject->row->created + age);
    merge(subject, subject->row->created + age);
    uint32_t anchor = final_sizes_anchor(age);
    if (anchor < FORECAST_ANCHORS && !isnan(outlook.reach)) {
        forecast->samples[anchor] = (struct forecast_sample){
            reshares_so_far(subject),
            (float)fmin(outlook.reach, REACH_MAX),
            (float)outlook.trend,
        };
    }
}

static void
pass_age(struct pipeline *pipeline, const struct subject *subject, bool is_new)
{
    subject->forecast->next_age++;
    take_stock(pipeline, subject, is_new);
    if (subject->forecast->next_age == FORECAST_AGES) {
        enter_history(pipeline, subject);
    }
}

// True while the clock equals the age that was passed last: events counted at this time
// are included in it. At the last of all ages the author's history is written instead.
static bool
is_at_age(const struct subject *subject, usec clock)
{
    uint32_t next = subject->forecast->next_age;
    return next > 0 && next < FORECAST_AGES &&
           clock == subject->row->created + forecast_age(next - 1);
}

static void
finish(struct pipeline *pipeline, const struct subject *subject)
{
    struct forecast *forecast = subject->forecast;
    uint32_t ended = reshares_so_far(subject);
    for (; forecast->next_age < FORECAST_AGES; forecast->next_age++) {
        uint32_t size = forecast_size_of(forecast->next_age);
        if (size < FORECAST_SIZES) {
            forecast->sizes[size] = ended;
        }
    }
    enter_history(pipeline, subject);
    calibration_learn(
        &pipeline->forecasts.calibration, forecast,
        (struct calibration_close){cascades_close_due(subject->row), ended});
    forecast->flags |= FORECAST_OVER;
    merge(subject, cascades_close_due(subject->row));
    cascades_queue(&pipeline->cascades, subject->cascade,
                   CASCADE_ESTIMATE | CASCADE_P_DOUBLE);
}

static bool
has_forecast(const void *context, const struct timer *timer)
{
    const struct pipeline *pipeline = context;
    const struct cascade *row = cascades_at(&pipeline->cascades, timer->index);
    return row->birth != 0 && row->life == timer->birth && row->forecast != SLAB_NONE;
}

// The time of the next action; NEVER: there is none.
static usec
due_of(const struct subject *subject, bool *ret_is_close)
{
    const struct forecast *forecast = subject->forecast;
    assert(forecast != NULL);
    usec age = NEVER;
    usec close = NEVER;
    if (forecast->next_age < FORECAST_AGES) {
        age = subject->row->created + forecast_age(forecast->next_age);
    }
    if ((forecast->flags & FORECAST_OVER) == 0) {
        close = cascades_close_due(subject->row);
    }
    *ret_is_close = close <= age;
    return close < age ? close : age;
}

// Performs the next action if it is due; false if none is.
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
    struct timers *timers = &pipeline->forecasts.timers;
    if (timer.due == NEVER) {
        return;
    }
    if (timers->count == timers->capacity) {
        timers_prune(timers, has_forecast, pipeline);
    }
    timers_add(timers, timer);
}

void
forecasts_prune(struct pipeline *pipeline)
{
    timers_prune(&pipeline->forecasts.timers, has_forecast, pipeline);
}

void
forecasts_advance(struct pipeline *pipeline, usec clock)
{
    struct timer timer;
    while (timers_take(&pipeline->forecasts.timers, clock, &timer)) {
        if (has_forecast(pipeline, &timer)) {
            // One action at a time: actions of other cascades may be due between two of
            // this one.
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
    row->forecast = forecast_create(&subject.events, row->created,
                                    known_followers(pipeline, row->author));
    if (row->forecast == SLAB_NONE) {
        return;
    }
    subject.forecast = forecast_at(pipeline->texts, row->forecast);
    subject.forecast->stage = FORECASTS_STAGES;
    reach_marks(pipeline, &subject);
    while (attend(pipeline, &subject, pipeline->clock, true)) {
    }
    if ((subject.forecast->flags & FORECAST_OVER) == 0) {
        estimate_first(pipeline, &subject);
    }
    arm(pipeline, &subject);
    cascades_queue(&pipeline->cascades, cascade, CASCADE_EDEPTH);
}

static void
count_small(struct pipeline *pipeline, uint32_t cascade, struct reshare reshare)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (!reshares_make_room(&row->reshares, pipeline->texts)) {
        pipeline->forecasts.refused++;
        return;
    }
    reshares_add(&row->reshares, pipeline->texts, reshare);
    if (row->reshares.count >= FORECAST_MIN && row->created != USEC_NONE) {
        open_pulse(pipeline, cascade);
    }
}

void
forecasts_count(struct pipeline *pipeline, uint32_t cascade, struct event *event)
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
    if (subject.forecast == NULL) {
        count_small(pipeline, cascade, reshare);
        return;
    }
    if (!forecast_add(subject.forecast, &subject.events, reshare,
                      reshares_time(pipeline->clock))) {
        pipeline->forecasts.refused++;
        return;
    }
    reach_marks(pipeline, &subject);
    if (is_at_age(&subject, pipeline->clock)) {
        take_stock(pipeline, &subject, false);
    } else if (reshares_so_far(&subject) >= subject.forecast->grown_at) {
        (void)estimate(pipeline, &subject, pipeline->clock);
    }
    cascades_queue(&pipeline->cascades, cascade, CASCADE_EDEPTH);
}

void
forecasts_take_back(struct pipeline *pipeline, uint32_t cascade,
                    const struct event *event)
{
    struct subject subject = subject_of(pipeline, cascade);
    struct reshare reshare = reshare_of(pipeline, subject.row, event);
    if (subject.forecast == NULL) {
        reshares_remove(&subject.row->reshares, pipeline->texts, reshare);
    } else if (forecast_take_back(subject.forecast, &subject.events, reshare)) {
        cascades_queue(&pipeline->cascades, cascade, CASCADE_EDEPTH);
    }
}

// ── asking ─────────────────────────────────────────────────────────────────

bool
forecasts_view(const struct pipeline *pipeline, uint32_t cascade,
               struct forecasts_view *ret_view)
{
    struct subject subject = subject_of(pipeline, cascade);
    struct forecast *forecast = subject.forecast;
    if (forecast == NULL) {
        return false;
    }
    *ret_view = (struct forecasts_view){
        .edepth = forecast_edepth(forecast, &subject.events),
        .infectiousness = forecast->infectiousness,
        .forecast = forecast->forecast,
        .low = forecast->low,
        .high = forecast->high,
        .p_double = forecast->p_double,
        .overperformance = forecast->overperformance,
        .is_supercritical = seismic_is_supercritical(forecast->infectiousness),
        .is_bursting = forecast_is_bursting(forecast, &subject.events,
                                            reshares_time(pipeline->clock)),
        .stage = forecast->stage,
    };
    if (cascades_is_closed(subject.row, pipeline->clock)) {
        ret_view->infectiousness = NAN;
        ret_view->is_supercritical = false;
        ret_view->forecast = NAN;
        ret_view->low = NAN;
        ret_view->high = NAN;
        ret_view->p_double = NAN;
        ret_view->stage = FORECASTS_LAGGARDS;
    }
    return true;
}

struct slice
forecasts_stage_name(enum forecasts_stage stage)
{
    static const char *const names[FORECASTS_STAGES] = {
        [FORECASTS_INNOVATORS] = "innovators",
        [FORECASTS_EARLY_ADOPTERS] = "early_adopters",
        [FORECASTS_EARLY_MAJORITY] = "early_majority",
        [FORECASTS_LATE_MAJORITY] = "late_majority",
        [FORECASTS_LAGGARDS] = "laggards",
    };
    return slice_of(names[stage]);
}

void
forecasts_recall(struct pipeline *pipeline, struct slice name, struct slice value)
{
    (void)calibration_restore(&pipeline->forecasts.calibration, name, value);
}

void
forecasts_move(struct forecasts *forecasts, struct snapshot *snapshot)
{
    timers_move(&forecasts->timers, snapshot);
    SNAPSHOT_VALUE(snapshot, forecasts->networks);
    SNAPSHOT_VALUE(snapshot, forecasts->network_count);
    SNAPSHOT_VALUE(snapshot, forecasts->refused);
    snapshot_expect(snapshot, forecasts->network_count < FORECASTS_NETWORKS);
    author_baseline_move(&forecasts->baselines, snapshot);
    calibration_move(&forecasts->calibration, snapshot);
}
