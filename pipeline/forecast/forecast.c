#include "pipeline/forecast/forecast.h"

#include <math.h>
#include <string.h>

#include "pipeline/forecast/seismic.h"

#define DECAY 6.8e-5 // a second; half-life 2.83 h
#define LN2 0.693147180559945309
#define BURST_MARGIN 5.0

enum { MARK_OF_100 = 4, MERGE_AGE_S = 600 };

// clang-format off
static const struct {
    uint16_t minutes;
    uint8_t size;
} ages[FORECAST_AGES] = {
    {1, FORECAST_SIZES}, {2, FORECAST_SIZES}, {5, 0}, {10, FORECAST_SIZES}, {15, 1},
    {20, FORECAST_SIZES}, {30, FORECAST_SIZES}, {45, FORECAST_SIZES}, {60, 2}, {90, FORECAST_SIZES},
    {120, FORECAST_SIZES}, {180, FORECAST_SIZES}, {240, FORECAST_SIZES}, {300, 3},
    {360, FORECAST_SIZES}, {720, FORECAST_SIZES}, {1440, 4},
};
// clang-format on

usec
forecast_age(uint32_t index)
{
    return ages[index].minutes * USEC_PER_MIN;
}

uint32_t
forecast_size_of(uint32_t index)
{
    return ages[index].size;
}

uint32_t
forecast_mark(uint32_t index)
{
    return index < MARK_OF_100 ? 100u >> (MARK_OF_100 - index)
                               : 100u << (index - MARK_OF_100);
}

// Seconds from the root to that time; 0 for a time before the root.
static double
age_of(const struct forecast *forecast, uint32_t time)
{
    return fmax(0, reshares_span(forecast->born, time) / 1000.0);
}

uint32_t
forecast_reshares(const struct forecast *forecast, const struct forecast_events *events)
{
    return events->reshares->count + forecast->merged.events;
}

uint32_t
forecast_newest(const struct forecast *forecast, const struct forecast_events *events)
{
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    uint32_t listed = rows == NULL ? 0 : rows[events->reshares->count - 1].time;
    if (forecast->merged.events == 0) {
        return listed;
    }
    // The newest listed event is not always the newest: the end of the list may have
    // been taken back, and an event that no bucket spans is listed however late it is.
    uint32_t merged = reshare_buckets_newest(&forecast->merged, events->slab);
    return rows == NULL || reshares_span(listed, merged) > 0 ? merged : listed;
}

uint32_t
forecast_reshares_at(const struct forecast *forecast,
                     const struct forecast_events *events, usec age)
{
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    uint32_t count = 0;
    while (count < events->reshares->count &&
           reshares_span(forecast->born, rows[count].time) <= age / USEC_PER_MS) {
        count++;
    }
    return count;
}

// ── expected depth ─────────────────────────────────────────────────────────

static double
weight_of(uint32_t followers)
{
    return followers == RESHARES_UNKNOWN || followers == 0 ? 1 : followers;
}

static void
depth_begin(struct forecast *forecast)
{
    forecast->depth_weight = weight_of(forecast->root);
    forecast->depth_glow = 0;
    forecast->depth_sum = 0;
    forecast->depth_last = forecast->born;
    forecast->depth_count = 0;
}

static void
depth_step(struct forecast *forecast, struct reshare reshare)
{
    int32_t span = reshares_span(forecast->depth_last, reshare.time);
    if (span > 0) {
        double decay = exp(-DECAY * span / 1000);
        forecast->depth_weight *= decay;
        forecast->depth_glow *= decay;
        forecast->depth_last = reshare.time;
    }
    double depth = 1 + forecast->depth_glow / forecast->depth_weight;
    double weight = weight_of(reshare.followers);
    forecast->depth_weight += weight;
    forecast->depth_glow += weight * depth;
    forecast->depth_sum += depth;
    forecast->depth_count++;
}

static void
depth_follow(struct forecast *forecast, const struct forecast_events *events)
{
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    if (forecast->depth_done == 0 && forecast->merged.events == 0) {
        depth_begin(forecast);
    }
    while (forecast->depth_done < events->reshares->count) {
        depth_step(forecast, rows[forecast->depth_done++]);
    }
}

double
forecast_edepth(struct forecast *forecast, const struct forecast_events *events)
{
    depth_follow(forecast, events);
    return forecast->depth_count == 0 ? NAN
                                      : forecast->depth_sum / forecast->depth_count;
}

// ── bursts ─────────────────────────────────────────────────────────────────

static double
usual_rate(const struct forecast *forecast, uint32_t reshares, uint32_t time)
{
    return reshares / fmax(age_of(forecast, time), 1e-3);
}

