#include "daemon/persistence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/usec.h"

#define STOP (4500 * USEC_PER_MS)

static usec
reserve_after(usec took, usec left)
{
    const struct persistence persistence = {.took = took};
    return persistence_reserve(&persistence, left);
}

static void
a_stop_leaves_a_snapshot_more_time_than_the_last_one_took(void **state)
{
    (void)state;
    assert_int_equal(reserve_after(0, STOP), 2 * USEC_PER_S);
    assert_int_equal(reserve_after(USEC_PER_S, STOP), 2 * USEC_PER_S);
    assert_int_equal(reserve_after(2 * USEC_PER_S, STOP), 3 * USEC_PER_S);
}

static void
a_stop_leaves_half_a_second_for_redis_however_long_a_snapshot_takes(void **state)
{
    (void)state;
    assert_int_equal(reserve_after(USEC_PER_MIN, STOP), 4 * USEC_PER_S);
    assert_int_equal(reserve_after(0, USEC_PER_S), 500 * USEC_PER_MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_leaves_a_snapshot_more_time_than_the_last_one_took),
        cmocka_unit_test(
            a_stop_leaves_half_a_second_for_redis_however_long_a_snapshot_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
