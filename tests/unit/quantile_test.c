#include "base/quantile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
quantiles_are_linear_between_neighbours(void **state)
{
    (void)state;
    double values[] = {40, 10, 30, 20};
    quantile_sort(values, 4);
    static const double parts[][2] = {
        {0, 10}, {0.5, 25}, {1, 40}, {0.1, 13}, {0.9, 37}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_true(fabs(quantile_of(values, 4, parts[i][0]) - parts[i][1]) < 1e-12);
    }
    assert_true(quantile_of(values, 3, 0.5) == 20);
}

static void
quantiles_of_one_value_are_that_value_and_of_none_no_number(void **state)
{
    (void)state;
    double value = -7;
    quantile_sort(&value, 1);
    assert_true(quantile_of(&value, 1, 0.95) == -7);
    assert_true(isnan(quantile_of(&value, 0, 0.5)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_linear_between_neighbours),
        cmocka_unit_test(quantiles_of_one_value_are_that_value_and_of_none_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
