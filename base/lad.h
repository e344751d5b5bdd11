// Least absolute deviations: fits that a few wild observations do not move.
//
// lad_fit minimises the sum of weight |value - row . factors| by the method of
// Bloomfield and Steiger (1980): a descent along edges, each step a weighted median. Up
// to 1e-6 is added to each value, a different number for each row, since the descent
// could end early where more rows than terms are met exactly. At most LAD_STEPS_MAX
// steps; 512 rows of 4 terms take about 0.3 ms.
#pragma once

#include <stddef.h>

enum { LAD_ROWS_MAX = 512, LAD_TERMS_MAX = 4, LAD_STEPS_MAX = 100 };

struct lad_point {
    double value;
    double weight; // at least 0
};

// The least value that, with all smaller ones, has at least half of the weight. Changes
// the order of the points. NAN if there is no weight.
double lad_median(struct lad_point *points, size_t count);

// All numbers must be finite.
struct lad_problem {
    double (*rows)[LAD_TERMS_MAX];
    const struct lad_point *points; // value and weight of each row
    size_t count;                   // at most LAD_ROWS_MAX
};

void lad_fit(const struct lad_problem *problem, double ret_factors[LAD_TERMS_MAX]);
