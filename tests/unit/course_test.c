#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/campaigns/course.h"

#define T0 ((usec)19675 * USEC_PER_DAY)

enum { FIVE_MINUTES, HOUR, SPANS };

static struct windows windows;
static struct course *course;

static void
touched(void *context, uint32_t counter, uint32_t slots)
{
    (void)context;
    (void)counter;
    (void)slots;
}

static int
set_up(void **state)
{
    (void)state;
    static struct option_spans spans = {
        .count = SPANS,
        .length = {5 * USEC_PER_MIN, USEC_PER_HOUR},
    };
    const struct windows_needs needs = {
        .spans = &spans, .bytes = 1 << 20, .counters = 16, .touched = touched};
    assert_true(windows_init(&windows, &needs));
    windows_advance(&windows, T0);
    course = course_create(SPANS, USEC_NONE);
    assert_non_null(course);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    course_destroy(&course);
    windows_fini(&windows);
    return 0;
}

static void
count(usec time, uint32_t amount, bool is_undo)
{
    const struct windows_moment moment = windows_moment(&windows, time);
    course_count(course, &windows, &moment,
                 (struct course_amount){FIGURES_POSTS, amount, is_undo});
}

static uint64_t
sum(uint32_t window, enum course_period period)
{
    return course_sum(course, &windows, window, period, FIGURES_POSTS);
}

// ── windows ────────────────────────────────────────────────────────────────

static void
the_window_before_ends_where_the_window_begins(void **state)
{
    (void)state;
    count(T0, 3, false);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_NOW), 3);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 0);
    windows_advance(&windows, T0 + 5 * USEC_PER_MIN - 1);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_NOW), 3);
    windows_advance(&windows, T0 + 5 * USEC_PER_MIN);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_NOW), 0);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 3);
    assert_int_equal(sum(HOUR, COURSE_NOW), 3);
    windows_advance(&windows, T0 + 10 * USEC_PER_MIN - 1);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 3);
    windows_advance(&windows, T0 + 10 * USEC_PER_MIN);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 0);
}

static void
what_is_taken_back_leaves_the_step_in_which_it_was_counted(void **state)
{
    (void)state;
    count(T0, 5, false);
    windows_advance(&windows, T0 + 7 * USEC_PER_MIN);
    count(T0 + 6 * USEC_PER_MIN, 2, false);
    count(T0, 4, true);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 1);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_NOW), 2);
    count(T0, 4, true);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 0);
    count(T0 - USEC_PER_DAY, 4, true);
    assert_int_equal(sum(HOUR, COURSE_NOW), 2);
}

static void
a_step_is_empty_when_the_clock_leaps_over_the_ring(void **state)
{
    (void)state;
    count(T0, 5, false);
    windows_advance(&windows, T0 + 600 * USEC_PER_S);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 0);
    count(T0 + 600 * USEC_PER_S, 1, false);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_NOW), 1);
    windows_advance(&windows, T0 + 900 * USEC_PER_S);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 1);
    windows_advance(&windows, T0 + 10 * USEC_PER_DAY);
    assert_int_equal(sum(HOUR, COURSE_BEFORE), 0);
}

static void
what_is_later_than_a_clock_that_moved_back_is_in_the_current_step(void **state)
{
    (void)state;
    count(T0, 1, false);
    windows_advance(&windows, T0 + 20 * USEC_PER_MIN);
    count(T0 + 20 * USEC_PER_MIN, 4, false);
    usec clock = T0 + 5 * USEC_PER_MIN;
    windows_rewind(&windows, clock);
    course_rewind(course, &windows, clock);
    assert_int_equal(sum(HOUR, COURSE_NOW), 5);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_NOW), 4);
    windows_advance(&windows, clock + 5 * USEC_PER_MIN);
    assert_int_equal(sum(FIVE_MINUTES, COURSE_BEFORE), 4);
    windows_rewind(&windows, T0 - 30 * USEC_PER_DAY);
    course_rewind(course, &windows, T0 - 30 * USEC_PER_DAY);
    assert_int_equal(sum(HOUR, COURSE_NOW), 5);
}

static void
a_window_may_begin_before_1970(void **state)
{
    (void)state;
    struct windows early = windows;
    for (uint32_t i = 0; i < SPANS; i++) {
        early.window[i].current = 0;
    }
    const struct windows_moment moment = windows_moment(&early, 0);
    course_count(course, &early, &moment,
                 (struct course_amount){FIGURES_POSTS, 1, false});
    assert_int_equal(course_sum(course, &early, HOUR, COURSE_NOW, FIGURES_POSTS), 1);
    assert_int_equal(course_sum(course, &early, HOUR, COURSE_BEFORE, FIGURES_POSTS), 0);
}

// ── growth ─────────────────────────────────────────────────────────────────

static void
join(usec time)
{
    course_growth_add(&course->growth, time, COURSE_PEOPLE);
}

static uint64_t
joined(void)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < course->growth.count; i++) {
        all += course->growth.values[i][COURSE_PEOPLE];
    }
    return all;
}

