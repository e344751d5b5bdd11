#include "sinks/redis/redis_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TAKEOVER (3 * USEC_PER_S)
#define STEP (100 * USEC_PER_MS)

// Looks every 0.1 s at the same beat; the time at which the seat is to be taken, after
// `from`, or -1 within a minute.
static usec
taken_after(struct redis_watch *watch, const char *beat, usec from)
{
    for (usec now = from; now < from + USEC_PER_MIN; now += STEP) {
        if (redis_watch_look(watch, slice_of(beat), now)) {
            return now - from;
        }
    }
    return -1;
}

static void
a_prefix_without_a_worker_is_taken_at_once(void **state)
{
    (void)state;
    struct redis_watch unused = {.takeover = TAKEOVER};
    assert_int_equal(taken_after(&unused, "", USEC_PER_S), 0);
    struct redis_watch left = {.takeover = TAKEOVER};
    assert_false(redis_watch_look(&left, slice_of("7 1 0"), USEC_PER_S));
    assert_int_equal(taken_after(&left, "free", USEC_PER_S + STEP), 0);
}

static void
a_worker_is_silent_when_its_beat_has_not_changed_for_the_whole_time(void **state)
{
    (void)state;
    struct redis_watch watch = {.takeover = TAKEOVER};
    usec now = USEC_PER_S;
    for (int beat = 0; beat < 9; beat++) {
        const char text[] = {'7', ' ', (char)('0' + beat), ' ', '0', '\0'};
        for (int look = 0; look < 29; look++) {
            assert_false(redis_watch_look(&watch, slice_of(text), now));
            now += STEP;
        }
    }
    assert_int_equal(taken_after(&watch, "8 0 0", now), TAKEOVER);
}

static void
a_beat_that_was_deleted_is_silence(void **state)
{
    (void)state;
    struct redis_watch watch = {.takeover = TAKEOVER};
    assert_false(redis_watch_look(&watch, slice_of("7 1 0"), USEC_PER_S));
    assert_int_equal(taken_after(&watch, "", USEC_PER_S + STEP), TAKEOVER);
}

static void
an_announced_silence_is_no_silence(void **state)
{
    (void)state;
    struct redis_watch watch = {.takeover = TAKEOVER};
    assert_int_equal(taken_after(&watch, "7 1 30000", USEC_PER_S), 30 * USEC_PER_S);
    struct redis_watch shorter = {.takeover = TAKEOVER};
    assert_int_equal(taken_after(&shorter, "7 1 1000", USEC_PER_S), TAKEOVER);
    struct redis_watch damaged = {.takeover = TAKEOVER};
    assert_int_equal(taken_after(&damaged, "7 1 99999999999", USEC_PER_S), TAKEOVER);
}

static void
time_in_which_redis_does_not_answer_does_not_count(void **state)
{
    (void)state;
    struct redis_watch watch = {.takeover = TAKEOVER};
    const char *beat = "7 1 0";
    usec now = USEC_PER_S;
    for (; now < 3 * USEC_PER_S; now += STEP) {
        assert_false(redis_watch_look(&watch, slice_of(beat), now));
    }
    now += 10 * USEC_PER_S;
    assert_int_equal(taken_after(&watch, beat, now), TAKEOVER + REDIS_WATCH_RETURN);
}

static void
after_a_lost_connection_the_worker_has_time_to_connect_too(void **state)
{
    (void)state;
    struct redis_watch watch = {.takeover = TAKEOVER};
    const char *beat = "7 1 0";
    assert_false(redis_watch_look(&watch, slice_of(beat), USEC_PER_S));
    redis_watch_lost(&watch);
    assert_int_equal(taken_after(&watch, "", USEC_PER_S + STEP),
                     TAKEOVER + REDIS_WATCH_RETURN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_without_a_worker_is_taken_at_once),
        cmocka_unit_test(
            a_worker_is_silent_when_its_beat_has_not_changed_for_the_whole_time),
        cmocka_unit_test(a_beat_that_was_deleted_is_silence),
        cmocka_unit_test(an_announced_silence_is_no_silence),
        cmocka_unit_test(time_in_which_redis_does_not_answer_does_not_count),
        cmocka_unit_test(after_a_lost_connection_the_worker_has_time_to_connect_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
