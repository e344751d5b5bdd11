// How one cascade lives: what its reshares so far say about its speed and its future.
//
// Made when a cascade whose root's time is known has FORECAST_LEAST reshares; smaller
// ones only have their list of events (pipeline/forecast/reshares.h). Up to
// FORECAST_EXACT_MOST events all are kept; then those older than ten minutes and out of
// SEISMIC's window are merged (pipeline/forecast/reshare_buckets.h), which moves an
// estimate by less than 3 parts in 10 000.
//
// `edepth`, the expected depth of a reshare when parents are unknown: the parent of j
// is i with probability in proportion to f_i e^(-lam (t_j - t_i)), f = followers, at
// least 1, and 1 if they are unknown; lam = 6.8e-5 /s. Exact in order of time while no
// events are merged; then in order of arrival, and an undone one stays in it.
//
// A burst is told by a CUSUM on the gaps: Z = max(0, Z + ln 2 - a gap) at every
// reshare, a = reshares so far / age. It begins when Z > ln(reshares) + 5 and is over
// when Z would be 0, also by silence. An undone reshare does not change Z.
//
// NaN: not known.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"
#include "pipeline/forecast/reshare_buckets.h"
#include "pipeline/forecast/reshares.h"

// A test sets it low, so that small cascades are merged.
#ifndef FORECAST_EXACT_MOST
#define FORECAST_EXACT_MOST 2048
#endif

enum {
    FORECAST_LEAST = 5,
    FORECAST_SIZES = 5,    // ages at which sizes are compared
    FORECAST_AGES = 17,    // at which estimates are made, see forecast_age
    FORECAST_ANCHORS = 3,  // ages at which forecasts are learnt from
    FORECAST_DOUBLINGS = 2 // sizes, 25 and 50, at which doublings are learnt from
};

enum forecast_flag {
    FORECAST_BURST = 1 << 0,
    FORECAST_OVER = 1 << 1,  // closed once: what could be learnt from it is
    FORECAST_SIZED = 1 << 2, // its sizes are in its author's history
};

// How a reshare was foretold: ln(R + 1) and ln(p U + 1).
struct forecast_sample {
    float reshares;
    float reach;
};

struct forecast {
    struct reshare_buckets merged;
    uint32_t born; // of the root; time as in reshares.h
    uint32_t root; // followers of its author or RESHARES_UNKNOWN

    // Expected depth: weights of all events at the time `depth_last`.
    double depth_weight;
    double depth_glow; // weights times expected depths
    double depth_sum;
    uint32_t depth_last;
    uint32_t depth_done;  // how many of the list are in it
    uint32_t depth_count; // how many events are in it

    uint32_t burst_last;
    double burst_tension; // Z

    // The last estimate; not known: NAN.
    double infectiousness;
    double forecast; // INFINITY: supercritical
    double low;
    double high;
    double p_double;
    double overperformance;
    uint32_t grown_at; // reshares at which the next one is made
    uint8_t next_age;  // of forecast_age
    uint8_t next_mark; // of forecast_mark
    uint8_t flags;     // enum forecast_flag
    uint8_t stage;     // enum forecasts_stage, at the last estimate
    uint32_t marks[2]; // ages in ms when the two last marks were reached, newest first
    uint32_t sizes[FORECAST_SIZES];

    // For learning once it is closed. A sample of 0 reshares: none.
    struct forecast_sample samples[FORECAST_ANCHORS];
    float doublings[FORECAST_DOUBLINGS][3]; // see calibration.h; first < 0: none
};

// The events of the cascade that the forecast is of, and where they lie.
struct forecast_events {
    struct slab *slab;
    struct reshares *reshares;
};

// Of the events so far. root: see struct forecast. SLAB_NONE when the slab is full.
uint32_t forecast_create(const struct forecast_events *events, usec born,
                         uint32_t root);
// Accepts SLAB_NONE.
void forecast_destroy(struct slab *slab, uint32_t forecast);

static inline struct forecast *
forecast_at(const struct slab *slab, uint32_t forecast)
{
    return slab_at(slab, forecast);
}

// One reshare more; `now` is the clock. False when the slab is full.
bool forecast_add(struct forecast *forecast, const struct forecast_events *events,
                  struct reshare reshare, uint32_t now);
// Merges what is old enough; forecast_add does when there are many events.
void forecast_merge(struct forecast *forecast, const struct forecast_events *events,
                    uint32_t now);
// One that was added is undone; false if it is not known.
bool forecast_take_back(struct forecast *forecast, const struct forecast_events *events,
                        struct reshare reshare);

// The clock was set back to `now`, as were all events behind it, the root among them;
// none is merged.
void forecast_rewind(struct forecast *forecast, const struct forecast_events *events,
                     uint32_t now);

// How many there are.
uint32_t forecast_reshares(const struct forecast *forecast,
                           const struct forecast_events *events);
// The time of the newest of them; of a merged one only about. There must be one.
uint32_t forecast_newest(const struct forecast *forecast,
                         const struct forecast_events *events);
// How many of the list were not later than `age`; nothing is merged yet.
uint32_t forecast_reshares_at(const struct forecast *forecast,
                              const struct forecast_events *events, usec age);

// Makes infectiousness and forecast for the time `now`, or makes them unknown.
// median: followers of those of whom it is not known, or RESHARES_UNKNOWN.
// *ret_reach: p U, NAN if not known.
void forecast_estimate(struct forecast *forecast, const struct forecast_events *events,
                       uint32_t now, uint32_t median, double *ret_reach);

double forecast_edepth(struct forecast *forecast, const struct forecast_events *events);
bool forecast_is_bursting(const struct forecast *forecast,
                          const struct forecast_events *events, uint32_t now);

// Ages, below FORECAST_AGES, at which estimates are made: 1, 2, 5, 10, 15, 20, 30, 45,
// 60, 90 minutes and 2, 3, 4, 5, 6, 12, 24 hours.
usec forecast_age(uint32_t index);
// Index of such an age among 5, 15, 60, 300 and 1440 minutes, at which sizes are
// compared, or FORECAST_SIZES.
uint32_t forecast_size_of(uint32_t index);
// Reshares at which the mark is reached: 6, 12, 25, 50, 100, 200, 400 …
uint32_t forecast_mark(uint32_t index);
