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
} ages[PULSE_AGES] = {
    {1, PULSE_SIZES}, {2, PULSE_SIZES}, {5, 0}, {10, PULSE_SIZES}, {15, 1},
    {20, PULSE_SIZES}, {30, PULSE_SIZES}, {45, PULSE_SIZES}, {60, 2}, {90, PULSE_SIZES},
    {120, PULSE_SIZES}, {180, PULSE_SIZES}, {240, PULSE_SIZES}, {300, 3},
    {360, PULSE_SIZES}, {720, PULSE_SIZES}, {1440, 4},
};
// clang-format on

usec
pulse_age(uint32_t index)
{
    return ages[index].minutes * USEC_PER_MIN;
}

uint32_t
pulse_size_of(uint32_t index)
{
    return ages[index].size;
}

uint32_t
pulse_mark(uint32_t index)
{
    return index < MARK_OF_100 ? 100u >> (MARK_OF_100 - index)
                               : 100u << (index - MARK_OF_100);
}

// Seconds from the root to that time; what is dated before the root came with it.
static double
age_of(const struct pulse *pulse, uint32_t time)
{
    return fmax(0, reshares_span(pulse->born, time) / 1000.0);
}

uint32_t
pulse_reshares(const struct pulse *pulse, const struct pulse_events *events)
{
    return events->reshares->count + pulse->merged.events;
}

uint32_t
pulse_newest(const struct pulse *pulse, const struct pulse_events *events)
{
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    uint32_t listed = rows == NULL ? 0 : rows[events->reshares->count - 1].time;
    if (pulse->merged.events == 0) {
        return listed;
    }
    // The list is not always the newer one: its end may have been taken back, and what
    // no bucket spans is listed however late it comes.
    uint32_t merged = merged_newest(&pulse->merged, events->slab);
    return rows == NULL || reshares_span(listed, merged) > 0 ? merged : listed;
}