static void
burst_step(struct forecast *forecast, uint32_t reshares, uint32_t time)
{
    int32_t gap = reshares_span(forecast->burst_last, time);
    if (gap > 0) {
        forecast->burst_last = time;
    } else {
        gap = 0;
    }
    double usual = usual_rate(forecast, reshares, forecast->burst_last);
    double tension = forecast->burst_tension - usual * gap / 1000;
    if (tension <= 0) {
        forecast->flags &= (uint8_t)~FORECAST_BURST;
    }
    forecast->burst_tension = fmax(0, tension + LN2);
    if (forecast->burst_tension > log(reshares) + BURST_MARGIN) {
        forecast->flags |= FORECAST_BURST;
    } else if (forecast->burst_tension == 0) {
        forecast->flags &= (uint8_t)~FORECAST_BURST;
    }
}

bool
forecast_is_bursting(const struct forecast *forecast,
                     const struct forecast_events *events, uint32_t now)
{
    uint32_t reshares = forecast_reshares(forecast, events);
    double silence = fmax(0, reshares_span(forecast->burst_last, now) / 1000.0);
    double usual = usual_rate(forecast, reshares, forecast->burst_last);
    if (reshares == 0) {
        return false; // all are taken back: a silence would never end it
    }
    return (forecast->flags & FORECAST_BURST) != 0 &&
           forecast->burst_tension > usual * silence;
}

// ── life ───────────────────────────────────────────────────────────────────

uint32_t
forecast_create(const struct forecast_events *events, usec born, uint32_t root)
{
    uint32_t ref = slab_alloc(events->slab, sizeof(struct forecast));
    if (ref == SLAB_NONE) {
        return SLAB_NONE;
    }
    struct forecast *forecast = forecast_at(events->slab, ref);
    memset(forecast, 0, sizeof(*forecast));
    forecast->born = reshares_time(born);
    forecast->root = root;
    forecast->infectiousness = NAN;
    forecast->forecast = NAN;
    forecast->low = NAN;
    forecast->high = NAN;
    forecast->p_double = NAN;
    forecast->overperformance = NAN;
    for (size_t i = 0; i < FORECAST_DOUBLINGS; i++) {
        forecast->doublings[i][0] = -1;
    }
    forecast->burst_last = forecast->born;
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    for (uint32_t i = 0; i < events->reshares->count; i++) {
        burst_step(forecast, i + 1, rows[i].time);
    }
    forecast->grown_at = events->reshares->count + 1;
    return ref;
}

void
forecast_destroy(struct slab *slab, uint32_t forecast)
{
    if (forecast != SLAB_NONE) {
        reshare_buckets_clear(&forecast_at(slab, forecast)->merged, slab);
        slab_free(slab, forecast, sizeof(struct forecast));
    }
}

void
forecast_merge(struct forecast *forecast, const struct forecast_events *events,
               uint32_t now)
{
    // Events that a window will never cover again: the window only moves forward.
    double window = seismic_window(age_of(forecast, now));
    struct reshare_buckets_when when = {now,
                                        (int32_t)(1000 * fmax(window, MERGE_AGE_S))};
    depth_follow(forecast, events);
    forecast->depth_done -=
        reshare_buckets_take(&forecast->merged, events->slab, events->reshares, when);
}

void
forecast_rewind(struct forecast *forecast, const struct forecast_events *events,
                uint32_t now)
{
    if (reshares_span(now, forecast->born) > 0) {
        forecast->born = now;
    }
    if (reshares_span(now, forecast->burst_last) > 0) {
        forecast->burst_last = now;
    }
    reshares_rewind(events->reshares, events->slab, now);
    forecast->depth_done = 0;
}

bool
forecast_add(struct forecast *forecast, const struct forecast_events *events,
             struct reshare reshare, uint32_t now)
{
    struct reshares *reshares = events->reshares;
    if (reshares->count == reshares->room && reshares->count >= FORECAST_EXACT_MAX) {
        forecast_merge(forecast, events, now);
    }
    bool is_late = reshare_buckets_add(&forecast->merged, events->slab, reshare);
    if (!is_late) {
        if (!reshares_make_room(reshares, events->slab)) {
            return false;
        }
        uint32_t at = reshares_add(reshares, events->slab, reshare);
        is_late = at + 1 != reshares->count;
        if (is_late && at < forecast->depth_done) {
            forecast->depth_done =
                forecast->merged.events != 0 ? forecast->depth_done + 1 : 0;
        }
    }
    if (forecast->merged.events != 0) {
        // From here on the order of arrival counts, so that the result does not depend
        // on when an estimate is requested.
        if (is_late) {
            depth_step(forecast, reshare);
        } else {
            depth_follow(forecast, events);
        }
    }
    burst_step(forecast, forecast_reshares(forecast, events), reshare.time);
    return true;
}

bool
forecast_take_back(struct forecast *forecast, const struct forecast_events *events,
                   struct reshare reshare)
{
    uint32_t at = reshares_remove(events->reshares, events->slab, reshare);
    if (at == RESHARES_NONE) {
        if (!reshare_buckets_remove(&forecast->merged, events->slab, reshare)) {
            return false;
        }
        if (forecast->merged.events == 0) {
            forecast->depth_done = 0;
        }
        return true;
    }
    if (at < forecast->depth_done) {
        forecast->depth_done =
            forecast->merged.events != 0 ? forecast->depth_done - 1 : 0;
    }
    return true;
}
