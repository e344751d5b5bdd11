#include "pipeline/forecast/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/linear.h"
#include "base/snapshot.h"

#define RIDGE 1e-3

enum { FACTORS = CALIBRATION_FACTORS, NEWTON_STEPS = 25, TEXT_DIGITS = 9 };

// The factor a of R + a p U at an age in minutes.
static const struct {
    double minutes;
    double factor;
} shipped_factors[] = {
    {1, 1.52},  {2, .90},   {5, 1.04},  {10, 1.70},  {15, 1.76},  {20, 1.60},
    {30, 1.44}, {45, 1.60}, {60, 1.46}, {90, 1.08},  {120, 1.22}, {180, .78},
    {240, .68}, {360, .80}, {720, .56}, {1440, .32},
};
// Of ln(final / (R + p U)).
static const double shipped_bands[FORECAST_ANCHORS][CALIBRATION_QUANTILES] = {
    {-.07, .28, .72, 1.20, 3.63},
    {-.26, .00, .40, .75, 2.83},
    {-.31, -.12, .11, .41, 1.68},
};
static const double shipped_doublings[][FACTORS] = {
    {6.9260, -1.1325, 0.9623, 0.0275, -0.5453},
    {6.1584, -1.7959, 1.4964, -0.0412, -0.1920},
    {6.5985, -1.8515, 1.8496, -0.1188, -0.4433},
};
static const double quantile_at[CALIBRATION_QUANTILES] = {.05, .25, .50, .75, .95};
static const uint32_t learnt_doublings[FORECAST_DOUBLINGS] = {25, 50};

uint32_t
calibration_anchor(usec age)
{
    static const usec anchors[FORECAST_ANCHORS] = {10 * USEC_PER_MIN, USEC_PER_HOUR,
                                                   4 * USEC_PER_HOUR};
    uint32_t i = 0;
    while (i < FORECAST_ANCHORS && anchors[i] != age) {
        i++;
    }
    return i;
}

static double
shipped_factor(usec age)
{
    enum { LAST = sizeof(shipped_factors) / sizeof(shipped_factors[0]) - 1 };
    double minutes = (double)age / (double)USEC_PER_MIN;
    size_t i = 0;
    while (i <= LAST && shipped_factors[i].minutes <= minutes) {
        i++;
    }
    if (i == 0 || i > LAST) {
        return shipped_factors[i == 0 ? 0 : LAST].factor;
    }
    double part = log(minutes / shipped_factors[i - 1].minutes) /
                  log(shipped_factors[i].minutes / shipped_factors[i - 1].minutes);
    return shipped_factors[i - 1].factor +
           part * (shipped_factors[i].factor - shipped_factors[i - 1].factor);
}

// The band of 90 %, from 5 minutes on, that the size is within. A shipped band is
// widened if it is not, and a learnt one limits the size.
static void
set_band(const struct calibration *calibration, usec age, double reshares, double reach,
         struct calibration_answer *answer)
{
    uint32_t which = age < 25 * USEC_PER_MIN ? 0 : age < 2 * USEC_PER_HOUR ? 1 : 2;
    const struct calibration_band *band = &calibration->bands[which];
    bool is_learnt = band->learnt_from != 0;
    const double *quantiles = is_learnt ? band->quantiles : shipped_bands[which];
    double base = log(reshares + reach);
    if (is_learnt) {
        base = band->factors[0] + band->factors[1] * log(reshares + 1) +
               band->factors[2] * log(reach + 1);
    }
    // A cascade never shrinks.
    double low = fmax(reshares, exp(base + quantiles[0]) - is_learnt);
    double high =
        fmax(reshares, exp(base + quantiles[CALIBRATION_QUANTILES - 1]) - is_learnt);
    if (age < 5 * USEC_PER_MIN || !isfinite(low) || !isfinite(high)) {
        return;
    }
    if (is_learnt) {
        answer->size = fmin(fmax(answer->size, low), high);
    }
    answer->low = fmin(low, answer->size);
    answer->high = fmax(high, answer->size);
}

