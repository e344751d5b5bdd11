// The forecast of a cascade's final size as one number: as shipped, and as learnt from
// closed cascades.
//
// R = reshares so far, p U by pipeline/forecast/seismic.h, also while a cascade is
// supercritical. There are three ways to a forecast:
//
// shipped: R + a p U. a depends on the age: 1.52 at 1 min, .90 at 2, 1.04 at 5, 1.70 at
// 10, 1.76 at 15, 1.60 at 20, 1.44 at 30, 1.60 at 45, 1.46 at 60, 1.08 at 90 min, 1.22
// at 2 h, .78 at 3, .68 at 4, .80 at 6, .56 at 12 and .32 at 24 h, linear in ln(age) in
// between and constant beyond: the factors with the least median error on half of 738
// real cascades of Twitter.
//
// refitted: R + a p U, with the a that minimises the sum of |final - R - a p U| /
// final.
//
// learnt: ln(final - R + 1) = b0 + b1 ln(R + 1) + b2 ln(p U + 1) + b3 ln((v1 + 1) /
// (v2 + 1)) by least absolute deviations (base/lad.h). v1 = reshares in the last
// quarter of the age, v2 = in the quarter before.
//
// The last two are fitted for each of FORECAST_ANCHORS ages, to the last
// FINAL_SIZES_KEPT cascades that closed and had a forecast at that age. A cascade that
// closed so much earlier than the newest one counts 2^(-time / 30 days), but at least
// 1/1024. When a cascade closes, its final size is compared with what each way forecast
// without it, and only then it is learnt from. From FINAL_SIZES_MIN cascades of an age
// on, the way with the smallest median error is used: from 5 minutes on, each at the
// ages that are nearest to its own in ln(age). The first fit, only to be compared, is
// made earlier.
//
// A fit of one age takes 0.3 ms in the mean of 2000 and 0.6 ms at most (2.5 GHz). From
// FINAL_SIZES_MIN on the ages take turns.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"
#include "pipeline/forecast/forecast.h"

struct snapshot;

enum {
    FINAL_SIZES_KEPT = 512,
    FINAL_SIZES_FIRST = 100,      // the first fit, to be compared only
    FINAL_SIZES_MIN = 200,        // the first fit that is used
    FINAL_SIZES_STEP = 50,        // fitted again after so many more, the band always
    FINAL_SIZES_LATER_STEP = 100, // the size beyond FINAL_SIZES_MIN
    FINAL_SIZES_TERMS = 4,
};

enum final_sizes_way {
    FINAL_SIZES_SHIPPED,
    FINAL_SIZES_REFITTED,
    FINAL_SIZES_LEARNT,
    FINAL_SIZES_WAYS
};

// What a forecast is made from.
struct final_sizes_input {
    double reshares;
    double reach; // p U
    double trend; // ln((v1 + 1) / (v2 + 1))
};

// A closed cascade.
struct final_sizes_row {
    usec closed;
    struct forecast_sample sample;  // at the age
    uint32_t ended;                 // its final size
    float errors[FINAL_SIZES_WAYS]; // |forecast / final - 1|; NAN: there was no fit
};

struct final_sizes_fit {
    uint64_t learnt_from; // cascades so far; 0: none
    uint64_t way;         // enum final_sizes_way: the best
    double factor;        // a
    double terms[FINAL_SIZES_TERMS];
    double errors[FINAL_SIZES_WAYS]; // median; NAN: not known
};

// What is known of one age.
struct final_sizes_age {
    struct final_sizes_fit fit;
    uint64_t count;                                // cascades so far
    struct final_sizes_row rows[FINAL_SIZES_KEPT]; // a ring
};

struct final_sizes {
    struct final_sizes_age ages[FORECAST_ANCHORS];
};

// At which age samples of that index, below FORECAST_ANCHORS, are taken: 5, 10, 30
// minutes, 1, 2, 4, 6 and 12 hours. final_sizes_anchor: the index of an age, or
// FORECAST_ANCHORS.
usec final_sizes_anchor_age(uint32_t anchor);
uint32_t final_sizes_anchor(usec age);

// The forecast: finite and at least the reshares, or NAN if it would not be finite.
double final_sizes_estimate(const struct final_sizes *sizes, usec age,
                            const struct final_sizes_input *input);

// Learns from a cascade that closed at that size and had this sample at an age, index
// below FORECAST_ANCHORS. True if the fit changed and is in use.
bool final_sizes_learn(struct final_sizes *sizes, uint32_t anchor,
                       const struct final_sizes_row *closed);

// How many rows are kept.
size_t final_sizes_count(const struct final_sizes_age *age);
bool final_sizes_is_used(const struct final_sizes_fit *fit);

void final_sizes_move(struct final_sizes *sizes, struct snapshot *snapshot);
