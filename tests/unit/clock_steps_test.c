#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/clock_steps.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define BEAT (250 * USEC_PER_MS)

// Reads every beat until `boot` is `until`, the system's clock being off by `step`.
static void
pass(struct clock_steps *wall, usec *boot, usec until, usec step)
{
    for (; *boot < until; *boot += BEAT) {
        (void)clock_steps_read(wall, T0 + *boot + step, *boot);
    }
}

static void
a_step_that_is_undone_changes_nothing(void **state)
{
    (void)state;
    static const usec steps[] = {2 * USEC_PER_DAY, USEC_PER_HOUR, -2 * USEC_PER_MIN,
                                 -40 * 365 * USEC_PER_DAY, 1001 * USEC_PER_MS};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct clock_steps wall = {0};
        usec boot = 0;
        pass(&wall, &boot, 10 * USEC_PER_S, 0);
        for (usec since = boot; boot < since + CLOCK_STEPS_HOLD; boot += BEAT) {
            assert_true(clock_steps_read(&wall, T0 + boot + steps[i], boot) ==
                        T0 + boot);
            assert_true(wall.step == steps[i]);
        }
        assert_true(clock_steps_read(&wall, T0 + boot, boot) == T0 + boot);
        assert_true(wall.step == 0 && wall.steps == 0);
    }
}

static void
a_step_that_stays_is_followed_after_30_seconds(void **state)
{
    (void)state;
    static const usec steps[] = {USEC_PER_HOUR, -2 * USEC_PER_MIN};
    for (size_t i = 0; i < 2; i++) {
        struct clock_steps wall = {0};
        usec boot = 0;
        pass(&wall, &boot, USEC_PER_S, 0);
        usec stepped = boot;
        pass(&wall, &boot, stepped + 30 * USEC_PER_S, steps[i]);
        assert_true(wall.steps == 0);
        assert_true(clock_steps_read(&wall, T0 + boot + steps[i], boot) ==
                    T0 + boot + steps[i]);
        assert_true(wall.steps == 1 && wall.followed == steps[i] && wall.step == 0);
    }
}

static void
a_step_that_is_made_again_is_held_again(void **state)
{
    (void)state;
    struct clock_steps wall = {0};
    usec boot = 0;
    pass(&wall, &boot, USEC_PER_S, 0);
    for (int i = 1; i <= 20; i++) {
        pass(&wall, &boot, i * 20 * USEC_PER_S, i * USEC_PER_MIN);
        assert_true(wall.steps == 0);
    }
    assert_true(clock_steps_read(&wall, T0 + boot, boot) == T0 + boot);
}

static void
a_clock_that_is_slewed_or_drifts_is_followed_at_once(void **state)
{
    (void)state;
    struct clock_steps wall = {0};
    usec boot = 0;
    for (int64_t i = 0; i < 100000; i++) {
        // A quarter of a second more an hour at first, and as much less later.
        usec off = (i < 50000 ? i : 100000 - i) * BEAT / 2000;
        assert_true(clock_steps_read(&wall, T0 + boot + off, boot) == T0 + boot + off);
        boot += BEAT;
    }
    assert_true(wall.steps == 0);
}

static void
a_machine_that_slept_shows_no_step_and_one_that_was_paused_does(void **state)
{
    (void)state;
    struct clock_steps wall = {0};
    (void)clock_steps_read(&wall, T0, 0);
    usec slept = 8 * USEC_PER_HOUR;
    assert_true(clock_steps_read(&wall, T0 + slept, slept) == T0 + slept);
    usec boot = slept;
    pass(&wall, &boot, slept + 40 * USEC_PER_S, USEC_PER_HOUR);
    assert_true(wall.steps == 1);
    assert_true(clock_steps_read(&wall, T0 + boot + USEC_PER_HOUR, boot) ==
                T0 + boot + USEC_PER_HOUR);
}

static void
whatever_steps_come_and_go_time_is_right_when_they_are_over(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int run = 0; run < 200; run++) {
        struct clock_steps wall = {0};
        usec boot = 0;
        (void)clock_steps_read(&wall, T0, boot);
        for (int i = 0; i < 20; i++) {
            usec step = ((usec)made_random(&random, 2000000) - 1000000) *
                        (made_random(&random, 2) == 0 ? USEC_PER_S : USEC_PER_MS);
            usec stays = (usec)made_random(&random, 50000) * USEC_PER_MS;
            uint64_t before = wall.steps;
            pass(&wall, &boot, boot + stays, step);
            assert_true(wall.steps == before || stays >= CLOCK_STEPS_HOLD);
        }
        pass(&wall, &boot, boot + CLOCK_STEPS_HOLD + 2 * BEAT, 0);
        assert_true(wall.step == 0);
        assert_true(clock_steps_read(&wall, T0 + boot, boot) == T0 + boot);
    }
}

static void
a_date_of_a_stepped_clock_is_moved_by_the_step(void **state)
{
    (void)state;
    struct clock_steps wall = {0};
    usec step = -2 * USEC_PER_MIN;
    assert_true(clock_steps_date(&wall, T0 + step, T0) == T0 + step);
    (void)clock_steps_read(&wall, T0, 0);
    usec now = clock_steps_read(&wall, T0 + step + USEC_PER_S, USEC_PER_S);
    assert_true(clock_steps_date(&wall, now + step - 5, now) == now - 5);
    assert_true(clock_steps_date(&wall, now - 5, now) == now - 5);
    assert_true(clock_steps_date(&wall, now + 7, now) == now + 7);
    now = clock_steps_read(&wall, T0 + 2 * USEC_PER_S, 2 * USEC_PER_S);
    assert_true(clock_steps_date(&wall, now + step, now) == now + step);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_is_undone_changes_nothing),
        cmocka_unit_test(a_step_that_stays_is_followed_after_30_seconds),
        cmocka_unit_test(a_step_that_is_made_again_is_held_again),
        cmocka_unit_test(a_clock_that_is_slewed_or_drifts_is_followed_at_once),
        cmocka_unit_test(
            a_machine_that_slept_shows_no_step_and_one_that_was_paused_does),
        cmocka_unit_test(whatever_steps_come_and_go_time_is_right_when_they_are_over),
        cmocka_unit_test(a_date_of_a_stepped_clock_is_moved_by_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
