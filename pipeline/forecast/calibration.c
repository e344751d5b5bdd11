#include "pipeline/forecast/calibration.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/linear.h"
#include "base/quantile.h"
#include "base/snapshot.h"

#define RIDGE 1e-3

enum { FACTORS = CALIBRATION_FACTORS, NEWTON_STEPS = 25, TEXT_DIGITS = 9 };

// Of ln(final / (R + p U)).
static const double shipped_bands[CALIBRATION_BANDS][CALIBRATION_QUANTILES] = {
    {-.07, .28, .72, 1.20, 3.63},
    {-.26, .00, .40, .75, 2.83},
    {-.31, -.12, .11, .41, 1.68},
};
static const usec band_ages[CALIBRATION_BANDS] = {10 * USEC_PER_MIN, USEC_PER_HOUR,
                                                  4 * USEC_PER_HOUR};
static const double shipped_doublings[][FACTORS] = {
    {6.9260, -1.1325, 0.9623, 0.0275, -0.5453},
    {6.1584, -1.7959, 1.4964, -0.0412, -0.1920},
    {6.5985, -1.8515, 1.8496, -0.1188, -0.4433},
};
static const double quantile_at[CALIBRATION_QUANTILES] = {.05, .25, .50, .75, .95};
static const uint32_t learnt_doublings[FORECAST_DOUBLINGS] = {25, 50};