struct calibration_answer
calibration_size(const struct calibration *calibration, usec age, double reshares,
                 double reach)
{
    struct calibration_answer answer = {NAN, NAN, NAN};
    double size = reshares + shipped_factor(age) * reach;
    if (isfinite(size)) {
        answer.size = size;
        set_band(calibration, age, reshares, reach, &answer);
    }
    return answer;
}

static double
log_of(double seconds)
{
    return log(seconds + 1);
}

static void
terms_of(const double times[3], double terms[FACTORS])
{
    terms[0] = 1;
    terms[1] = log_of(times[0]);
    terms[2] = log_of(times[1]);
    terms[3] = log_of(times[2]);
    terms[4] = log_of(fmax(0, times[0] - times[1]));
}

static double
logistic(const double factors[FACTORS], const double terms[FACTORS])
{
    double z = 0;
    for (size_t i = 0; i < FACTORS; i++) {
        z += factors[i] * terms[i];
    }
    return 1 / (1 + exp(-z));
}

double
calibration_p_double(const struct calibration *calibration, uint32_t k,
                     const double times[3])
{
    double terms[FACTORS];
    terms_of(times, terms);
    if (k >= 100) {
        return logistic(shipped_doublings[k >= 400 ? 2 : k / 100 - 1], terms);
    }
    for (size_t i = 0; i < FORECAST_DOUBLINGS; i++) {
        if (k == learnt_doublings[i] && calibration->doublings[i].learnt_from != 0) {
            return logistic(calibration->doublings[i].factors, terms);
        }
    }
    return NAN;
}

// ── learning ───────────────────────────────────────────────────────────────

static int
by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

