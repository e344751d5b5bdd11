// The speed of all cascades: who has a forecast, when estimates are made, and what is
// learnt from those that are over.
//
// A retweet or quote below a post is an event of its cascade while the root is younger
// than a week and the event not older than that when it comes. With FORECAST_LEAST
// events, and the root's time known, a cascade gets a forecast
// (pipeline/forecast/forecast.h).
//
// Estimates are made at the ages of forecast_age and whenever the reshares have grown
// by a quarter, for the clock of that moment. Whatever was due is done before a later
// post is counted, so it does not matter when somebody looks; what is counted while the
// clock still stands at an age, but for the last, belongs to it. An estimate once made
// stands until the next one, also if an event behind it is undone.
//
// Followers that nobody told are taken for the network's median at the moment of the
// estimate: of all who retweeted or quoted something of that network and whose number
// is known, by base/histogram.h. 16 networks have their own, the others share one.
// Until anybody's number is known nothing is estimated.
//
// When a cascade has closed, or its root is a day old, its sizes enter its author's
// history; when it has closed, forecasts are compared with what came true.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/forecast/calibration.h"
#include "pipeline/forecast/author_baseline.h"
#include "base/histogram.h"
#include "base/timers.h"

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
    uint64_t refused; // events there was no room for
};

// The stages of a cascade's life by the share of its final size that it has reached:
// Rogers' classes of adopters.
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

// The event lies below that cascade; its actor is among the people already.
void forecasts_count(struct pipeline *pipeline, uint32_t cascade, struct event *event);
// The same for an undo, while the actor still is.
void forecasts_take_back(struct pipeline *pipeline, uint32_t cascade,
                         const struct event *event);
// Somebody has retweeted or quoted that post directly.
void forecasts_meet(struct pipeline *pipeline, uint32_t cascade, uint32_t actor);

// Some cascades have lost their forecast: nothing is due for them any more.
void forecasts_prune(struct pipeline *pipeline);

// Does what is due.
void forecasts_advance(struct pipeline *pipeline, usec clock);

// What is known of a cascade right now; numbers that are not known are NAN.
struct forecasts_view {
    double edepth;
    double infectiousness;
    double forecast; // INFINITY: supercritical
    double low;
    double high;
    double p_double;
    double overperformance;
    bool is_bursting;
    enum forecasts_stage stage;
};
// False if the cascade has no pulse. Once it is closed nothing is foretold any more.
bool forecasts_view(const struct pipeline *pipeline, uint32_t cascade,
                    struct forecasts_view *ret_view);
struct slice forecasts_stage_name(enum forecasts_stage stage);

// What an earlier life told as CHANGE_CALIBRATION, one field: taken unless this one has
// learnt that itself or the text is not ours.
void forecasts_recall(struct pipeline *pipeline, struct slice name, struct slice value);

// Contents out of, or into fresh forecasts of the same capacities; forecasts themselves
// are in the slab.
void forecasts_move(struct forecasts *forecasts, struct snapshot *snapshot);