// The band of 90 %, from 5 minutes on, that the size is within. A shipped band is
// widened if it is not, and a learnt one limits the size.
static void
set_band(const struct calibration *calibration, usec age,
         const struct final_sizes_input *input, struct calibration_answer *answer)
{
    uint32_t which = age < 25 * USEC_PER_MIN ? 0 : age < 2 * USEC_PER_HOUR ? 1 : 2;
    const struct calibration_band *band = &calibration->bands[which];
    bool is_learnt = band->learnt_from != 0;
    const double *quantiles = is_learnt ? band->quantiles : shipped_bands[which];
    double base = log(input->reshares + input->reach);
    if (is_learnt) {
        base = band->factors[0] + band->factors[1] * log(input->reshares + 1) +
               band->factors[2] * log(input->reach + 1);
    }
    // A cascade never shrinks.
    double low = fmax(input->reshares, exp(base + quantiles[0]) - is_learnt);
    double high = fmax(input->reshares,
                       exp(base + quantiles[CALIBRATION_QUANTILES - 1]) - is_learnt);
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
calibration_size(const struct calibration *calibration, usec age,
                 const struct final_sizes_input *input)
{
    struct calibration_answer answer = {NAN, NAN, NAN};
    answer.size = final_sizes_estimate(&calibration->sizes, age, input);
    if (!isnan(answer.size)) {
        set_band(calibration, age, input, &answer);
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
band_terms(const struct final_sizes_row *row, double terms[3])
{
    terms[0] = 1;
    terms[1] = log((double)row->sample.reshares + 1);
    terms[2] = log((double)row->sample.reach + 1);
}

static double
log_size(const struct final_sizes_row *row)
{
    return log((double)row->ended + 1);
}

static void
fit_band(struct calibration *calibration, uint32_t which,
         const struct final_sizes_age *closed)
{
    size_t count = final_sizes_count(closed);
    struct calibration_band band = {.learnt_from = closed->count};
    double squares[9] = {0};
    double terms[3];
    for (size_t i = 0; i < count; i++) {
        band_terms(&closed->rows[i], terms);
        collect(squares, band.factors, terms, log_size(&closed->rows[i]));
    }
    if (!linear_solve(squares, band.factors, 3)) {
        return; // all observations are equal: nothing to fit
    }
    double residuals[FINAL_SIZES_KEPT];
    for (size_t i = 0; i < count; i++) {
        band_terms(&closed->rows[i], terms);
        residuals[i] = log_size(&closed->rows[i]) - band.factors[0] -
                       band.factors[1] * terms[1] - band.factors[2] * terms[2];
    }
    quantile_sort(residuals, count);
    for (size_t i = 0; i < CALIBRATION_QUANTILES; i++) {
        band.quantiles[i] = quantile_of(residuals, count, quantile_at[i]);
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

static void
learn_sizes(struct calibration *calibration, const struct forecast *forecast,
            struct calibration_close close)
{
    for (uint32_t i = 0; i < FORECAST_ANCHORS; i++) {
        struct final_sizes_row row = {
            .closed = close.time, .sample = forecast->samples[i], .ended = close.size};
        if (row.sample.reshares != 0 &&
            final_sizes_learn(&calibration->sizes, i, &row)) {
            calibration->is_new = true;
        }
    }
    for (uint32_t i = 0; i < CALIBRATION_BANDS; i++) {
        uint32_t anchor = final_sizes_anchor(band_ages[i]);
        const struct final_sizes_age *closed = &calibration->sizes.ages[anchor];
        if (forecast->samples[anchor].reshares != 0 &&
            is_time(closed->count, FINAL_SIZES_MIN, FINAL_SIZES_STEP)) {
            fit_band(calibration, i, closed);
        }
    }
}

void
calibration_learn(struct calibration *calibration, const struct forecast *forecast,
                  struct calibration_close close)
{
    learn_sizes(calibration, forecast, close);
    for (uint32_t i = 0; i < FORECAST_DOUBLINGS; i++) {
        if (forecast->doublings[i][0] < 0) {
            continue;
        }
        uint64_t at = calibration->double_count[i]++ % CALIBRATION_DOUBLINGS;
        struct calibration_double *row = &calibration->doubles[i][at];
        memcpy(row->times, forecast->doublings[i], sizeof(row->times));
        row->is_doubled = close.size >= 2 * learnt_doublings[i] ? 1 : 0;
        if (is_time(calibration->double_count[i], CALIBRATION_DOUBLINGS_MIN,
                    CALIBRATION_DOUBLINGS_STEP)) {
            fit_doubling(calibration, i);
        }
    }
}

// ── as text ────────────────────────────────────────────────────────────────

enum {
    NUMBERS_MAX = 9,
    BAND_NUMBERS = 3 + CALIBRATION_QUANTILES,
    SIZE_NUMBERS = 2 + FINAL_SIZES_TERMS + FINAL_SIZES_WAYS,
};

// Which result a field is.
struct result {
    struct calibration_band *band;         // or
    struct calibration_doubling *doubling; // or
    struct final_sizes_fit *size;
    uint64_t *learnt_from;
    size_t numbers;
};

static struct result
result_of(struct calibration *calibration, uint32_t field)
{
    if (field < CALIBRATION_BANDS) {
        struct calibration_band *band = &calibration->bands[field];
        return (struct result){
            .band = band, .learnt_from = &band->learnt_from, .numbers = BAND_NUMBERS};
    }
    field -= CALIBRATION_BANDS;
    if (field < FORECAST_DOUBLINGS) {
        struct calibration_doubling *doubling = &calibration->doublings[field];
        return (struct result){.doubling = doubling,
                               .learnt_from = &doubling->learnt_from,
                               .numbers = FACTORS};
    }
    struct final_sizes_fit *size =
        &calibration->sizes.ages[field - FORECAST_DOUBLINGS].fit;
    return (struct result){
        .size = size, .learnt_from = &size->learnt_from, .numbers = SIZE_NUMBERS};
}

struct slice
calibration_name(uint32_t field)
{
    static const char *const names[CALIBRATION_FIELDS] = {
        "10m",     "1h",       "4h",       "double:25", "double:50",
        "size:5m", "size:10m", "size:30m", "size:1h",   "size:2h",
        "size:4h", "size:6h",  "size:12h"};
    return slice_of(names[field]);
}

static void
read_numbers(const struct result *result, double numbers[NUMBERS_MAX])
{
    if (result->band != NULL) {
        memcpy(numbers, result->band->factors, sizeof(result->band->factors));
        memcpy(numbers + 3, result->band->quantiles, sizeof(result->band->quantiles));
    } else if (result->doubling != NULL) {
        memcpy(numbers, result->doubling->factors, sizeof(result->doubling->factors));
    } else {
        numbers[0] = (double)result->size->way;
        numbers[1] = result->size->factor;
        memcpy(numbers + 2, result->size->terms, sizeof(result->size->terms));
        memcpy(numbers + 2 + FINAL_SIZES_TERMS, result->size->errors,
               sizeof(result->size->errors));
    }
}

// False, and nothing is changed, if a number is not valid.
static bool
write_numbers(const struct result *result, uint64_t from,
              const double numbers[NUMBERS_MAX])
{
    if (result->band != NULL) {
        memcpy(result->band->factors, numbers, sizeof(result->band->factors));
        memcpy(result->band->quantiles, numbers + 3, sizeof(result->band->quantiles));
    } else if (result->doubling != NULL) {
        memcpy(result->doubling->factors, numbers, sizeof(result->doubling->factors));
    } else {
        uint64_t way = 0;
        while (way < FINAL_SIZES_WAYS && (double)way != numbers[0]) {
            way++;
        }
        if (way == FINAL_SIZES_WAYS || from < FINAL_SIZES_MIN) {
            return false;
        }
        result->size->way = way;
        result->size->factor = numbers[1];
        memcpy(result->size->terms, numbers + 2, sizeof(result->size->terms));
        memcpy(result->size->errors, numbers + 2 + FINAL_SIZES_TERMS,
               sizeof(result->size->errors));
    }
    *result->learnt_from = from;
    return true;
}

struct slice
calibration_text(struct calibration *calibration, uint32_t field,
                 char text[CALIBRATION_TEXT_MAX])
{
    struct result result = result_of(calibration, field);
    double numbers[NUMBERS_MAX];
    if (*result.learnt_from == 0 ||
        (result.size != NULL && !final_sizes_is_used(result.size))) {
        return SLICE_NONE;
    }
    read_numbers(&result, numbers);
    size_t length = decimal_put(text, (double)*result.learnt_from, DECIMAL_DIGITS_MAX);
    for (size_t i = 0; i < result.numbers; i++) {
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
    struct result result = result_of(calibration, field);
    for (size_t i = 0; i < result.numbers; i++) {
        if (!next_number(&text, &numbers[i])) {
            return false;
        }
    }
    return text.len == 0 && *result.learnt_from == 0 &&
           write_numbers(&result, (uint64_t)from, numbers);
}

void
calibration_move(struct calibration *calibration, struct snapshot *snapshot)
{
    final_sizes_move(&calibration->sizes, snapshot);
    SNAPSHOT_VALUE(snapshot, calibration->bands);
    SNAPSHOT_VALUE(snapshot, calibration->doublings);
    SNAPSHOT_VALUE(snapshot, calibration->doubles);
    SNAPSHOT_VALUE(snapshot, calibration->double_count);
    SNAPSHOT_VALUE(snapshot, calibration->is_new);
}
