#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/windows/windows.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

struct fixture {
    struct windows windows;
    uint32_t touches;
};

static struct windows_moment moment; // of what is added or taken back

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
    assert_true(windows_init(&fixture->windows, &(struct windows_needs){
                                                    .spans = &spans,
                                                    .bytes = entries,
                                                    .counters = counters,
                                                    .touched = touched,
                                                    .context = &fixture->touches,
                                                }));
    windows_advance(&fixture->windows, T0);
}

static uint64_t
value(const struct fixture *fixture, uint32_t counter, uint32_t slot)
{
    return counters_value(&fixture->windows.counters,
                          counters_at(&fixture->windows.counters, counter), slot);
}

static void
windows_cover_the_current_step_and_the_59_before_it(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m,1h", 10000, 10);
    uint32_t counter = counters_create(&f.windows.counters, TALLY_POSTS, 1);
    usec step = 5 * USEC_PER_S; // of the 5-minute window; T0 begins one
    moment = windows_moment(&f.windows, T0);
    assert_true(windows_add(&f.windows, &moment, counter, 3));
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
    uint32_t counter = counters_create(&f.windows.counters, TALLY_POSTS, 1);
    moment = windows_moment(&f.windows, T0 - 10 * USEC_PER_MIN);
    assert_true(windows_add(&f.windows, &moment, counter, 1));
    assert_int_equal(value(&f, counter, 0), 0);
    assert_int_equal(value(&f, counter, 1), 1);
    moment = windows_moment(&f.windows, T0 - 2 * USEC_PER_HOUR);
    assert_false(windows_add(&f.windows, &moment, counter, 1));
    windows_advance(&f.windows, T0 + 51 * USEC_PER_MIN);
    assert_int_equal(value(&f, counter, 1), 0);
    assert_int_equal(
        counters_refs(&f.windows.counters, counters_at(&f.windows.counters, counter)),
        0);
    windows_fini(&f.windows);
}

static void
windows_take_back_nothing_once_the_step_has_left(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m", 10000, 10);
    uint32_t counter = counters_create(&f.windows.counters, TALLY_POSTS, 1);
    moment = windows_moment(&f.windows, T0);
    windows_add(&f.windows, &moment, counter, 5);
    windows_advance(&f.windows, T0 + USEC_PER_HOUR);
    counters_destroy(&f.windows.counters, counter);
    counters_bury(&f.windows.counters);
    uint32_t other = counters_create(&f.windows.counters, TALLY_VELOCITY, 2);
    assert_int_equal(other, counter);
    moment =
        windows_moment(&f.windows, T0 + 30 * USEC_PER_MIN); // within velocity's hour
    windows_take_back(&f.windows, &moment, (struct windows_amount){counter, 5, false});
    assert_int_equal(value(&f, other, WINDOWS_VELOCITY_1H), 0);
    windows_fini(&f.windows);
}

