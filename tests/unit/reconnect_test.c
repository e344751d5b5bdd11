#include "net/reconnect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS USEC_PER_MS
#define S USEC_PER_S

static struct reconnect
exact(void)
{
    struct reconnect reconnect;
    reconnect_init(&reconnect, 1, 0);
    return reconnect;
}

static usec
after(struct reconnect *reconnect, enum reconnect_class class, usec now)
{
    usec at = reconnect_after(reconnect, class, now, USEC_NONE);
    return at == USEC_NONE ? USEC_NONE : at - now;
}

static void
network_errors_wait_250_ms_more_each_time_up_to_16_s(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    usec now = 77 * S;
    for (int i = 1; i <= 200; i++) {
        usec expected = i < 64 ? i * 250 * MS : 16 * S;
        usec wait = after(&reconnect, RECONNECT_NETWORK, now);
        assert_int_equal(wait, expected);
        now += wait;
    }
}

static void
http_errors_double_from_5_s_to_320_s(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    static const int expected[] = {5, 10, 20, 40, 80, 160, 320, 320, 320};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(after(&reconnect, RECONNECT_SERVER, 0), expected[i] * S);
    }
}

static void
a_rate_limit_doubles_from_a_minute(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    static const int expected[] = {60, 120, 240, 480, 960, 960};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(after(&reconnect, RECONNECT_RATE, 0), expected[i] * S);
    }
}

static void
a_rate_limit_is_never_tried_before_its_reset(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct reconnect reconnect;
        reconnect_init(&reconnect, seed, RECONNECT_JITTER);
        assert_int_equal(reconnect_after(&reconnect, RECONNECT_RATE, S, 901 * S),
                         901 * S);
        usec at = reconnect_after(&reconnect, RECONNECT_RATE, S, 90 * S);
        assert_in_range(at, 97 * S, 145 * S);
    }
}

static void
a_reset_in_the_past_or_absurdly_far_does_not_bind(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    assert_int_equal(reconnect_after(&reconnect, RECONNECT_RATE, 1000 * S, 5 * S),
                     1060 * S);
    assert_int_equal(reconnect_after(&reconnect, RECONNECT_RATE, 0, INT64_MAX),
                     USEC_PER_DAY);
    assert_int_equal(reconnect_after(&reconnect, RECONNECT_RATE, 0, -5), 240 * S);
}

static void
a_lingering_connection_is_probed_in_short_capped_steps(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    static const int expected[] = {2, 4, 8, 16, 30, 30};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(after(&reconnect, RECONNECT_STILL_OPEN, 0), expected[i] * S);
    }
}

static void
a_live_stream_that_drops_is_tried_at_once(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    reconnect_up(&reconnect);
    assert_int_equal(after(&reconnect, RECONNECT_NETWORK, 100 * S), 0);
    assert_int_equal(after(&reconnect, RECONNECT_NETWORK, 100 * S), 250 * MS);
    assert_int_equal(after(&reconnect, RECONNECT_NETWORK, 101 * S), 500 * MS);
    reconnect_up(&reconnect);
    assert_int_equal(after(&reconnect, RECONNECT_NETWORK, 116 * S), 0);
    assert_int_equal(after(&reconnect, RECONNECT_NETWORK, 116 * S), 250 * MS);
}

static void
a_server_that_accepts_and_hangs_up_makes_no_busy_loop(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    usec now = 0;
    int attempts = 0;
    while (now < USEC_PER_HOUR) {
        reconnect_up(&reconnect);
        now += MS;
        now += after(&reconnect, RECONNECT_NETWORK, now);
        attempts++;
    }
    assert_in_range(attempts, 100, 3000);
}

static void
a_stream_that_flows_resets_every_series(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    for (int i = 0; i < 5; i++) {
        (void)after(&reconnect, RECONNECT_SERVER, 0);
        (void)after(&reconnect, RECONNECT_RATE, 0);
        (void)after(&reconnect, RECONNECT_STILL_OPEN, 0);
    }
    reconnect_up(&reconnect);
    assert_int_equal(after(&reconnect, RECONNECT_SERVER, 0), 5 * S);
    assert_int_equal(after(&reconnect, RECONNECT_RATE, 0), 60 * S);
    assert_int_equal(after(&reconnect, RECONNECT_STILL_OPEN, 0), 2 * S);
}

static void
what_does_not_heal_is_never_tried_again(void **state)
{
    (void)state;
    struct reconnect reconnect = exact();
    reconnect_up(&reconnect);
    assert_true(reconnect_after(&reconnect, RECONNECT_FATAL, 5, 9) == USEC_NONE);
}

static void
jitter_stays_within_a_fifth_and_within_the_longest(void **state)
{
    (void)state;
    usec least = INT64_MAX;
    usec most = 0;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        struct reconnect reconnect;
        reconnect_init(&reconnect, seed, RECONNECT_JITTER);
        usec wait = after(&reconnect, RECONNECT_SERVER, 0);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
        for (int i = 0; i < 7; i++) {
            wait = after(&reconnect, RECONNECT_SERVER, 0);
        }
        assert_in_range(wait, 256 * S, 320 * S);
    }
    assert_in_range(least, 4000 * MS, 4010 * MS);
    assert_in_range(most, 5990 * MS, 6000 * MS);
}

static void
the_status_decides_the_rule(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *body;
        enum reconnect_class class;
    } rows[] = {
        {401, "", RECONNECT_FATAL},
        {403, "", RECONNECT_FATAL},
        {404, "", RECONNECT_FATAL},
        {406, "", RECONNECT_FATAL},
        {400, "", RECONNECT_SERVER},
        {302, "", RECONNECT_SERVER},
        {500, "", RECONNECT_SERVER},
        {503, "TooManyConnections", RECONNECT_SERVER},
        {420, "", RECONNECT_RATE},
        {429, "", RECONNECT_RATE},
        {429, "Too", RECONNECT_RATE},
        {429, "{\"connection_issue\":\"TooManyConnections\"}", RECONNECT_STILL_OPEN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            reconnect_class_of_status(rows[i].status, slice_of(rows[i].body)),
            rows[i].class);
    }
    assert_int_equal(reconnect_class_of_status(429, SLICE_NONE), RECONNECT_RATE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_errors_wait_250_ms_more_each_time_up_to_16_s),
        cmocka_unit_test(http_errors_double_from_5_s_to_320_s),
        cmocka_unit_test(a_rate_limit_doubles_from_a_minute),
        cmocka_unit_test(a_rate_limit_is_never_tried_before_its_reset),
        cmocka_unit_test(a_reset_in_the_past_or_absurdly_far_does_not_bind),
        cmocka_unit_test(a_lingering_connection_is_probed_in_short_capped_steps),
        cmocka_unit_test(a_live_stream_that_drops_is_tried_at_once),
        cmocka_unit_test(a_server_that_accepts_and_hangs_up_makes_no_busy_loop),
        cmocka_unit_test(a_stream_that_flows_resets_every_series),
        cmocka_unit_test(what_does_not_heal_is_never_tried_again),
        cmocka_unit_test(jitter_stays_within_a_fifth_and_within_the_longest),
        cmocka_unit_test(the_status_decides_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
