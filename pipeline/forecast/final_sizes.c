#include "pipeline/forecast/final_sizes.h"

#include <math.h>

#include "base/lad.h"
#include "base/snapshot.h"

#define HALF_LIFE (30 * USEC_PER_DAY)
#define WEIGHT_MIN (1.0 / 1024)
#define GROWTH_MAX 22.0 // ln of more reshares than there are people
#define LEAST_AGE (5 * USEC_PER_MIN)

_Static_assert((int)FINAL_SIZES_KEPT <= (int)LAD_ROWS_MAX, "a fit takes all rows");
_Static_assert((int)FINAL_SIZES_TERMS == (int)LAD_TERMS_MAX, "terms of a fit");

// The factor a as shipped, at an age in minutes.
static const struct {
    double minutes;
    double factor;
} shipped[] = {
    {1, 1.52},  {2, .90},   {5, 1.04},  {10, 1.70},  {15, 1.76},  {20, 1.60},
    {30, 1.44}, {45, 1.60}, {60, 1.46}, {90, 1.08},  {120, 1.22}, {180, .78},
    {240, .68}, {360, .80}, {720, .56}, {1440, .32},
};

static double
shipped_factor(usec age)
{
    enum { LAST = sizeof(shipped) / sizeof(shipped[0]) - 1 };
    double minutes = (double)age / (double)USEC_PER_MIN;
    size_t i = 0;
    while (i <= LAST && shipped[i].minutes <= minutes) {
        i++;
    }
    if (i == 0 || i > LAST) {
        return shipped[i == 0 ? 0 : LAST].factor;
    }
    double part = log(minutes / shipped[i - 1].minutes) /
                  log(shipped[i].minutes / shipped[i - 1].minutes);
    return shipped[i - 1].factor + part * (shipped[i].factor - shipped[i - 1].factor);
}

usec
final_sizes_anchor_age(uint32_t anchor)
{
    static const uint16_t minutes[FORECAST_ANCHORS] = {5,   10,  30,  60,
                                                       120, 240, 360, 720};
    return minutes[anchor] * USEC_PER_MIN;
}

uint32_t
final_sizes_anchor(usec age)
{
    uint32_t i = 0;
    while (i < FORECAST_ANCHORS && final_sizes_anchor_age(i) != age) {
        i++;
    }
    return i;
}

// ── forecasts ──────────────────────────────────────────────────────────────

static void
terms_of(const struct final_sizes_input *input, double terms[FINAL_SIZES_TERMS])
{
    terms[0] = 1;
    terms[1] = log(input->reshares + 1);
    terms[2] = log(input->reach + 1);
    terms[3] = input->trend;
}

static double
forecast_by(const struct final_sizes_fit *fit, enum final_sizes_way way, usec age,
            const struct final_sizes_input *input)
{
    double more = 0;
    if (way == FINAL_SIZES_LEARNT) {
        double terms[FINAL_SIZES_TERMS];
        double growth = 0;
        terms_of(input, terms);
        for (size_t i = 0; i < FINAL_SIZES_TERMS; i++) {
            growth += fit->terms[i] * terms[i];
        }
        more = exp(fmin(growth, GROWTH_MAX)) - 1;
    } else {
        double factor = way == FINAL_SIZES_REFITTED ? fit->factor : shipped_factor(age);
        more = factor * input->reach;
    }
    double size = input->reshares + fmax(more, 0); // a cascade never shrinks
    return isfinite(size) ? size : NAN;
}

// The index of the age at which forecasts are learnt that is nearest in ln(age).
static uint32_t
nearest(usec age)
{
    uint32_t i = 0;
    while (i + 1 < FORECAST_ANCHORS) {
        double here = (double)final_sizes_anchor_age(i) / (double)age;
        double next = (double)final_sizes_anchor_age(i + 1) / (double)age;
        if (here * next >= 1) {
            break;
        }
        i++;
    }
    return i;
}

bool
final_sizes_is_used(const struct final_sizes_fit *fit)
{
    return fit->learnt_from >= FINAL_SIZES_MIN;
}

double
final_sizes_estimate(const struct final_sizes *sizes, usec age,
                     const struct final_sizes_input *input)
{
    if (age < LEAST_AGE) {
        return forecast_by(NULL, FINAL_SIZES_SHIPPED, age, input);
    }
    const struct final_sizes_fit *fit = &sizes->ages[nearest(age)].fit;
    enum final_sizes_way way =
        final_sizes_is_used(fit) ? (enum final_sizes_way)fit->way : FINAL_SIZES_SHIPPED;
    return forecast_by(fit, way, age, input);
}

// ── learning ───────────────────────────────────────────────────────────────

size_t
final_sizes_count(const struct final_sizes_age *age)
{
    return age->count < FINAL_SIZES_KEPT ? (size_t)age->count
                                         : (size_t)FINAL_SIZES_KEPT;
}

static struct final_sizes_input
input_of(const struct forecast_sample *sample)
{
    return (struct final_sizes_input){sample->reshares, sample->reach, sample->trend};
}

// Reshares after the sample; negative: some were undone.
static double
growth_of(const struct final_sizes_row *row)
{
    return (double)row->ended - row->sample.reshares;
}

static double
size_of(const struct final_sizes_row *row)
{
    return row->ended != 0 ? row->ended : 1;
}

