// What is learnt about forecasts from closed cascades: the final size
// (pipeline/forecast/final_sizes.h), the band around it, and which cascades double.
//
// Band. At the ages of 10 minutes, 1 hour and 4 hours
//     ln(final + 1) = b0 + b1 ln(R + 1) + b2 ln(p U + 1) + residual,
// by least squares over the cascades that final_sizes keeps of this age. The 5 % and
// 95 % quantiles of the residuals are the band. With fewer than FINAL_SIZES_MIN
// cascades the band is that of 738 cascades out of more than 2000: quantiles of
// ln(final / (R + p U)). Ages from 5 to 25 minutes use the first fit, up to 2 hours the
// second, later ones the third; before 5 minutes there is no band.
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
#include "pipeline/forecast/final_sizes.h"
#include "pipeline/forecast/forecast.h"

struct snapshot;

enum {
    CALIBRATION_BANDS = 3,
    CALIBRATION_DOUBLINGS = 1000,
    CALIBRATION_DOUBLINGS_MIN = 500,
    CALIBRATION_DOUBLINGS_STEP = 100,
    CALIBRATION_FACTORS = 5,
    CALIBRATION_QUANTILES = 5, // 5, 25, 50, 75, 95 %
    CALIBRATION_FIELDS = CALIBRATION_BANDS + FORECAST_DOUBLINGS + FORECAST_ANCHORS,
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

struct calibration_double {
    float times[3];
    float is_doubled;
};

struct calibration {
    struct final_sizes sizes;
    struct calibration_band bands[CALIBRATION_BANDS];
    struct calibration_doubling doublings[FORECAST_DOUBLINGS];
    // The last closed cascades, rings.
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

// The final size of a cascade. 90 % of cascades end within the band, which there is
// from 5 minutes on. If the size is outside of it, a shipped band is widened, and with
// a learnt one the size becomes the end of the band.
struct calibration_answer calibration_size(const struct calibration *calibration,
                                           usec age,
                                           const struct final_sizes_input *input);
// times: t_k, t_k/2, t_k/4 in seconds. NAN if there is no fit for that k.
double calibration_p_double(const struct calibration *calibration, uint32_t k,
                            const double times[3]);

// When a cascade closed, and how many reshares it had.
struct calibration_close {
    usec time;
    uint32_t size;
};
void calibration_learn(struct calibration *calibration, const struct forecast *forecast,
                       struct calibration_close close);

// One result, index below CALIBRATION_FIELDS, as text; none if nothing was learnt.
// "10m", "1h", "4h", of the band: "count factors… quantiles…". "double:25",
// "double:50": "count factors…". "size:5m" to "size:12h", of the final size: "count way
// a terms… errors…".
struct slice calibration_name(uint32_t field);
struct slice calibration_text(struct calibration *calibration, uint32_t field,
                              char text[CALIBRATION_TEXT_MAX]);
// Restores a result of an earlier process in place of the shipped values. False, and
// nothing is changed, if the name or the text is not valid or something was learnt
// already.
bool calibration_restore(struct calibration *calibration, struct slice name,
                         struct slice text);

void calibration_move(struct calibration *calibration, struct snapshot *snapshot);
