// The speed and the expected future of one cascade, estimated from its reshares so far.
//
// Created when a cascade whose root's time is known has FORECAST_MIN reshares;
// smaller cascades only have their list of events (pipeline/forecast/reshares.h). Up to
// FORECAST_EXACT_MAX events all are kept; beyond that, those older than ten minutes and
// outside of SEISMIC's window are merged (pipeline/forecast/reshare_buckets.h).
//
// `edepth` is the expected depth of a reshare when parents are unknown: the parent of j
// is i with probability proportional to f_i e^(-lam (t_j - t_i)), where f = followers,
// at least 1, and 1 if they are unknown; lam = 6.8e-5 /s. It is exact in order of time
// while no events are merged; then in order of arrival, including undone reshares.
//
// A burst is detected by a CUSUM on the gaps: Z = max(0, Z + ln 2 - a gap) at every
// reshare, a = reshares so far / age. It begins when Z > ln(reshares) + 5 and ends when
// Z would be 0, which silence causes, too. An undone reshare does not change Z.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"
#include "pipeline/forecast/reshare_buckets.h"
#include "pipeline/forecast/reshares.h"

// A test defines a low value, so that small cascades are merged.
#ifndef FORECAST_EXACT_MAX
#define FORECAST_EXACT_MAX 2048
#endif

enum {
    FORECAST_MIN = 5,
    FORECAST_SIZES = 5,    // ages at which sizes are recorded
    FORECAST_AGES = 17,    // at which estimates are made, see forecast_age
    FORECAST_ANCHORS = 8,  // ages at which forecasts are learnt from
    FORECAST_DOUBLINGS = 2 // sizes, 25 and 50, at which doublings are learnt from
};

enum forecast_flag {
    FORECAST_BURST = 1 << 0,
    FORECAST_OVER = 1 << 1,  // was closed: what could be learnt from it was learnt
    FORECAST_SIZED = 1 << 2, // its sizes are in its author's history
};

// What pipeline/forecast/final_sizes.h forecasts from.
struct forecast_sample {
    uint32_t reshares;
    float reach; // p U
    float trend;
};

struct forecast_outlook {
    double reach; // p U, or NAN
    double trend;
};

struct forecast {
    struct reshare_buckets merged;
    uint32_t born; // time of the root, as in reshares.h
    uint32_t root; // followers of its author or RESHARES_UNKNOWN

    // Expected depth: weights of all events at the time `depth_last`.
    double depth_weight;
    double depth_glow; // weights times expected depths
    double depth_sum;
    uint32_t depth_last;
    uint32_t depth_done;  // how many of the list are included
    uint32_t depth_count; // how many events are included
    uint32_t burst_last;
    double burst_tension; // Z
    // The last estimate; not known: NAN.
    double infectiousness;
    double forecast; // of the final size
    double low;
    double high;
    double p_double;
    double overperformance;
    uint32_t grown_at; // reshares at which the next estimate is made
    uint8_t next_age;  // of forecast_age
    uint8_t next_mark; // of forecast_mark
    uint8_t flags;     // enum forecast_flag
    uint8_t stage;     // enum forecasts_stage, at the last estimate
    uint32_t marks[2]; // ages in ms when the last two marks were reached, newest first
    uint32_t sizes[FORECAST_SIZES];
    // To learn from once it is closed.
    struct forecast_sample samples[FORECAST_ANCHORS]; // 0 reshares: none
    float doublings[FORECAST_DOUBLINGS][3]; // see calibration.h; first < 0: none
};

// The events of the forecast's cascade, and the slab they are in.
struct forecast_events {
    struct slab *slab;
    struct reshares *reshares;
};

// From the events so far. root: see struct forecast. SLAB_NONE when the slab is full.
uint32_t forecast_create(const struct forecast_events *events, usec born,
                         uint32_t root);
// Accepts SLAB_NONE.
void forecast_destroy(struct slab *slab, uint32_t forecast);

static inline struct forecast *
forecast_at(const struct slab *slab, uint32_t forecast)
{
    return slab_at(slab, forecast);
}

// Adds a reshare; `now` is the clock. False when the slab is full.
bool forecast_add(struct forecast *forecast, const struct forecast_events *events,
                  struct reshare reshare, uint32_t now);
// Merges events that are old enough; forecast_add calls it when there are many events.
void forecast_merge(struct forecast *forecast, const struct forecast_events *events,
                    uint32_t now);
// Undoes a reshare that was added; false if it is not known.
bool forecast_take_back(struct forecast *forecast, const struct forecast_events *events,
                        struct reshare reshare);

// The clock was set back to `now`. All times after it, the root's included, were set to
// `now`; no event is merged.
void forecast_rewind(struct forecast *forecast, const struct forecast_events *events,
                     uint32_t now);

// How many reshares there are.
uint32_t forecast_reshares(const struct forecast *forecast,
                           const struct forecast_events *events);
// The time of the newest reshare; approximate if it is merged. There must be one.
uint32_t forecast_newest(const struct forecast *forecast,
                         const struct forecast_events *events);
// How many of the list were not later than `age`; nothing may be merged yet.
uint32_t forecast_reshares_at(const struct forecast *forecast,
                              const struct forecast_events *events, usec age);

// Estimates the infectiousness for the time `now`, or sets it to unknown. median: used
// where the number of followers is not known; may be RESHARES_UNKNOWN.
struct forecast_outlook forecast_estimate(struct forecast *forecast,
                                          const struct forecast_events *events,
                                          uint32_t now, uint32_t median);

double forecast_edepth(struct forecast *forecast, const struct forecast_events *events);
bool forecast_is_bursting(const struct forecast *forecast,
                          const struct forecast_events *events, uint32_t now);

// The ages, index below FORECAST_AGES, at which estimates are made: 1, 2, 5, 10, 15,
// 20, 30, 45, 60, 90 minutes and 2, 3, 4, 5, 6, 12, 24 hours.
usec forecast_age(uint32_t index);
// Index of such an age among 5, 15, 60, 300 and 1440 minutes, at which sizes are
// recorded, or FORECAST_SIZES.
uint32_t forecast_size_of(uint32_t index);
// How many reshares the mark is: 6, 12, 25, 50, 100, 200, 400 …
uint32_t forecast_mark(uint32_t index);
