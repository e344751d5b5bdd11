#include "base/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
backoff_doubles_from_first_to_most_and_stays(void **state)
{
    (void)state;
    struct backoff backoff = {.first = 250, .most = 1500};
    static const usec expected[] = {250, 500, 1000, 1500, 1500, 1500};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(backoff_next(&backoff), expected[i]);
    }
}

static void
backoff_begins_again_after_a_reset(void **state)
{
    (void)state;
    struct backoff backoff = {.first = USEC_PER_S, .most = USEC_PER_MIN};
    for (int i = 0; i < 20; i++) {
        (void)backoff_next(&backoff);
    }
    backoff_reset(&backoff);
    assert_int_equal(backoff_next(&backoff), USEC_PER_S);
    assert_int_equal(backoff_next(&backoff), 2 * USEC_PER_S);
}

static void
backoff_never_exceeds_most_even_at_first(void **state)
{
    (void)state;
    struct backoff backoff = {.first = 10, .most = 4};
    assert_int_equal(backoff_next(&backoff), 4);
    assert_int_equal(backoff_next(&backoff), 4);
}

static void
backoff_does_not_overflow(void **state)
{
    (void)state;
    struct backoff backoff = {.first = INT64_MAX / 2 + 1, .most = INT64_MAX};
    assert_int_equal(backoff_next(&backoff), INT64_MAX / 2 + 1);
    assert_int_equal(backoff_next(&backoff), INT64_MAX);
    assert_int_equal(backoff_next(&backoff), INT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_from_first_to_most_and_stays),
        cmocka_unit_test(backoff_begins_again_after_a_reset),
        cmocka_unit_test(backoff_never_exceeds_most_even_at_first),
        cmocka_unit_test(backoff_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