uint32_t
pulse_reshares_at(const struct pulse *pulse, const struct pulse_events *events,
                  usec age)
{
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    uint32_t count = 0;
    while (count < events->reshares->count &&
           reshares_span(pulse->born, rows[count].time) <= age / USEC_PER_MS) {
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
depth_begin(struct pulse *pulse)
{
    pulse->depth_weight = weight_of(pulse->root);
    pulse->depth_glow = 0;
    pulse->depth_sum = 0;
    pulse->depth_last = pulse->born;
    pulse->depth_count = 0;
}

static void
depth_step(struct pulse *pulse, struct reshare reshare)
{
    int32_t span = reshares_span(pulse->depth_last, reshare.time);
    if (span > 0) {
        double decay = exp(-DECAY * span / 1000);
        pulse->depth_weight *= decay;
        pulse->depth_glow *= decay;
        pulse->depth_last = reshare.time;
    }
    double depth = 1 + pulse->depth_glow / pulse->depth_weight;
    double weight = weight_of(reshare.followers);
    pulse->depth_weight += weight;
    pulse->depth_glow += weight * depth;
    pulse->depth_sum += depth;
    pulse->depth_count++;
}

static void
depth_follow(struct pulse *pulse, const struct pulse_events *events)
{
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    if (pulse->depth_done == 0 && pulse->merged.events == 0) {
        depth_begin(pulse);
    }
    while (pulse->depth_done < events->reshares->count) {
        depth_step(pulse, rows[pulse->depth_done++]);
    }
}

double
pulse_edepth(struct pulse *pulse, const struct pulse_events *events)
{
    depth_follow(pulse, events);
    return pulse->depth_count == 0 ? NAN : pulse->depth_sum / pulse->depth_count;
}

// ── bursts ─────────────────────────────────────────────────────────────────

static double
usual_rate(const struct pulse *pulse, uint32_t reshares, uint32_t time)
{
    return reshares / fmax(age_of(pulse, time), 1e-3);
}

static void
burst_step(struct pulse *pulse, uint32_t reshares, uint32_t time)
{
    int32_t gap = reshares_span(pulse->burst_last, time);
    if (gap > 0) {
        pulse->burst_last = time;
    } else {
        gap = 0;
    }
    double usual = usual_rate(pulse, reshares, pulse->burst_last);
    double tension = pulse->burst_tension - usual * gap / 1000;
    if (tension <= 0) {
        pulse->flags &= (uint8_t)~PULSE_BURST;
    }
    pulse->burst_tension = fmax(0, tension + LN2);
    if (pulse->burst_tension > log(reshares) + BURST_MARGIN) {
        pulse->flags |= PULSE_BURST;
    } else if (pulse->burst_tension == 0) {
        pulse->flags &= (uint8_t)~PULSE_BURST;
    }
}

bool
pulse_is_bursting(const struct pulse *pulse, const struct pulse_events *events,
                  uint32_t now)
{
    uint32_t reshares = pulse_reshares(pulse, events);
    double silence = fmax(0, reshares_span(pulse->burst_last, now) / 1000.0);
    double usual = usual_rate(pulse, reshares, pulse->burst_last);
    if (reshares == 0) {
        return false; // all are taken back: no silence would end it
    }
    return (pulse->flags & PULSE_BURST) != 0 && pulse->burst_tension > usual * silence;
}

// ── life ───────────────────────────────────────────────────────────────────

uint32_t
pulse_create(const struct pulse_events *events, usec born, uint32_t root)
{
    uint32_t ref = slab_alloc(events->slab, sizeof(struct pulse));
    if (ref == SLAB_NONE) {
        return SLAB_NONE;
    }
    struct pulse *pulse = pulse_at(events->slab, ref);
    memset(pulse, 0, sizeof(*pulse));
    pulse->born = reshares_time(born);
    pulse->root = root;
    pulse->infectiousness = NAN;
    pulse->forecast = NAN;
    pulse->low = NAN;
    pulse->high = NAN;
    pulse->p_double = NAN;
    pulse->overperformance = NAN;
    for (size_t i = 0; i < PULSE_DOUBLINGS; i++) {
        pulse->doublings[i][0] = -1;
    }
    pulse->burst_last = pulse->born;
    const struct reshare *rows = reshares_rows(events->reshares, events->slab);
    for (uint32_t i = 0; i < events->reshares->count; i++) {
        burst_step(pulse, i + 1, rows[i].time);
    }
    pulse->grown_at = events->reshares->count + 1;
    return ref;
}

void
pulse_destroy(struct slab *slab, uint32_t pulse)
{
    if (pulse != SLAB_NONE) {
        merged_clear(&pulse_at(slab, pulse)->merged, slab);
        slab_free(slab, pulse, sizeof(struct pulse));
    }
}

void
pulse_merge(struct pulse *pulse, const struct pulse_events *events, uint32_t now)
{
    // Those that a window will never cover again: it only moves forward.
    double window = seismic_window(age_of(pulse, now));
    struct merged_when when = {now, (int32_t)(1000 * fmax(window, MERGE_AGE_S))};
    depth_follow(pulse, events);
    pulse->depth_done -=
        merged_take(&pulse->merged, events->slab, events->reshares, when);
}

void
pulse_rewind(struct pulse *pulse, const struct pulse_events *events, uint32_t now)
{
    if (reshares_span(now, pulse->born) > 0) {
        pulse->born = now;
    }
    if (reshares_span(now, pulse->burst_last) > 0) {
        pulse->burst_last = now;
    }
    reshares_rewind(events->reshares, events->slab, now);
    pulse->depth_done = 0;
}

bool
pulse_add(struct pulse *pulse, const struct pulse_events *events,
          struct reshare reshare, uint32_t now)
{
    struct reshares *reshares = events->reshares;
    if (reshares->count == reshares->room && reshares->count >= PULSE_EXACT_MOST) {
        pulse_merge(pulse, events, now);
    }
    bool is_late = merged_add(&pulse->merged, events->slab, reshare);
    if (!is_late) {
        if (!reshares_make_room(reshares, events->slab)) {
            return false;
        }
        uint32_t at = reshares_add(reshares, events->slab, reshare);
        is_late = at + 1 != reshares->count;
        if (is_late && at < pulse->depth_done) {
            pulse->depth_done = pulse->merged.events != 0 ? pulse->depth_done + 1 : 0;
        }
    }
    if (pulse->merged.events != 0) {
        // From here on the order of arrival counts, not when somebody asks.
        if (is_late) {
            depth_step(pulse, reshare);
        } else {
            depth_follow(pulse, events);
        }
    }
    burst_step(pulse, pulse_reshares(pulse, events), reshare.time);
    return true;
}

bool
pulse_take_back(struct pulse *pulse, const struct pulse_events *events,
                struct reshare reshare)
{
    uint32_t at = reshares_remove(events->reshares, events->slab, reshare);
    if (at == RESHARES_NONE) {
        if (!merged_remove(&pulse->merged, events->slab, reshare)) {
            return false;
        }
        if (pulse->merged.events == 0) {
            pulse->depth_done = 0;
        }
        return true;
    }
    if (at < pulse->depth_done) {
        pulse->depth_done = pulse->merged.events != 0 ? pulse->depth_done - 1 : 0;
    }
    return true;
}
