// The forecast of a cascade's final size, and what is learnt from closed cascades: the
// size of the error, and which cascades double.
//
// Size. As shipped the forecast is R + a p U, R = reshares so far, p U by
// pipeline/forecast/seismic.h, also while a cascade is supercritical. a depends on the
// age: 1.52 at 1 min, .90 at 2, 1.04 at 5, 1.70 at 10, 1.76 at 15, 1.60 at 20, 1.44 at
// 30, 1.60 at 45, 1.46 at 60, 1.08 at 90 min, 1.22 at 2 h, .78 at 3, .68 at 4, .80 at
// 6, .56 at 12 and .32 at 24 h, linear in ln(age) in between and constant beyond.
// These are the factors with the least median error on half of 738 real cascades.
//
// Band. At the ages of 10 minutes, 1 hour and 4 hours the final size of a cascade is
// compared with its forecast:
//     ln(final + 1) = b0 + b1 ln(R + 1) + b2 ln(p U + 1) + residual,
// by least squares over the last CALIBRATION_SIZES of an age. The 5 % and 95 %
// quantiles of the residuals are the band. With fewer than CALIBRATION_SIZES_MIN
// cascades the band is that of 738 cascades out of more than 2000: quantiles of
// ln(final / (R + p U)). Ages from 5 to 25 minutes use the first fit, up to 2 hours
// the second, later ones the third; before 5 minutes there is no band.
//
// Doublings. P(final >= 2k | k reshares) = 1 / (1 + e^-z),
//     z = b0 + b1 L(t_k) + b2 L(t_k/2) + b3 L(t_k/4) + b4 L(t_k - t_k/2),
//     L(x) = ln(x + 1), in seconds,
// fitted on 1041 cascades for k = 100, 200 and 400; the last is also used for larger
// k. For 25 and 50 it is fitted here, by Newton's method on the logistic likelihood
// with a small ridge, from CALIBRATION_DOUBLINGS_MIN cascades on.
//
// The result is a few numbers, which are kept in the snapshot and written to Redis.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/forecast/forecast.h"

struct snapshot;

enum {
    CALIBRATION_SIZES = 512,
    CALIBRATION_SIZES_MIN = 200,
    CALIBRATION_SIZES_STEP = 50, // fitted again after so many more
    CALIBRATION_DOUBLINGS = 1000,
    CALIBRATION_DOUBLINGS_MIN = 500,
    CALIBRATION_DOUBLINGS_STEP = 100,
    CALIBRATION_FACTORS = 5,
    CALIBRATION_QUANTILES = 5, // 5, 25, 50, 75, 95 %
    CALIBRATION_FIELDS = FORECAST_ANCHORS + FORECAST_DOUBLINGS,
    CALIBRATION_TEXT_MAX = 256,
};

struct calibration_band {
    uint64_t learnt_from; // cascades so far; 0: the shipped values
    double factors[3];
    double quantiles[CALIBRATION_QUANTILES];
};

struct calibration_doubling {
    uint64_t learnt_from; // cascades so far; 0: not known
    double factors[CALIBRATION_FACTORS];
};

struct calibration_size {
    struct forecast_sample sample;
    float ended; // ln(final size + 1)
};

struct calibration_double {
    float times[3];
    float is_doubled;
};

struct calibration {
    struct calibration_band bands[FORECAST_ANCHORS];
    struct calibration_doubling doublings[FORECAST_DOUBLINGS];
    // The last closed cascades, rings.
    struct calibration_size sizes[FORECAST_ANCHORS][CALIBRATION_SIZES];
    uint64_t size_count[FORECAST_ANCHORS];
    struct calibration_double doubles[FORECAST_DOUBLINGS][CALIBRATION_DOUBLINGS];
    uint64_t double_count[FORECAST_DOUBLINGS];
    bool is_new; // differs from what was last written
};

// A forecast: low <= size <= high; low and high are NAN if there is no band.
struct calibration_answer {
    double size;
    double low;
    double high;
};

// Index of the age in minutes at which a sample is taken, or FORECAST_ANCHORS if none
// is.
uint32_t calibration_anchor(usec age);

// The final size of a cascade. 90 % of cascades end within the band, which there is
// from 5 minutes on. If the size is outside of it, a shipped band is widened, and with
// a learnt one the size becomes the end of the band.
struct calibration_answer calibration_size(const struct calibration *calibration,
                                           usec age, double reshares, double reach);
// times: t_k, t_k/2, t_k/4 in seconds. NAN if there is no fit for that k.
double calibration_p_double(const struct calibration *calibration, uint32_t k,
                            const double times[3]);

// Learns from a cascade that closed at that size.
void calibration_learn(struct calibration *calibration, const struct forecast *forecast,
                       uint32_t ended);

// One result, index below CALIBRATION_FIELDS, as text: "count factors… quantiles…".
// Its name is "10m", "1h", "4h", "double:25" or "double:50". None if nothing was
// learnt.
struct slice calibration_name(uint32_t field);
struct slice calibration_text(const struct calibration *calibration, uint32_t field,
                              char text[CALIBRATION_TEXT_MAX]);
// Restores a result of an earlier process in place of the shipped values. False, and
// nothing is changed, if the name or the text is not valid or something was learnt
// already.
bool calibration_restore(struct calibration *calibration, struct slice name,
                         struct slice text);

void calibration_move(struct calibration *calibration, struct snapshot *snapshot);
