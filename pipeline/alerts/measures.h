// The measures that alert rules compare: numbers about a cascade at the current time.
//
// Every measure is a double; NAN means not known, and a condition on it does not hold.
// Units: events and people are counts, velocities events per minute, ages seconds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pipeline;

// One row a measure: the constant MEASURE_…, the function of_… in measures.c, and its
// name, as in the cascade's hash; whether it is known only with cascades.engine, and
// whether it may change as time passes, without an event. The cheapest comes first.
//   VELOCITY         over the last 5 minutes
//   AUTHOR_FOLLOWERS of the root's author
//   FORECAST         of retweets and quotes in the end
//   AGE              since the root was created; since its first event if that is not
//                    known
//   SUPERCRITICAL    1: every reshare causes more than one other; else 0
//   BURST            1: on, 0: off
//   CARRIER_RANK     the lowest rank on the board of carriers of a person who took part
//                    (pipeline/alerts/alert_carriers.h)
//   STAGE            0 innovators … 4 laggards
// clang-format off
#define MEASURES_ROWS(ROW) \
    /*  constant          function          name                engine timed */ \
    ROW(SIZE,             size,             "size",             false, false) \
    ROW(VELOCITY,         velocity,         "velocity_5m",      false, false) \
    ROW(REACH,            reach,            "reach",            false, false) \
    ROW(AMPLIFIERS,       amplifiers,       "amplifiers",       false, false) \
    ROW(AUTHOR_FOLLOWERS, author_followers, "author_followers", false, false) \
    ROW(CARRIER_RANK,     carrier_rank,     "carrier_rank",     true,  false) \
    ROW(DEPTH,            depth,            "depth",            true,  false) \
    ROW(VIRALITY,         virality,         "virality",         true,  false) \
    ROW(FORECAST,         forecast,         "forecast",         true,  true) \
    ROW(P_DOUBLE,         p_double,         "p_double",         true,  true) \
    ROW(OVERPERFORMANCE,  overperformance,  "overperformance",  true,  true) \
    ROW(AGE,              age,              "age_s",            false, false) \
    ROW(SUPERCRITICAL,    supercritical,    "infectiousness",   true,  true) \
    ROW(BURST,            burst,            "burst",            true,  true) \
    ROW(STAGE,            stage,            "stage",            true,  true)
// clang-format on

#define MEASURES_CONSTANT(constant, ...) MEASURE_##constant,
enum measure { MEASURES_ROWS(MEASURES_CONSTANT) MEASURES };

// The cascade must have a record. below, for CARRIER_RANK: the size below which the
// person took part.
double measure_of(const struct pipeline *pipeline, uint32_t cascade,
                  enum measure measure, double below);

const char *measure_name(enum measure measure);
bool measure_needs_engine(enum measure measure);
bool measure_is_timed(enum measure measure);
