#include "base/lad.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define JITTER 1e-6 // added to values, so that no more rows than terms are met at once
#define ZERO 1e-12  // a residual below this is none
#define SLOPE 1e-9  // a slope below this part of the greatest possible is none
#define GOLDEN 0.61803398874989485

enum { TERMS = LAD_TERMS_MAX, NO_ROW = LAD_ROWS_MAX };

static int
by_value(const void *a, const void *b)
{
    const struct lad_point *x = a;
    const struct lad_point *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

double
lad_median(struct lad_point *points, size_t count)
{
    double total = 0;
    qsort(points, count, sizeof(*points), by_value);
    for (size_t i = 0; i < count; i++) {
        total += points[i].weight;
    }
    double below = 0;
    for (size_t i = 0; i < count; i++) {
        below += points[i].weight;
        if (points[i].weight > 0 && below >= total / 2) {
            return points[i].value;
        }
    }
    return NAN;
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
