#include "base/span_histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
span_is_in_the_group_of_the_least_bound_that_is_not_below_it(void **state)
{
    (void)state;
    struct span_histogram histogram = {.sum = 0};
    span_histogram_add(&histogram, 0);
    span_histogram_add(&histogram, USEC_PER_MS);
    span_histogram_add(&histogram, USEC_PER_MS + 1);
    span_histogram_add(&histogram, 300 * USEC_PER_S);
    span_histogram_add(&histogram, 300 * USEC_PER_S + 1);
    assert_int_equal(histogram.counts[0], 2);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[SPAN_HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(histogram.counts[SPAN_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(histogram.sum, 2 * USEC_PER_MS + 600 * USEC_PER_S + 2);
    assert_int_equal(span_histogram_count(&histogram), 5);
}

static void
span_that_is_negative_counts_as_0(void **state)
{
    (void)state;
    struct span_histogram histogram = {.sum = 0};
    span_histogram_add(&histogram, -USEC_PER_DAY);
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(histogram.sum, 0);
}

static void
span_bounds_ascend(void **state)
{
    (void)state;
    for (size_t i = 1; i < SPAN_HISTOGRAM_BOUNDS; i++) {
        assert_true(span_histogram_bounds[i - 1] < span_histogram_bounds[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(span_is_in_the_group_of_the_least_bound_that_is_not_below_it),
        cmocka_unit_test(span_that_is_negative_counts_as_0),
        cmocka_unit_test(span_bounds_ascend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
