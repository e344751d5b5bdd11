#include "base/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CAPACITY = 1000 };

static void
fill(struct timers *timers)
{
    assert_true(timers_init(timers, CAPACITY));
    uint32_t random = 9;
    for (uint32_t i = 0; i < CAPACITY; i++) {
        random = random * 1664525u + 1013904223u;
        timers_add(timers, (struct timer){random >> 20, i, i + 1});
    }
}

// Takes all that is due by `clock`; returns how many.
static uint32_t
take(struct timers *timers, usec clock)
{
    struct timer timer;
    usec last = 0;
    uint32_t count = 0;
    for (; timers_take(timers, clock, &timer); count++) {
        assert_true(timer.due >= last && timer.due <= clock);
        assert_int_equal(timer.birth, timer.index + 1);
        last = timer.due;
    }
    return count;
}

static void
timers_come_in_order_and_none_is_early_or_lost(void **state)
{
    (void)state;
    struct timers timers;
    fill(&timers);
    uint32_t count = 0;
    for (usec clock = 0; clock <= 4096; clock += 64) {
        count += take(&timers, clock);
        assert_int_equal(take(&timers, clock), 0); // the clock stands
    }
    assert_int_equal(count, CAPACITY);
    timers_fini(&timers);
}

static void
timers_are_hastened_and_pruned_by_what_they_name(void **state)
{
    (void)state;
    struct timers timers;
    fill(&timers);
    timers_hasten(&timers, (struct timer){-5, 700, 701});
    timers_hasten(&timers, (struct timer){-6, 701, 9999}); // somebody else's
    struct timer timer;
    assert_true(timers_take(&timers, -1, &timer));
    assert_int_equal(timer.index, 700);
    assert_false(timers_take(&timers, -1, &timer));
    timers_fini(&timers);
}

static bool
is_even(const void *context, const struct timer *timer)
{
    (void)context;
    return timer->index % 2 == 0;
}

static void
timers_of_what_is_gone_make_room_again(void **state)
{
    (void)state;
    struct timers timers;
    fill(&timers);
    timers_prune(&timers, is_even, NULL);
    assert_int_equal(timers.count, CAPACITY / 2);
    for (uint32_t i = 1; i < CAPACITY; i += 2) {
        timers_add(&timers, (struct timer){i, i, i + 1});
    }
    assert_int_equal(take(&timers, INT64_MAX), CAPACITY);
    timers_fini(&timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_in_order_and_none_is_early_or_lost),
        cmocka_unit_test(timers_are_hastened_and_pruned_by_what_they_name),
        cmocka_unit_test(timers_of_what_is_gone_make_room_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
