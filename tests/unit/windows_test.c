#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/windows.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

struct fixture {
    struct windows windows;
    uint32_t touches;
};

static void
touched(void *context, uint32_t counter, uint32_t slots)
{
    (void)counter;
    assert_int_not_equal(slots, 0);
    ++*(uint32_t *)context;
}

static void
set_up(struct fixture *fixture, const char *list, uint64_t entries, uint32_t counters)
{
    memset(fixture, 0, sizeof(*fixture));
    static const struct option row = {
        "windows", OPTION_SPANS, "5m", USEC_PER_MIN, 40 * USEC_PER_DAY, false, 0, ""};
    struct option_spans spans;
    assert_int_equal(option_set(&row, &spans, slice_of(list), NULL), STATUS_OK);
    assert_true(windows_init(&fixture->windows, &spans, entries, counters));
    fixture->windows.touched = touched;
    fixture->windows.context = &fixture->touches;
    windows_advance(&fixture->windows, T0);
}

static uint64_t
value(const struct fixture *fixture, uint32_t counter, uint32_t slot)
{
    return windows_counter(&fixture->windows, counter)->value[slot];
}

static void
windows_cover_the_current_step_and_the_59_before_it(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m,1h", 10000, 10);
    uint32_t counter = windows_counter_create(&f.windows, TALLY_POSTS, 1);
    usec step = 5 * USEC_PER_S; // of the 5-minute window; T0 begins one
    windows_at(&f.windows, T0);
    assert_true(windows_add(&f.windows, counter, 3));
    windows_advance(&f.windows, T0 + 60 * step - 1);
    assert_int_equal(value(&f, counter, 0), 3);
    windows_advance(&f.windows, T0 + 60 * step);
    assert_int_equal(value(&f, counter, 0), 0);
    assert_int_equal(value(&f, counter, 1), 3);
    windows_fini(&f.windows);
}

static void
windows_count_a_late_amount_only_where_its_step_still_is(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m,1h", 10000, 10);
    uint32_t counter = windows_counter_create(&f.windows, TALLY_POSTS, 1);
    windows_at(&f.windows, T0 - 10 * USEC_PER_MIN);
    assert_true(windows_add(&f.windows, counter, 1));
    assert_int_equal(value(&f, counter, 0), 0);
    assert_int_equal(value(&f, counter, 1), 1);
    windows_at(&f.windows, T0 - 2 * USEC_PER_HOUR);
    assert_false(windows_add(&f.windows, counter, 1));
    windows_advance(&f.windows, T0 + 51 * USEC_PER_MIN);
    assert_int_equal(value(&f, counter, 1), 0);
    assert_int_equal(windows_counter(&f.windows, counter)->refs, 0);
    windows_fini(&f.windows);
}

static void
windows_take_back_nothing_once_the_step_has_left(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m", 10000, 10);
    uint32_t counter = windows_counter_create(&f.windows, TALLY_POSTS, 1);
    windows_at(&f.windows, T0);
    windows_add(&f.windows, counter, 5);
    windows_advance(&f.windows, T0 + USEC_PER_HOUR);
    windows_counter_destroy(&f.windows, counter);
    windows_bury(&f.windows);
    uint32_t other = windows_counter_create(&f.windows, TALLY_VELOCITY, 2);
    assert_int_equal(other, counter);
    windows_at(&f.windows, T0 + 30 * USEC_PER_MIN); // within velocity's hour
    windows_take_back(&f.windows, counter, false, 5);
    assert_int_equal(value(&f, other, WINDOWS_VELOCITY_1H), 0);
    windows_fini(&f.windows);
}

static void
windows_survive_a_jump_of_years_and_a_clock_that_stands(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m,24h", 100000, 100);
    uint32_t counter = windows_counter_create(&f.windows, TALLY_POSTS, 1);
    for (int i = 0; i < 1000; i++) {
        windows_at(&f.windows, T0 - i * USEC_PER_MIN);
        windows_add(&f.windows, counter, 1);
    }
    windows_advance(&f.windows, T0);
    windows_advance(&f.windows, T0 - USEC_PER_DAY);
    assert_int_equal(value(&f, counter, 1), 1000);
    windows_advance(&f.windows, T0 + 3650 * USEC_PER_DAY);
    assert_int_equal(value(&f, counter, 0), 0);
    assert_int_equal(value(&f, counter, 1), 0);
    assert_int_equal(f.windows.chunk_count, 0);
    windows_fini(&f.windows);
}

static void
windows_say_when_they_are_full_and_have_room_again_after_a_roll(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m", 2520, 10);
    uint32_t counter = windows_counter_create(&f.windows, TALLY_POSTS, 1);
    windows_at(&f.windows, T0);
    uint32_t added = 0;
    while (windows_have_room(&f.windows, 1)) {
        windows_add(&f.windows, counter, 1);
        added++;
    }
    assert_true(added >= 630);
    assert_int_equal(value(&f, counter, 0), added);
    windows_advance(&f.windows, T0 + 6 * USEC_PER_MIN);
    assert_true(windows_have_room(&f.windows, 1));
    windows_fini(&f.windows);
}

static void
windows_let_an_orphan_drain_and_use_its_index_again_after_the_burial(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m", 1000, 1);
    uint32_t counter = windows_counter_create(&f.windows, TALLY_CASCADES, 1);
    windows_at(&f.windows, T0);
    windows_add(&f.windows, counter, 1);
    windows_counter_orphan(&f.windows, counter);
    uint32_t before = f.touches;
    windows_advance(&f.windows, T0 + USEC_PER_HOUR);
    assert_int_equal(f.touches, before);
    assert_false(windows_have_room(&f.windows, 1));
    windows_bury(&f.windows);
    assert_true(windows_have_room(&f.windows, 1));
    windows_fini(&f.windows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_cover_the_current_step_and_the_59_before_it),
        cmocka_unit_test(windows_count_a_late_amount_only_where_its_step_still_is),
        cmocka_unit_test(windows_take_back_nothing_once_the_step_has_left),
        cmocka_unit_test(windows_survive_a_jump_of_years_and_a_clock_that_stands),
        cmocka_unit_test(
            windows_say_when_they_are_full_and_have_room_again_after_a_roll),
        cmocka_unit_test(
            windows_let_an_orphan_drain_and_use_its_index_again_after_the_burial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
