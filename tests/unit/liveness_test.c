#include "ingest/sources/liveness.h"

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
silence_of_a_stream_with_heartbeats_is_found_to_the_microsecond(void **state)
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
bytes_without_a_whole_message_are_no_sign_of_life(void **state)
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
a_busy_stream_that_sends_nothing_is_left_after_5_s(void **state)
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
a_clock_that_stops_changes_nothing(void **state)
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

static void
expect_rule(const char *format, const char *url, usec idle, usec silence)
{
    const struct liveness_rule *rule = liveness_http_rule(format, url);
    assert_true(rule->idle == idle && rule->silence == silence);
    assert_true(!rule->has_rate && rule->gap == 0);
}

static void
each_network_over_http_has_its_own_silence(void **state)
{
    (void)state;
    static const char x[] = "https://x.example/2/tweets/search/stream";
    static const char masto[] = "https://m.example/api/v1/streaming/user";
    static const char other[] = "https://o.example/posts";
    expect_rule("auto", x, 20 * S, 25 * S);
    expect_rule("x2", other, 20 * S, 25 * S);
    expect_rule("auto", masto, 15 * S, 31 * S);
    expect_rule("mastodon", other, 15 * S, 31 * S);
    expect_rule("auto", other, 30 * S, 90 * S);
    expect_rule("post", x, 30 * S, 90 * S);
    expect_rule("x1", masto, 30 * S, 90 * S);
}

static void
without_an_idle_time_a_stream_is_idle_after_5_s(void **state)
{
    (void)state;
    struct liveness liveness;
    const struct liveness_rule rule = {.silence = 25 * S};
    liveness_init(&liveness, &rule);
    liveness_begin(&liveness, 0);
    expect(&liveness, 5 * S - 1, LIVENESS_LIVE, 5 * S);
    expect(&liveness, 5 * S, LIVENESS_IDLE, 25 * S);
}

static void
a_message_may_drip_three_times_as_long_as_silence_lasts(void **state)
{
    (void)state;
    struct liveness liveness;
    liveness_init(&liveness, &heartbeats);
    liveness_begin(&liveness, 0);
    usec next;
    for (usec now = 0; now < 75 * S; now += S) {
        liveness_byte(&liveness, now);
        (void)liveness_check(&liveness, now, &next);
    }
    liveness_byte(&liveness, 75 * S - 1);
    expect(&liveness, 75 * S - 1, LIVENESS_IDLE, 75 * S);
    expect(&liveness, 75 * S, LIVENESS_STALLED, USEC_NONE);
}

// `count` messages, one every `gap` from 0 on; returns the time of the last.
static usec
send(struct liveness *liveness, int count, usec gap)
{
    liveness_init(liveness, &unknown);
    liveness_begin(liveness, 0);
    for (int i = 0; i < count; i++) {
        liveness_message(liveness, i * gap);
    }
    return (count - 1) * gap;
}

static void
a_rate_is_trusted_once_it_was_learned_for_20_s(void **state)
{
    (void)state;
    struct liveness liveness;
    usec last = send(&liveness, 20, S); // 19 s of gaps
    expect(&liveness, last + USEC_PER_HOUR, LIVENESS_IDLE, USEC_NONE);
    last = send(&liveness, 21, S);
    expect(&liveness, last, LIVENESS_LIVE, last + 5 * S);
    // Gaps of a second move the mean by 1/61 each.
    usec gap = 0;
    for (int i = 0; i < 20; i++) {
        gap += (S - gap) * S / (61 * S);
    }
    assert_true(liveness.gap == gap);
    expect(&liveness, last + 5 * S - 1, LIVENESS_LIVE, last + 5 * S);
    expect(&liveness, last + 5 * S, LIVENESS_STALLED, USEC_NONE);
}

static void
twelve_mean_gaps_without_a_message_are_a_stall(void **state)
{
    (void)state;
    struct liveness liveness;
    const struct liveness_rule rule = {.has_rate = true, .gap = 10 * S};
    liveness_init(&liveness, &rule);
    liveness_begin(&liveness, 0);
    expect(&liveness, 120 * S - 1, LIVENESS_IDLE, 120 * S);
    expect(&liveness, 120 * S, LIVENESS_STALLED, USEC_NONE);
}

static void
a_gap_of_more_than_30_minutes_teaches_as_much_as_one_of_30(void **state)
{
    (void)state;
    struct liveness half;
    struct liveness day;
    send(&half, 2, 30 * USEC_PER_MIN);
    send(&day, 2, USEC_PER_DAY);
    assert_true(half.gap == day.gap);
    assert_true(half.gap == 30 * USEC_PER_MIN * 30 / 31);
    send(&half, 2, 30 * USEC_PER_MIN - S);
    assert_true(half.gap < day.gap);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            silence_of_a_stream_with_heartbeats_is_found_to_the_microsecond),
        cmocka_unit_test(heartbeats_alone_are_idle_for_ever),
        cmocka_unit_test(bytes_without_a_whole_message_are_no_sign_of_life),
        cmocka_unit_test(a_busy_stream_that_sends_nothing_is_left_after_5_s),
        cmocka_unit_test(a_rate_is_learned_and_kept_across_connections),
        cmocka_unit_test(bursts_do_not_hide_the_pauses_between_them),
        cmocka_unit_test(a_stream_that_became_slower_is_not_left_for_ever),
        cmocka_unit_test(a_clock_that_stops_changes_nothing),
        cmocka_unit_test(each_network_over_http_has_its_own_silence),
        cmocka_unit_test(without_an_idle_time_a_stream_is_idle_after_5_s),
        cmocka_unit_test(a_message_may_drip_three_times_as_long_as_silence_lasts),
        cmocka_unit_test(a_rate_is_trusted_once_it_was_learned_for_20_s),
        cmocka_unit_test(twelve_mean_gaps_without_a_message_are_a_stall),
        cmocka_unit_test(a_gap_of_more_than_30_minutes_teaches_as_much_as_one_of_30),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
