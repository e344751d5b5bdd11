#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/windows/counters.h"

enum { SLOTS = 3, CAPACITY = 4 };

static uint64_t
value(const struct counters *counters, uint32_t index, uint32_t slot)
{
    return counters_value(counters, counters_at(counters, index), slot);
}

static void
numbers_leave_a_byte_and_stay_exact(void **state)
{
    (void)state;
    struct counters counters;
    assert_true(counters_init(&counters, CAPACITY, SLOTS));
    uint32_t index = counters_create(&counters, TALLY_REACH, 7);
    counters_add(&counters, index, 0, 255);
    counters_add(&counters, index, 1, 3);
    assert_false(counter_is_spilled(counters_at(&counters, index)));
    counters_add(&counters, index, 0, 1);
    assert_true(counter_is_spilled(counters_at(&counters, index)));
    counters_add(&counters, index, 2, (int64_t)UINT32_MAX * 5);
    assert_int_equal(value(&counters, index, 0), 256);
    assert_int_equal(value(&counters, index, 1), 3);
    assert_int_equal(value(&counters, index, 2), (uint64_t)UINT32_MAX * 5);
    counters_add(&counters, index, 2, -(int64_t)UINT32_MAX * 5);
    counters_add(&counters, index, 0, -256);
    assert_int_equal(value(&counters, index, 0), 0);
    assert_int_equal(value(&counters, index, 2), 0);
    assert_int_equal(counters_at(&counters, index)->owner, 7);
    assert_int_equal(counter_tally(counters_at(&counters, index)), TALLY_REACH);
    counters_fini(&counters);
}

static void
a_number_may_pass_below_zero_on_its_way(void **state)
{
    (void)state;
    struct counters counters;
    assert_true(counters_init(&counters, CAPACITY, SLOTS));
    uint32_t index = counters_create(&counters, TALLY_POSTS, 1);
    counters_add(&counters, index, 1, -2);
    counters_add(&counters, index, 1, 5);
    assert_int_equal(value(&counters, index, 1), 3);
    assert_int_equal(value(&counters, index, 0), 0);
    counters_fini(&counters);
}

static void
more_references_than_two_bytes_hold_are_counted(void **state)
{
    (void)state;
    struct counters counters;
    assert_true(counters_init(&counters, CAPACITY, SLOTS));
    uint32_t index = counters_create(&counters, TALLY_POSTS, 1);
    counters_add(&counters, index, 2, 9);
    for (int i = 0; i < UINT16_MAX + 10; i++) {
        counters_refer(&counters, index, 1);
    }
    assert_int_equal(counters_refs(&counters, counters_at(&counters, index)),
                     UINT16_MAX + 10);
    assert_int_equal(value(&counters, index, 2), 9);
    for (int i = 0; i < UINT16_MAX + 10; i++) {
        counters_refer(&counters, index, -1);
    }
    assert_int_equal(counters_refs(&counters, counters_at(&counters, index)), 0);
    counters_fini(&counters);
}

static void
a_spill_is_used_again_once_its_counter_is_buried(void **state)
{
    (void)state;
    struct counters counters;
    assert_true(counters_init(&counters, CAPACITY, SLOTS));
    for (int round = 0; round < 3 * CAPACITY; round++) {
        uint32_t index = counters_create(&counters, TALLY_POSTS, 1);
        assert_int_equal(value(&counters, index, 0), 0);
        assert_int_equal(counters_refs(&counters, counters_at(&counters, index)), 0);
        counters_add(&counters, index, 0, 1000);
        counters_add(&counters, index, 0, -1000);
        counters_destroy(&counters, index);
        assert_int_equal(counters.count, 1);
        counters_bury(&counters);
        assert_int_equal(counters.count, 0);
    }
    assert_int_equal(counters.spills.high, 1);
    counters_fini(&counters);
}

static void
every_counter_may_be_spilled_at_once(void **state)
{
    (void)state;
    struct counters counters;
    assert_true(counters_init(&counters, CAPACITY, 8));
    for (uint32_t i = 0; i < CAPACITY; i++) {
        uint32_t index = counters_create(&counters, TALLY_POSTS, i);
        counters_add(&counters, index, 7, 1000 + i);
    }
    for (uint32_t i = 0; i < CAPACITY; i++) {
        assert_int_equal(value(&counters, i, 7), 1000 + i);
        assert_int_equal(counters_at(&counters, i)->owner, i);
    }
    counters_fini(&counters);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_leave_a_byte_and_stay_exact),
        cmocka_unit_test(a_number_may_pass_below_zero_on_its_way),
        cmocka_unit_test(more_references_than_two_bytes_hold_are_counted),
        cmocka_unit_test(a_spill_is_used_again_once_its_counter_is_buried),
        cmocka_unit_test(every_counter_may_be_spilled_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