// The quantile of sorted values, linear between neighbours.
static double
quantile(const double *values, size_t count, double part)
{
    double at = part * (double)(count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < count ? below + 1 : below;
    return values[below] + (at - (double)below) * (values[above] - values[below]);
}

// Adds one observation to a least squares fit.
static void
collect(double squares[9], double sums[3], const double terms[3], double value)
{
    for (size_t i = 0; i < 3; i++) {
        sums[i] += terms[i] * value;
        for (size_t j = 0; j < 3; j++) {
            squares[3 * i + j] += terms[i] * terms[j];
        }
    }
}

static void
fit_band(struct calibration *calibration, uint32_t which)
{
    const struct calibration_size *rows = calibration->sizes[which];
    uint64_t seen = calibration->size_count[which];
    size_t count = seen < CALIBRATION_SIZES ? (size_t)seen : (size_t)CALIBRATION_SIZES;
    struct calibration_band band = {.learnt_from = seen};
    double squares[9] = {0};
    for (size_t i = 0; i < count; i++) {
        const double terms[3] = {1, rows[i].sample.reshares, rows[i].sample.reach};
        collect(squares, band.factors, terms, rows[i].ended);
    }
    if (!linear_solve(squares, band.factors, 3)) {
        return; // all observations are equal: nothing to fit
    }
    double residuals[CALIBRATION_SIZES];
    for (size_t i = 0; i < count; i++) {
        residuals[i] = rows[i].ended - band.factors[0] -
                       band.factors[1] * rows[i].sample.reshares -
                       band.factors[2] * rows[i].sample.reach;
    }
    qsort(residuals, count, sizeof(*residuals), by_value);
    for (size_t i = 0; i < CALIBRATION_QUANTILES; i++) {
        band.quantiles[i] = quantile(residuals, count, quantile_at[i]);
    }
    calibration->bands[which] = band;
    calibration->is_new = true;
}

// One step of Newton's method; false if the matrix is singular.
static bool
newton(const struct calibration_double *rows, size_t count, double factors[FACTORS])
{
    double squares[FACTORS * FACTORS] = {0};
    double step[FACTORS] = {0};
    for (size_t i = 0; i < FACTORS; i++) {
        squares[i * FACTORS + i] = RIDGE;
        step[i] = -RIDGE * factors[i];
    }
    for (size_t i = 0; i < count; i++) {
        const double times[3] = {rows[i].times[0], rows[i].times[1], rows[i].times[2]};
        double terms[FACTORS];
        terms_of(times, terms);
        double p = logistic(factors, terms);
        double weight = p * (1 - p);
        for (size_t j = 0; j < FACTORS; j++) {
            step[j] += (rows[i].is_doubled - p) * terms[j];
            for (size_t k = 0; k < FACTORS; k++) {
                squares[j * FACTORS + k] += weight * terms[j] * terms[k];
            }
        }
    }
    if (!linear_solve(squares, step, FACTORS)) {
        return false;
    }
    for (size_t i = 0; i < FACTORS; i++) {
        factors[i] += step[i];
    }
    return true;
}

static void
fit_doubling(struct calibration *calibration, uint32_t which)
{
    uint64_t seen = calibration->double_count[which];
    size_t count =
        seen < CALIBRATION_DOUBLINGS ? (size_t)seen : (size_t)CALIBRATION_DOUBLINGS;
    struct calibration_doubling doubling = {.learnt_from = seen};
    for (size_t i = 0; i < NEWTON_STEPS; i++) {
        if (!newton(calibration->doubles[which], count, doubling.factors)) {
            return;
        }
    }
    for (size_t i = 0; i < FACTORS; i++) {
        if (!isfinite(doubling.factors[i])) {
            return;
        }
    }
    calibration->doublings[which] = doubling;
    calibration->is_new = true;
}

static bool
is_time(uint64_t seen, uint32_t least, uint32_t step)
{
    return seen >= least && (seen - least) % step == 0;
}

void
calibration_learn(struct calibration *calibration, const struct forecast *forecast,
                  uint32_t ended)
{
    for (uint32_t i = 0; i < FORECAST_ANCHORS; i++) {
        if (forecast->samples[i].reshares <= 0) {
            continue;
        }
        uint64_t at = calibration->size_count[i]++ % CALIBRATION_SIZES;
        calibration->sizes[i][at] = (struct calibration_size){
            forecast->samples[i],
            (float)log((double)ended + 1),
        };
        if (is_time(calibration->size_count[i], CALIBRATION_SIZES_MIN,
                    CALIBRATION_SIZES_STEP)) {
            fit_band(calibration, i);
        }
    }
    for (uint32_t i = 0; i < FORECAST_DOUBLINGS; i++) {
        if (forecast->doublings[i][0] < 0) {
            continue;
        }
        uint64_t at = calibration->double_count[i]++ % CALIBRATION_DOUBLINGS;
        struct calibration_double *row = &calibration->doubles[i][at];
        memcpy(row->times, forecast->doublings[i], sizeof(row->times));
        row->is_doubled = ended >= 2 * learnt_doublings[i] ? 1 : 0;
        if (is_time(calibration->double_count[i], CALIBRATION_DOUBLINGS_MIN,
                    CALIBRATION_DOUBLINGS_STEP)) {
            fit_doubling(calibration, i);
        }
    }
}

// ── as text ────────────────────────────────────────────────────────────────

enum { NUMBERS_MAX = 3 + CALIBRATION_QUANTILES };

struct slice
calibration_name(uint32_t field)
{
    static const char *const names[CALIBRATION_FIELDS] = {"10m", "1h", "4h",
                                                          "double:25", "double:50"};
    return slice_of(names[field]);
}

// Parses the numbers of a field; returns how many.
static size_t
numbers_of(const struct calibration *calibration, uint32_t field, uint64_t *ret_from,
           double numbers[NUMBERS_MAX])
{
    if (field < FORECAST_ANCHORS) {
        const struct calibration_band *band = &calibration->bands[field];
        *ret_from = band->learnt_from;
        memcpy(numbers, band->factors, sizeof(band->factors));
        memcpy(numbers + 3, band->quantiles, sizeof(band->quantiles));
        return 3 + CALIBRATION_QUANTILES;
    }
    const struct calibration_doubling *doubling =
        &calibration->doublings[field - FORECAST_ANCHORS];
    *ret_from = doubling->learnt_from;
    memcpy(numbers, doubling->factors, sizeof(doubling->factors));
    return FACTORS;
}

struct slice
calibration_text(const struct calibration *calibration, uint32_t field,
                 char text[CALIBRATION_TEXT_MAX])
{
    uint64_t learnt_from;
    double numbers[NUMBERS_MAX];
    size_t count = numbers_of(calibration, field, &learnt_from, numbers);
    if (learnt_from == 0) {
        return SLICE_NONE;
    }
    size_t length = decimal_put(text, (double)learnt_from, DECIMAL_DIGITS_MAX);
    for (size_t i = 0; i < count; i++) {
        text[length++] = ' ';
        length += decimal_put(text + length, numbers[i], TEXT_DIGITS);
    }
    return (struct slice){text, length};
}

static bool
next_number(struct slice *text, double *ret_number)
{
    if (text->len == 0) {
        return false;
    }
    const char *space = memchr(text->ptr, ' ', text->len);
    size_t len = space == NULL ? text->len : (size_t)(space - text->ptr);
    struct slice word = {text->ptr, len};
    size_t passed = space == NULL ? len : len + 1;
    *text = (struct slice){text->ptr + passed, text->len - passed};
    return decimal_parse(word, ret_number);
}

static uint64_t
learnt_from(const struct calibration *calibration, uint32_t field)
{
    return field < FORECAST_ANCHORS
               ? calibration->bands[field].learnt_from
               : calibration->doublings[field - FORECAST_ANCHORS].learnt_from;
}

bool
calibration_restore(struct calibration *calibration, struct slice name,
                    struct slice text)
{
    uint32_t field = 0;
    while (field < CALIBRATION_FIELDS && !slice_equal(calibration_name(field), name)) {
        field++;
    }
    double from;
    double numbers[NUMBERS_MAX];
    if (field == CALIBRATION_FIELDS || !next_number(&text, &from) || from < 1) {
        return false;
    }
    size_t count =
        field < FORECAST_ANCHORS ? 3 + (size_t)CALIBRATION_QUANTILES : (size_t)FACTORS;
    for (size_t i = 0; i < count; i++) {
        if (!next_number(&text, &numbers[i])) {
            return false;
        }
    }
    if (text.len != 0 || learnt_from(calibration, field) != 0) {
        return false;
    }
    if (field < FORECAST_ANCHORS) {
        struct calibration_band *band = &calibration->bands[field];
        band->learnt_from = (uint64_t)from;
        memcpy(band->factors, numbers, sizeof(band->factors));
        memcpy(band->quantiles, numbers + 3, sizeof(band->quantiles));
    } else {
        struct calibration_doubling *doubling =
            &calibration->doublings[field - FORECAST_ANCHORS];
        doubling->learnt_from = (uint64_t)from;
        memcpy(doubling->factors, numbers, sizeof(doubling->factors));
    }
    return true;
}

void
calibration_move(struct calibration *calibration, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, calibration->bands);
    SNAPSHOT_VALUE(snapshot, calibration->doublings);
    SNAPSHOT_VALUE(snapshot, calibration->sizes);
    SNAPSHOT_VALUE(snapshot, calibration->size_count);
    SNAPSHOT_VALUE(snapshot, calibration->doubles);
    SNAPSHOT_VALUE(snapshot, calibration->double_count);
    SNAPSHOT_VALUE(snapshot, calibration->is_new);
}