static void
judge(const struct final_sizes_fit *fit, uint32_t anchor, struct final_sizes_row *row)
{
    struct final_sizes_input input = input_of(&row->sample);
    for (uint32_t way = 0; way < FINAL_SIZES_WAYS; way++) {
        double size = forecast_by(fit, way, final_sizes_anchor_age(anchor), &input);
        double error = fabs(size / size_of(row) - 1);
        row->errors[way] = fit->learnt_from != 0 ? (float)fmin(error, 1e30) : NAN;
    }
}

static void
weigh(const struct final_sizes_age *age, double weights[FINAL_SIZES_KEPT])
{
    size_t count = final_sizes_count(age);
    usec newest = age->rows[0].closed;
    for (size_t i = 1; i < count; i++) {
        newest = age->rows[i].closed > newest ? age->rows[i].closed : newest;
    }
    for (size_t i = 0; i < count; i++) {
        double lives = (double)(newest - age->rows[i].closed) / (double)HALF_LIFE;
        weights[i] = fmax(exp2(-lives), WEIGHT_MIN);
    }
}

// The factor of the refitted way.
static double
fit_factor(const struct final_sizes_age *age, const double *weights)
{
    struct lad_point points[FINAL_SIZES_KEPT];
    size_t count = final_sizes_count(age);
    for (size_t i = 0; i < count; i++) {
        const struct final_sizes_row *row = &age->rows[i];
        double reach = row->sample.reach;
        points[i] = (struct lad_point){reach > 0 ? growth_of(row) / reach : 0,
                                       weights[i] * reach / size_of(row)};
    }
    return lad_median(points, count);
}

static void
fit_terms(const struct final_sizes_age *age, const double *weights,
          double ret_terms[FINAL_SIZES_TERMS])
{
    double rows[FINAL_SIZES_KEPT][FINAL_SIZES_TERMS];
    struct lad_point points[FINAL_SIZES_KEPT];
    struct lad_problem problem = {rows, points, final_sizes_count(age)};
    for (size_t i = 0; i < problem.count; i++) {
        struct final_sizes_input input = input_of(&age->rows[i].sample);
        terms_of(&input, rows[i]);
        points[i] =
            (struct lad_point){log(fmax(growth_of(&age->rows[i]), 0) + 1), weights[i]};
    }
    lad_fit(&problem, ret_terms);
}

// The median error of a way on cascades that it had not learnt from.
static double
error_of(const struct final_sizes_age *age, uint32_t way, const double *weights)
{
    struct lad_point points[FINAL_SIZES_KEPT];
    size_t count = 0;
    for (size_t i = 0; i < final_sizes_count(age); i++) {
        double error = age->rows[i].errors[way];
        if (!isnan(error)) {
            points[count++] = (struct lad_point){error, weights[i]};
        }
    }
    return lad_median(points, count);
}

// False, and nothing is changed, if there is nothing to fit.
static bool
fit(struct final_sizes_age *age)
{
    struct final_sizes_fit fit = {.learnt_from = age->count};
    double weights[FINAL_SIZES_KEPT] = {0};
    weigh(age, weights);
    fit.factor = fit_factor(age, weights);
    fit_terms(age, weights, fit.terms);
    bool is_finite = isfinite(fit.factor);
    for (size_t i = 0; i < FINAL_SIZES_TERMS; i++) {
        is_finite = is_finite && isfinite(fit.terms[i]);
    }
    for (uint32_t way = 0; way < FINAL_SIZES_WAYS; way++) {
        fit.errors[way] = error_of(age, way, weights);
        if (fit.errors[way] < fit.errors[fit.way]) {
            fit.way = way;
        }
    }
    if (is_finite) {
        age->fit = fit;
    }
    return is_finite;
}

// Ages take turns, so that one cascade does not cause a fit of each. A fit of an
// earlier process stays until there is one of as many cascades.
static bool
is_due(const struct final_sizes_age *age, uint32_t anchor)
{
    if (age->count > FINAL_SIZES_MIN) {
        uint32_t turn = anchor * FINAL_SIZES_LATER_STEP / FORECAST_ANCHORS;
        return (age->count + turn) % FINAL_SIZES_LATER_STEP == 0;
    }
    return age->count >= FINAL_SIZES_FIRST && age->count % FINAL_SIZES_STEP == 0 &&
           (age->count == FINAL_SIZES_MIN || !final_sizes_is_used(&age->fit));
}

bool
final_sizes_learn(struct final_sizes *sizes, uint32_t anchor,
                  const struct final_sizes_row *closed)
{
    struct final_sizes_age *age = &sizes->ages[anchor];
    struct final_sizes_row *row = &age->rows[age->count % FINAL_SIZES_KEPT];
    // By member: rows go into snapshots as they lie in memory, so nothing may come into
    // the gap at their end.
    row->closed = closed->closed;
    row->sample = closed->sample;
    row->ended = closed->ended;
    judge(&age->fit, anchor, row);
    age->count++;
    return is_due(age, anchor) && fit(age) && final_sizes_is_used(&age->fit);
}

void
final_sizes_move(struct final_sizes *sizes, struct snapshot *snapshot)
{
    for (size_t i = 0; i < FORECAST_ANCHORS; i++) {
        SNAPSHOT_VALUE(snapshot, sizes->ages[i].fit);
        SNAPSHOT_VALUE(snapshot, sizes->ages[i].count);
        SNAPSHOT_VALUE(snapshot, sizes->ages[i].rows);
        snapshot_expect(snapshot, sizes->ages[i].fit.way < FINAL_SIZES_WAYS);
    }
}