static void
bins_become_wider_and_lose_nothing(void **state)
{
    (void)state;
    const struct course_growth *growth = &course->growth;
    for (int64_t i = 0; i < COURSE_BINS; i++) {
        join(T0 + i * USEC_PER_MIN);
    }
    assert_int_equal(growth->width, USEC_PER_MIN);
    assert_int_equal(growth->count, COURSE_BINS);
    join(T0 + COURSE_BINS * USEC_PER_MIN);
    assert_int_equal(growth->width, 2 * USEC_PER_MIN);
    assert_int_equal(growth->count, COURSE_BINS / 2 + 1);
    assert_int_equal(growth->values[0][COURSE_PEOPLE], 2);
    assert_int_equal(growth->values[COURSE_BINS / 2][COURSE_PEOPLE], 1);
    join(T0 + 1000 * USEC_PER_DAY);
    assert_true(growth->count <= COURSE_BINS && growth->count > COURSE_BINS / 2 - 1);
    assert_int_equal(joined(), COURSE_BINS + 2);
    course_growth_take(&course->growth, T0 + 1000 * USEC_PER_DAY, COURSE_PEOPLE);
    course_growth_take(&course->growth, T0 + 7 * USEC_PER_MIN, COURSE_PEOPLE);
    assert_int_equal(joined(), COURSE_BINS);
}

static void
a_bin_begins_at_a_multiple_of_the_width_in_whatever_order_times_come(void **state)
{
    (void)state;
    struct course_growth forward = course->growth;
    const usec times[] = {-5 * USEC_PER_DAY, T0 - 30 * USEC_PER_HOUR, T0 + 1,
                          T0 + USEC_PER_HOUR, T0 + 9 * USEC_PER_HOUR};
    course_growth_begin(&forward, times[0]);
    course_growth_begin(&course->growth, times[0]);
    for (size_t i = 0; i < 5; i++) {
        course_growth_add(&forward, times[i], COURSE_ACTS);
        course_growth_add(&course->growth, times[4 - i], COURSE_ACTS);
    }
    assert_memory_equal(&forward, &course->growth, sizeof(forward));
    assert_int_equal(forward.first, usec_floor_div(times[0], forward.width));
}

static void
times_before_the_first_bin_count_in_it_and_widen_nothing(void **state)
{
    (void)state;
    const struct course_growth *growth = &course->growth;
    const usec old = T0 - 7000 * USEC_PER_DAY;
    join(T0 + 30 * USEC_PER_S);
    join(T0 + USEC_PER_MIN);
    join(old);
    assert_int_equal(growth->width, USEC_PER_MIN);
    assert_int_equal(growth->first, T0 / USEC_PER_MIN);
    assert_int_equal(growth->values[0][COURSE_PEOPLE], 2);
    assert_int_equal(growth->values[1][COURSE_PEOPLE], 1);
    join(T0 + 300 * USEC_PER_MIN);
    assert_int_equal(growth->width, 2 * USEC_PER_MIN);
    course_growth_take(&course->growth, old, COURSE_PEOPLE);
    assert_int_equal(growth->values[0][COURSE_PEOPLE], 2);
    assert_int_equal(joined(), 3);
}

static void
bins_later_than_a_clock_that_moved_back_become_one(void **state)
{
    (void)state;
    join(T0);
    join(T0 + 3 * USEC_PER_MIN);
    join(T0 + 9 * USEC_PER_MIN);
    course_rewind(course, &windows, T0 + 2 * USEC_PER_MIN);
    assert_int_equal(course->growth.count, 3);
    assert_int_equal(course->growth.values[2][COURSE_PEOPLE], 2);
    course_rewind(course, &windows, T0 - USEC_PER_DAY);
    assert_int_equal(course->growth.count, 1);
    assert_int_equal(course->growth.first, (T0 - USEC_PER_DAY) / USEC_PER_MIN);
    assert_int_equal(joined(), 3);
}

// ── classes ────────────────────────────────────────────────────────────────

static void
classes_are_ranks_among_those_who_joined(void **state)
{
    (void)state;
    struct course_class classes[COURSE_CLASSES];
    for (int64_t i = 0; i < 40; i++) {
        join(T0 + i * USEC_PER_MIN);
    }
    course_classes(&course->growth, classes);
    // r / 40 <= .025, .16, .50, .84
    const uint64_t people[] = {1, 5, 14, 13, 7};
    const uint32_t from[] = {0, 1, 6, 20, 33};
    for (uint32_t i = 0; i < COURSE_CLASSES; i++) {
        assert_int_equal(classes[i].people, people[i]);
        assert_int_equal(classes[i].from, from[i]);
        assert_int_equal(classes[i].until, from[i] + people[i] - 1);
    }
}

static void
classes_of_few_people_may_be_empty(void **state)
{
    (void)state;
    struct course_class classes[COURSE_CLASSES];
    course_classes(&course->growth, classes);
    for (uint32_t i = 0; i < COURSE_CLASSES; i++) {
        assert_int_equal(classes[i].people, 0);
    }
    join(T0);
    course_growth_reach(&course->growth, T0 + 5 * USEC_PER_MIN);
    course_classes(&course->growth, classes);
    assert_int_equal(course->growth.count, 6);
    assert_int_equal(classes[COURSE_CLASSES - 1].people, 1);
    assert_int_equal(classes[COURSE_CLASSES - 1].until, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_window_before_ends_where_the_window_begins),
        TEST(what_is_taken_back_leaves_the_step_in_which_it_was_counted),
        TEST(a_step_is_empty_when_the_clock_leaps_over_the_ring),
        TEST(what_is_later_than_a_clock_that_moved_back_is_in_the_current_step),
        TEST(a_window_may_begin_before_1970),
        TEST(bins_become_wider_and_lose_nothing),
        TEST(a_bin_begins_at_a_multiple_of_the_width_in_whatever_order_times_come),
        TEST(times_before_the_first_bin_count_in_it_and_widen_nothing),
        TEST(bins_later_than_a_clock_that_moved_back_become_one),
        TEST(classes_are_ranks_among_those_who_joined),
        TEST(classes_of_few_people_may_be_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
