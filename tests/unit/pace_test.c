#include "daemon/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { BEGIN = 1000000 };

static void
the_first_post_is_due_at_once(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 1);
    assert_int_equal(pace_wait(&pace, 500 * USEC_PER_S, BEGIN), 0);
}

static void
a_later_post_is_due_after_the_time_between_them_divided_by_the_speed(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 60);
    assert_int_equal(pace_wait(&pace, 500 * USEC_PER_S, BEGIN), 0);
    assert_int_equal(pace_wait(&pace, 530 * USEC_PER_S, BEGIN), USEC_PER_S / 2);
    assert_int_equal(pace_wait(&pace, 530 * USEC_PER_S, BEGIN + USEC_PER_S / 4),
                     USEC_PER_S / 4);
    assert_int_equal(pace_wait(&pace, 530 * USEC_PER_S, BEGIN + USEC_PER_S / 2), 0);
    // An older one, too.
    assert_int_equal(pace_wait(&pace, 400 * USEC_PER_S, BEGIN), 0);
}

static void
a_wait_has_at_most_a_second_and_at_least_a_millisecond(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 1);
    assert_int_equal(pace_wait(&pace, 0, BEGIN), 0);
    assert_int_equal(pace_wait(&pace, USEC_PER_HOUR, BEGIN), USEC_PER_S);
    assert_int_equal(pace_wait(&pace, USEC_PER_MS, BEGIN), USEC_PER_MS);
    assert_int_equal(pace_wait(&pace, USEC_PER_MS - 1, BEGIN), 0);
}

static void
without_a_speed_everything_is_due(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    assert_int_equal(pace_wait(&pace, 0, BEGIN), 0);
    assert_int_equal(pace_wait(&pace, USEC_PER_HOUR, BEGIN), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_post_is_due_at_once),
        cmocka_unit_test(
            a_later_post_is_due_after_the_time_between_them_divided_by_the_speed),
        cmocka_unit_test(a_wait_has_at_most_a_second_and_at_least_a_millisecond),
        cmocka_unit_test(without_a_speed_everything_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
