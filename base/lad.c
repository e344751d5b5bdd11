#include "base/lad.h"

#include <assert.h>
#include <math.h>

#define JITTER 1e-6 // added to values, so that no more rows than terms are met at once
#define ZERO 1e-12  // a residual below this is none
#define SLOPE 1e-9  // a slope below this part of the greatest possible is none
#define GOLDEN 0.61803398874989485

enum { TERMS = LAD_TERMS_MAX, NO_ROW = LAD_ROWS_MAX };

static double
middle_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

static void
swap(struct lad_point *a, struct lad_point *b)
{
    struct lad_point point = *a;
    *a = *b;
    *b = point;
}

// Points around a pivot: less, equal, greater; the numbers of the first two, and their
// weights.
struct parts {
    size_t less;
    size_t equal;
    double less_weight;
    double equal_weight;
};

static struct parts
divide(struct lad_point *points, size_t count, double pivot)
{
    struct parts parts = {0};
    size_t greater = count;
    for (size_t i = 0; i < greater;) {
        if (points[i].value < pivot) {
            parts.less_weight += points[i].weight;
            swap(&points[i++], &points[parts.less++]);
        } else if (points[i].value > pivot) {
            swap(&points[i], &points[--greater]);
        } else {
            parts.equal_weight += points[i++].weight;
        }
    }
    parts.equal = greater - parts.less;
    return parts;
}

double
lad_median(struct lad_point *points, size_t count)
{
    double left = 0; // weight that is to be at or below the median
    double median = NAN;
    for (size_t i = 0; i < count; i++) {
        left += points[i].weight / 2;
    }
    while (count != 0 && left > 0) {
        double pivot = middle_of(points[0].value, points[count / 2].value,
                                 points[count - 1].value);
        struct parts parts = divide(points, count, pivot);
        if (parts.less_weight >= left) {
            count = parts.less;
            continue;
        }
        median = parts.equal_weight > 0 ? pivot : median;
        left -= parts.less_weight + parts.equal_weight;
        points += parts.less + parts.equal;
        count -= parts.less + parts.equal;
    }
    return median;
}

// A vertex of the descent: the factors, the edges that lead away from it, and the row
// that each edge leaves behind (NO_ROW: none yet).
struct descent {
    const struct lad_problem *problem;
    double factors[TERMS];
    double edges[TERMS][TERMS];
    size_t met[TERMS];
    double residuals[LAD_ROWS_MAX];
};

static double
along(const double row[TERMS], const double edge[TERMS])
{
    double sum = 0;
    for (size_t i = 0; i < TERMS; i++) {
        sum += row[i] * edge[i];
    }
    return sum;
}

static void
measure(struct descent *descent)
{
    const struct lad_problem *problem = descent->problem;
    for (size_t i = 0; i < problem->count; i++) {
        double part = GOLDEN * (double)i;
        double value = problem->points[i].value + JITTER * (part - floor(part));
        double residual = value - along(problem->rows[i], descent->factors);
        descent->residuals[i] = fabs(residual) < ZERO ? 0 : residual;
    }
    for (size_t k = 0; k < TERMS; k++) {
        if (descent->met[k] != NO_ROW) {
            descent->residuals[descent->met[k]] = 0;
        }
    }
}

// How steeply the sum falls along that edge, one way or the other, as a part of the
// greatest slope that it could have; not positive: it does not fall.
static double
steepness(const struct descent *descent, size_t edge)
{
    const struct lad_problem *problem = descent->problem;
    double slope = 0;
    double level = 0; // of rows that are met: the sum rises by this either way
    double most = 0;
    for (size_t i = 0; i < problem->count; i++) {
        double step = along(problem->rows[i], descent->edges[edge]);
        double weight = problem->points[i].weight;
        most += weight * fabs(step);
        if (descent->residuals[i] == 0) {
            level += weight * fabs(step);
        } else {
            slope += descent->residuals[i] > 0 ? weight * step : -weight * step;
        }
    }
    return most > 0 ? (fabs(slope) - level) / most - SLOPE : -1;
}

// Moves along the edge to the least sum; returns the row that is met there.
static size_t
move(struct descent *descent, size_t edge)
{
    const struct lad_problem *problem = descent->problem;
    struct lad_point points[LAD_ROWS_MAX];
    double at[LAD_ROWS_MAX];
    for (size_t i = 0; i < problem->count; i++) {
        double step = along(problem->rows[i], descent->edges[edge]);
        at[i] = step != 0 ? descent->residuals[i] / step : 0;
        points[i] = (struct lad_point){at[i], problem->points[i].weight * fabs(step)};
    }
    double length = lad_median(points, problem->count);
    size_t met = NO_ROW;
    double best = 0;
    for (size_t i = 0; i < problem->count; i++) {
        double step = fabs(along(problem->rows[i], descent->edges[edge]));
        if (at[i] == length && problem->points[i].weight > 0 && step > best) {
            best = step;
            met = i;
        }
    }
    for (size_t i = 0; i < TERMS && met != NO_ROW; i++) {
        descent->factors[i] += length * descent->edges[edge][i];
    }
    return met;
}

// From now on that edge leaves the row behind, and all others stay on it.
static void
turn(struct descent *descent, size_t edge, size_t met)
{
    const double *row = descent->problem->rows[met];
    double step = along(row, descent->edges[edge]);
    for (size_t i = 0; i < TERMS; i++) {
        descent->edges[edge][i] /= step;
    }
    for (size_t k = 0; k < TERMS; k++) {
        double part = along(row, descent->edges[k]);
        for (size_t i = 0; i < TERMS && k != edge; i++) {
            descent->edges[k][i] -= part * descent->edges[edge][i];
        }
    }
    descent->met[edge] = met;
}

void
lad_fit(const struct lad_problem *problem, double ret_factors[LAD_TERMS_MAX])
{
    struct descent descent = {.problem = problem};
    assert(problem->count <= LAD_ROWS_MAX);
    for (size_t i = 0; i < TERMS; i++) {
        descent.edges[i][i] = 1;
        descent.met[i] = NO_ROW;
    }
    for (size_t step = 0; step < LAD_STEPS_MAX; step++) {
        size_t steepest = TERMS;
        double best = 0;
        measure(&descent);
        for (size_t k = 0; k < TERMS; k++) {
            double steep = steepness(&descent, k);
            if (steep > best) {
                best = steep;
                steepest = k;
            }
        }
        size_t met = steepest == TERMS ? (size_t)NO_ROW : move(&descent, steepest);
        if (met == NO_ROW) {
            break;
        }
        turn(&descent, steepest, met);
    }
    for (size_t i = 0; i < TERMS; i++) {
        ret_factors[i] = descent.factors[i];
    }
}
