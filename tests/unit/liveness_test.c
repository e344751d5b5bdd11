#include "ingest/liveness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS USEC_PER_MS
#define S USEC_PER_S

static const struct liveness_rule heartbeats = {.idle = 20 * S, .silence = 25 * S};
static const struct liveness_rule busy = {.has_rate = true, .gap = MS};
static const struct liveness_rule unknown = {.has_rate = true};

static void
expect(struct liveness *liveness, usec now, enum liveness_state expected, usec next)
{
    usec at = 0;
    assert_int_equal(liveness_check(liveness, now, &at), expected);
    assert_true(at == next);
}

static void
silence_of_a_stream_with_heartbeats_is_told_to_the_microsecond(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &heartbeats);
    liveness_begin(&liveness, 100 * S);
    expect(&liveness, 100 * S, LIVENESS_LIVE, 120 * S);
    expect(&liveness, 120 * S - 1, LIVENESS_LIVE, 120 * S);
    expect(&liveness, 120 * S, LIVENESS_IDLE, 125 * S);
    expect(&liveness, 125 * S - 1, LIVENESS_IDLE, 125 * S);
    expect(&liveness, 125 * S, LIVENESS_STALLED, USEC_NONE);
}

static void
heartbeats_alone_are_idle_for_ever(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &heartbeats);
    liveness_begin(&liveness, 0);
    liveness_message(&liveness, S);
    expect(&liveness, S, LIVENESS_LIVE, 21 * S);
    usec now = S;
    for (int i = 0; i < 1000; i++) {
        now += 20 * S;
        liveness_sign(&liveness, now);
        expect(&liveness, now, LIVENESS_IDLE, now + 25 * S);
    }
    liveness_message(&liveness, now);
    expect(&liveness, now, LIVENESS_LIVE, now + 20 * S);
}

static void
bytes_that_drip_and_become_nothing_whole_are_no_life(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &heartbeats);
    liveness_begin(&liveness, 0);
    usec next;
    for (usec now = S; now < 75 * S; now += S) {
        liveness_byte(&liveness, now);
        assert_int_not_equal(liveness_check(&liveness, now, &next), LIVENESS_STALLED);
    }
    liveness_byte(&liveness, 75 * S);
    expect(&liveness, 75 * S, LIVENESS_STALLED, USEC_NONE);
}

static void
a_busy_stream_that_says_nothing_is_left_after_5_s(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &busy);
    liveness_begin(&liveness, 0);
    liveness_sign(&liveness, 4 * S);
    expect(&liveness, 5 * S - 1, LIVENESS_LIVE, 5 * S);
    expect(&liveness, 5 * S, LIVENESS_STALLED, USEC_NONE);
}

static void
a_rate_is_learned_and_kept_across_connections(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &unknown);
    liveness_begin(&liveness, 0);
    usec now = 0;
    expect(&liveness, 1000 * S, LIVENESS_IDLE, USEC_NONE);
    for (int i = 0; i < 400; i++) {
        now += 100 * MS;
        liveness_message(&liveness, now);
    }
    liveness_end(&liveness);
    expect(&liveness, now + USEC_PER_DAY, LIVENESS_IDLE, USEC_NONE);
    now += USEC_PER_DAY;
    liveness_begin(&liveness, now);
    expect(&liveness, now + 4999 * MS, LIVENESS_LIVE, now + 5 * S);
    expect(&liveness, now + 5 * S, LIVENESS_STALLED, USEC_NONE);
}

static void
bursts_do_not_hide_the_pauses_between_them(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &unknown);
    liveness_begin(&liveness, 0);
    usec now = 0;
    usec next;
    for (int minute = 0; minute < 120; minute++) {
        for (int i = 0; i < 1000; i++) {
            now += MS;
            liveness_message(&liveness, now);
        }
        for (int second = 0; second < 59; second++) {
            now += S;
            assert_int_not_equal(liveness_check(&liveness, now, &next),
                                 LIVENESS_STALLED);
        }
    }
}

static void
a_stream_that_became_slower_is_not_left_for_ever(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &busy);
    int stalls = 0;
    usec now = 0;
    liveness_begin(&liveness, now);
    // From now on one message in 10 minutes.
    for (usec message = 0; message < 30 * USEC_PER_HOUR; message += 10 * USEC_PER_MIN) {
        while (now < message) {
            usec next;
            enum liveness_state how = liveness_check(&liveness, now, &next);
            if (how == LIVENESS_STALLED) {
                stalls++;
                liveness_begin(&liveness, now);
            }
            now += S;
        }
        liveness_message(&liveness, now);
    }
    assert_in_range(stalls, 1, 40);
    expect(&liveness, now + 9 * USEC_PER_MIN, LIVENESS_IDLE,
           now + LIVENESS_RATE_FACTOR * liveness.gap);
}

static void
a_clock_that_stands_still_harms_nothing(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &unknown);
    liveness_begin(&liveness, 5);
    for (int i = 0; i < 1000; i++) {
        liveness_message(&liveness, 5);
    }
    expect(&liveness, 5, LIVENESS_LIVE, 5 + LIVENESS_FLOOR);
    liveness_message(&liveness, 4);
    liveness_message(&liveness, INT64_MAX / 2);
    expect(&liveness, INT64_MAX / 2, LIVENESS_LIVE, INT64_MAX / 2 + LIVENESS_FLOOR);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            silence_of_a_stream_with_heartbeats_is_told_to_the_microsecond),
        cmocka_unit_test(heartbeats_alone_are_idle_for_ever),
        cmocka_unit_test(bytes_that_drip_and_become_nothing_whole_are_no_life),
        cmocka_unit_test(a_busy_stream_that_says_nothing_is_left_after_5_s),
        cmocka_unit_test(a_rate_is_learned_and_kept_across_connections),
        cmocka_unit_test(bursts_do_not_hide_the_pauses_between_them),
        cmocka_unit_test(a_stream_that_became_slower_is_not_left_for_ever),
        cmocka_unit_test(a_clock_that_stands_still_harms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
