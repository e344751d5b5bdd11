// The measures that alert rules compare: numbers about a cascade at the current time.
//
// Every measure is a double; NAN means not known, and a condition on it does not hold.
// Units: events and people are counts, velocities events per minute, ages seconds.
#pragma once

#include <stdint.h>

struct pipeline;

enum measure {
    MEASURE_SIZE,
    MEASURE_VELOCITY, // over the last 5 minutes
    MEASURE_REACH,
    MEASURE_AMPLIFIERS,
    MEASURE_AGE,              // since the root was created; since its first event if
                              // that
                              // is not known
    MEASURE_AUTHOR_FOLLOWERS, // of the root's author
    MEASURE_DEPTH,
    MEASURE_VIRALITY,
    MEASURE_FORECAST, // of retweets and quotes; not known while supercritical
    MEASURE_P_DOUBLE,
    MEASURE_OVERPERFORMANCE,
    MEASURE_SUPERCRITICAL, // 1: every reshare causes more than one other; else 0
    MEASURE_BURST,         // 1: on, 0: off
    MEASURE_STAGE,         // 0 innovators … 4 laggards
    MEASURES,
};

// The cascade must have a record.
double measure_of(const struct pipeline *pipeline, uint32_t cascade,
                  enum measure measure);
