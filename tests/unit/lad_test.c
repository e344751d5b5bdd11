#include "base/lad.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static double
part(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (double)(*random >> 11) / (double)(UINT64_C(1) << 53);
}

static double rows[LAD_ROWS_MAX][LAD_TERMS_MAX];
static struct lad_point points[LAD_ROWS_MAX];

static double
sum_of(size_t count, const double factors[LAD_TERMS_MAX])
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double residual = points[i].value;
        for (size_t k = 0; k < LAD_TERMS_MAX; k++) {
            residual -= rows[i][k] * factors[k];
        }
        sum += points[i].weight * fabs(residual);
    }
    return sum;
}

static void
a_median_has_half_of_the_weight_up_to_it(void **state)
{
    (void)state;
    struct lad_point some[] = {{5, 1}, {1, 1}, {3, 1}, {9, 4}, {2, 1}};
    assert_true(lad_median(some, 5) == 5);
    struct lad_point three[] = {{1, 1}, {3, 1}, {2, 1}};
    assert_true(lad_median(three, 3) == 2);
    uint64_t random = 3;
    for (int round = 0; round < 200; round++) {
        size_t count = 1 + (size_t)(40 * part(&random));
        for (size_t i = 0; i < count; i++) {
            points[i].value = floor(20 * part(&random)); // many are equal
            points[i].weight = floor(3 * part(&random));
        }
        points[0].weight = 1;
        double median = lad_median(points, count);
        double weights[3] = {0}; // of less, equal and greater ones
        for (size_t i = 0; i < count; i++) {
            size_t where = points[i].value < median   ? 0
                           : points[i].value > median ? 2
                                                      : 1;
            weights[where] += points[i].weight;
        }
        double half = (weights[0] + weights[1] + weights[2]) / 2;
        assert_true(weights[0] < half && weights[0] + weights[1] >= half);
    }
    struct lad_point zero[] = {{1, 0}, {2, 0}};
    assert_true(isnan(lad_median(zero, 2)));
    assert_true(isnan(lad_median(zero, 0)));
    zero[1].weight = 1e-300;
    assert_true(lad_median(zero, 2) == 2);
}

static void
factors_are_found_whatever_a_third_of_the_rows_contains(void **state)
{
    (void)state;
    uint64_t random = 11;
    const double wanted[] = {0.5, -1.25, 2, 0.125};
    for (size_t i = 0; i < LAD_ROWS_MAX; i++) {
        rows[i][0] = 1;
        points[i] = (struct lad_point){wanted[0], 0.1 + part(&random)};
        for (size_t k = 1; k < LAD_TERMS_MAX; k++) {
            rows[i][k] = 10 * part(&random) - 3;
            points[i].value += wanted[k] * rows[i][k];
        }
        points[i].value += i % 3 == 0 ? 1000 * part(&random) : 0;
    }
    double factors[LAD_TERMS_MAX];
    struct lad_problem problem = {rows, points, LAD_ROWS_MAX};
    lad_fit(&problem, factors);
    for (size_t k = 0; k < LAD_TERMS_MAX; k++) {
        assert_true(fabs(factors[k] - wanted[k]) < 1e-6);
    }
}

// The sum is convex, so a minimum that is one among near factors is one among all.
static void
no_factors_nearby_have_a_smaller_sum(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int round = 0; round < 40; round++) {
        size_t count = 5 + (size_t)(part(&random) * (LAD_ROWS_MAX - 5));
        for (size_t i = 0; i < count; i++) {
            double size = 2 + 8 * part(&random);
            rows[i][0] = 1;
            rows[i][1] = size;
            rows[i][2] = size + part(&random); // nearly the same
            rows[i][3] = part(&random) - 0.5;
            points[i].value = 1 + 0.6 * size - log(part(&random) + 1e-9);
            if (round % 2 != 0) { // many rows that can be met at once
                rows[i][1] = log(floor(size));
                rows[i][2] = log(floor(1 + 3 * part(&random)));
                points[i].value = log(floor(size * (1 + 2 * part(&random))));
            }
            points[i].weight = part(&random) < 0.1 ? 0 : part(&random);
        }
        double factors[LAD_TERMS_MAX];
        struct lad_problem problem = {rows, points, count};
        lad_fit(&problem, factors);
        double least = sum_of(count, factors);
        for (int i = 0; i < 300; i++) {
            double near[LAD_TERMS_MAX];
            double width = pow(10, -1 - i % 6);
            for (size_t k = 0; k < LAD_TERMS_MAX; k++) {
                near[k] = factors[k] + width * (part(&random) - 0.5);
            }
            assert_true(sum_of(count, near) >= least * (1 - 1e-6));
        }
    }
}

static void
rows_with_little_information_give_finite_factors(void **state)
{
    (void)state;
    double factors[LAD_TERMS_MAX];
    memset(rows, 0, sizeof(rows));
    for (size_t i = 0; i < LAD_ROWS_MAX; i++) {
        points[i] = (struct lad_point){7, 1};
    }
    struct lad_problem problem = {rows, points, LAD_ROWS_MAX};
    lad_fit(&problem, factors);
    assert_true(factors[0] == 0 && factors[3] == 0);
    for (size_t i = 0; i < LAD_ROWS_MAX; i++) {
        rows[i][0] = rows[i][1] = rows[i][2] = 1;
    }
    lad_fit(&problem, factors);
    assert_true(fabs(factors[0] + factors[1] + factors[2] - 7) < 2e-6);
    for (size_t i = 0; i < LAD_ROWS_MAX; i++) { // few values, many ties
        rows[i][1] = log((double)(i % 3 + 1));
        rows[i][2] = log((double)(i % 2 + 1));
        points[i].value = log((double)(i % 5 + 1));
    }
    lad_fit(&problem, factors);
    const double none[LAD_TERMS_MAX] = {0};
    assert_true(sum_of(LAD_ROWS_MAX, factors) < sum_of(LAD_ROWS_MAX, none));
    problem.count = 0;
    lad_fit(&problem, factors);
    assert_true(factors[0] == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_median_has_half_of_the_weight_up_to_it),
        cmocka_unit_test(factors_are_found_whatever_a_third_of_the_rows_contains),
        cmocka_unit_test(no_factors_nearby_have_a_smaller_sum),
        cmocka_unit_test(rows_with_little_information_give_finite_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
