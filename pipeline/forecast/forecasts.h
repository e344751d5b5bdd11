// The speed of all cascades: which have a forecast, when estimates are made, and what
// is learnt from closed ones.
//
// A retweet or quote below a post is an event of its cascade if the root is younger
// than a week and the event is at most a week old when it arrives. With FORECAST_MIN
// events, and if the root's time is known, a cascade gets a forecast
// (pipeline/forecast/forecast.h).
//
// Estimates are made when a cascade gets its forecast, at the ages of forecast_age and
// whenever the number of reshares has grown by a quarter, for the clock at that time.
// All due estimates are made before a later post is counted, so the result does not
// depend on when it is read. Events counted while the clock equals one of these ages,
// except the last, are included in it. An estimate remains valid until the next one,
// even if one of its events is undone.
//
// If the number of followers of a person is not known, the network's median at the time
// of the estimate is used: of all who retweeted or quoted a post of that network and
// whose number is known, by base/histogram.h. 16 networks have a histogram of their
// own, the others share one. No estimate is made until at least one number is known.
//
// When a cascade is closed, or its root is a day old, its sizes are added to its
// author's history. When it is closed, its forecasts are compared with its final size.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/slice.h"
#include "base/timers.h"
#include "base/usec.h"
#include "pipeline/forecast/author_baseline.h"
#include "pipeline/forecast/calibration.h"

struct cascades;
struct event;
struct pipeline;
struct slab;
struct snapshot;

enum { FORECASTS_NETWORKS = 17, FORECASTS_NETWORK_MAX = 28 };

struct forecasts_network {
    uint32_t len;
    char name[FORECASTS_NETWORK_MAX];
    struct histogram followers;
};

struct forecasts {
    struct timers timers;
    struct forecasts_network networks[FORECASTS_NETWORKS]; // the last: all others
    uint32_t network_count;
    struct author_baselines baselines;
    struct calibration calibration;
    uint64_t refused; // events that did not fit
};

// The stage of a cascade, by the share of its final size that it has reached: Rogers'
// classes of adopters.
enum forecasts_stage {
    FORECASTS_INNOVATORS,     // up to 2.5 %
    FORECASTS_EARLY_ADOPTERS, // 16 %
    FORECASTS_EARLY_MAJORITY, // 50 %
    FORECASTS_LATE_MAJORITY,  // 84 %
    FORECASTS_LAGGARDS,
    FORECASTS_STAGES, // not known
};

// Keeps slab. False when the system refuses the memory.
bool forecasts_init(struct forecasts *forecasts, uint32_t cascades, uint32_t authors,
                    struct slab *slab);
void forecasts_fini(struct forecasts *forecasts);

// Adds an event below that cascade; its actor must be in the set of amplifiers already.
void forecasts_count(struct pipeline *pipeline, uint32_t cascade, struct event *event);
// Undoes it; the actor must still be in the set.
void forecasts_take_back(struct pipeline *pipeline, uint32_t cascade,
                         const struct event *event);
// Adds the followers of a person who retweeted or quoted that post directly to the
// network's histogram.
void forecasts_meet(struct pipeline *pipeline, uint32_t cascade, uint32_t actor);

// Some cascades have lost their forecast: removes their timers.
void forecasts_prune(struct pipeline *pipeline);

// Performs all actions that are due.
void forecasts_advance(struct pipeline *pipeline, usec clock);

// The median of the followers that people of that id's network have; false if none are
// known.
bool forecasts_median(const struct pipeline *pipeline, struct slice id,
                      uint32_t *ret_median);

// What is known of a cascade at this time; numbers that are not known are NAN.
struct forecasts_view {
    double edepth;
    double infectiousness;
    double forecast; // of the final size; low <= forecast <= high
    double low;
    double high;
    double p_double;
    double overperformance;
    bool is_supercritical; // each reshare causes more than one other
    bool is_bursting;
    enum forecasts_stage stage;
};
// False if the cascade has no forecast. A closed cascade has no forecast of its size.
bool forecasts_view(const struct pipeline *pipeline, uint32_t cascade,
                    struct forecasts_view *ret_view);
struct slice forecasts_stage_name(enum forecasts_stage stage);

// Restores one field of a CHANGE_CALIBRATION of an earlier process. Ignored if this
// process has learnt that field itself or the text is not valid.
void forecasts_recall(struct pipeline *pipeline, struct slice name, struct slice value);

// Saves the contents, or loads them into freshly initialised forecasts of the same
// capacities. The struct forecast of each cascade is in the slab.
void forecasts_move(struct forecasts *forecasts, struct snapshot *snapshot);