static void
windows_survive_a_jump_of_years_and_a_clock_that_stops(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m,24h", 100000, 100);
    uint32_t counter = counters_create(&f.windows.counters, TALLY_POSTS, 1);
    for (int i = 0; i < 1000; i++) {
        moment = windows_moment(&f.windows, T0 - i * USEC_PER_MIN);
        windows_add(&f.windows, &moment, counter, 1);
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
windows_report_that_they_are_full_and_have_room_again_after_a_roll(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, "5m", 2520, 10);
    uint32_t counter = counters_create(&f.windows.counters, TALLY_POSTS, 1);
    moment = windows_moment(&f.windows, T0);
    uint32_t added = 0;
    while (windows_have_room(&f.windows, 1)) {
        windows_add(&f.windows, &moment, counter, 1);
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
    uint32_t counter = counters_create(&f.windows.counters, TALLY_CASCADES, 1);
    moment = windows_moment(&f.windows, T0);
    windows_add(&f.windows, &moment, counter, 1);
    windows_counter_orphan(&f.windows, counter);
    uint32_t before = f.touches;
    windows_advance(&f.windows, T0 + USEC_PER_HOUR);
    assert_int_equal(f.touches, before);
    assert_false(windows_have_room(&f.windows, 1));
    counters_bury(&f.windows.counters);
    assert_true(windows_have_room(&f.windows, 1));
    windows_fini(&f.windows);
}

// What a window should hold, counted the long way.
struct naive {
    usec time;
    uint32_t counter;
    int64_t amount;
};

static void
windows_agree_with_a_naive_count_over_lists_that_are_packed(void **state)
{
    (void)state;
    enum { COUNTERS = 50, EVENTS = 200000 };
    static struct naive events[EVENTS];
    struct fixture f;
    set_up(&f, "5m,24h", 64 << 20, 2 * COUNTERS);
    uint32_t counters[COUNTERS];
    for (uint32_t i = 0; i < COUNTERS; i++) {
        counters[i] = counters_create(&f.windows.counters,
                                      i % 4 == 0 ? TALLY_REACH : TALLY_POSTS, i);
    }
    usec now = T0;
    uint32_t random = 1;
    for (uint32_t i = 0; i < EVENTS; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t which = (random >> 16) % COUNTERS;
        usec late = (random >> 8) % 10 == 0 ? (random >> 12) % USEC_PER_HOUR : 0;
        // Bursts within one step and pauses over many.
        now += i % 40000 == 39999 ? 5 * USEC_PER_HOUR : USEC_PER_MS;
        windows_advance(&f.windows, now);
        moment = windows_moment(&f.windows, now - late);
        uint32_t amount = (random >> 20) % 3 == 0 ? random >> 4 : 1;
        bool is_undo = i != 0 && (random >> 10) % 9 == 0 && events[i - 1].amount > 0 &&
                       events[i - 1].time >= now - late;
        events[i] = (struct naive){now - late, which, which % 4 == 0 ? amount : 1};
        if (is_undo) {
            events[i] = (struct naive){now - late, events[i - 1].counter,
                                       -events[i - 1].amount};
            windows_take_back(&f.windows, &moment,
                              (struct windows_amount){counters[events[i].counter],
                                                      (uint32_t)-events[i].amount,
                                                      false});
        } else {
            windows_add(&f.windows, &moment, counters[which],
                        (uint32_t)events[i].amount);
        }
        if (i % 40000 == 20000 || i == EVENTS - 1) {
            int64_t expected[COUNTERS] = {0};
            usec step = USEC_PER_DAY / WINDOWS_STEPS;
            for (uint32_t k = 0; k <= i; k++) {
                if (usec_floor_div(events[k].time, step) >
                    usec_floor_div(now, step) - WINDOWS_STEPS) {
                    expected[events[k].counter] += events[k].amount;
                }
            }
            for (uint32_t k = 0; k < COUNTERS; k++) {
                assert_int_equal(value(&f, counters[k], 1), expected[k]);
            }
        }
    }
    assert_true(f.windows.window[1].entries < EVENTS / 2);
    windows_advance(&f.windows, now + 2 * USEC_PER_DAY);
    for (uint32_t k = 0; k < COUNTERS; k++) {
        assert_int_equal(value(&f, counters[k], 1), 0);
        assert_int_equal(counters_refs(&f.windows.counters,
                                       counters_at(&f.windows.counters, counters[k])),
                         0);
    }
    assert_int_equal(f.windows.chunk_count, 0);
    assert_int_equal(f.windows.window[1].entries, 0);
    windows_fini(&f.windows);
}

// One amount in one window, counted the long way. step -1: it has left.
struct placed {
    int64_t step;
    uint32_t counter;
    uint32_t amount;
};

static void
windows_set_back_keep_every_amount_and_lose_it_a_window_after_the_new_clock(
    void **state)
{
    (void)state;
    enum { COUNTERS = 20, EVENTS = 60000, WINDOWS = 2 };
    static const usec steps[WINDOWS] = {5 * USEC_PER_S, 24 * USEC_PER_MIN};
    static struct placed placed[WINDOWS][EVENTS];
    int64_t last[WINDOWS] = {0};
    struct fixture f;
    set_up(&f, "5m,24h", 64 << 20, COUNTERS);
    uint32_t counters[COUNTERS];
    for (uint32_t i = 0; i < COUNTERS; i++) {
        counters[i] = counters_create(&f.windows.counters, TALLY_POSTS, i);
    }
    usec now = T0;
    uint32_t random = 7;
    for (uint32_t i = 0; i < EVENTS; i++) {
        uint32_t dice = made_random(&random, 3000);
        if (dice == 0) {
            usec unit = made_random(&random, 2) != 0 ? USEC_PER_S : USEC_PER_MIN;
            now -= (usec)made_random(&random, 2000) * unit;
            windows_rewind(&f.windows, now);
        } else {
            now += dice == 1 ? 3 * USEC_PER_HOUR : dice == 2 ? USEC_PER_MIN : 30000;
            windows_advance(&f.windows, now);
        }
        moment = windows_moment(&f.windows, now);
        uint32_t which = made_random(&random, COUNTERS);
        uint32_t amount = made_random(&random, 3) == 0 ? 1 + dice : 1;
        assert_true(windows_add(&f.windows, &moment, counters[which], amount));
        for (uint32_t w = 0; w < WINDOWS; w++) {
            int64_t current = usec_floor_div(now, steps[w]);
            placed[w][i] = (struct placed){current, which, amount};
            for (uint32_t k = 0; current != last[w] && k < i; k++) {
                struct placed *row = &placed[w][k];
                row->step = row->step > current                    ? current
                            : row->step <= current - WINDOWS_STEPS ? -1
                                                                   : row->step;
            }
            last[w] = current;
        }
        for (uint32_t w = 0; w < WINDOWS && (dice == 0 || i == EVENTS - 1); w++) {
            int64_t current = usec_floor_div(now, steps[w]);
            uint64_t expected[COUNTERS] = {0};
            for (uint32_t k = 0; k <= i; k++) {
                const struct placed *row = &placed[w][k];
                expected[row->counter] +=
                    row->step > current - WINDOWS_STEPS ? row->amount : 0;
            }
            for (uint32_t k = 0; k < COUNTERS; k++) {
                assert_int_equal(value(&f, counters[k], w), expected[k]);
            }
        }
    }
    windows_advance(&f.windows, now + USEC_PER_DAY);
    assert_int_equal(f.windows.chunk_count, 0);
    assert_int_equal(f.windows.window[1].entries, 0);
    windows_fini(&f.windows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_cover_the_current_step_and_the_59_before_it),
        cmocka_unit_test(windows_count_a_late_amount_only_where_its_step_still_is),
        cmocka_unit_test(windows_take_back_nothing_once_the_step_has_left),
        cmocka_unit_test(windows_survive_a_jump_of_years_and_a_clock_that_stops),
        cmocka_unit_test(
            windows_report_that_they_are_full_and_have_room_again_after_a_roll),
        cmocka_unit_test(
            windows_let_an_orphan_drain_and_use_its_index_again_after_the_burial),
        cmocka_unit_test(windows_agree_with_a_naive_count_over_lists_that_are_packed),
        cmocka_unit_test(
            windows_set_back_keep_every_amount_and_lose_it_a_window_after_the_new_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
