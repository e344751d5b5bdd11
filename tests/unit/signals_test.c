#include "daemon/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>

static usec now = USEC_PER_HOUR;

usec __wrap_clock_monotonic(void);

usec
__wrap_clock_monotonic(void)
{
    return now;
}

static void
count(void *context)
{
    int *calls = context;
    (*calls)++;
}

static void
signals_within_a_moment_are_one_and_a_later_one_is_another(void **state)
{
    (void)state;
    int calls = 0;
    sigset_t deadline; // it would end this program
    sigemptyset(&deadline);
    sigaddset(&deadline, SIGALRM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &deadline, NULL), 0);
    struct event_base *base = event_base_new();
    assert_true(signals_init(base, count, &calls));
    const struct {
        usec after;
        int number;
        int calls;
    } steps[] = {
        {0, SIGTERM, 1},           {0, SIGTERM, 1}, {199 * USEC_PER_MS, SIGINT, 1},
        {USEC_PER_MS, SIGTERM, 2}, {0, SIGTERM, 3},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        now += steps[i].after;
        raise(steps[i].number);
        event_base_loop(base, EVLOOP_NONBLOCK);
        assert_int_equal(calls, steps[i].calls);
    }
    signals_fini();
    event_base_free(base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_within_a_moment_are_one_and_a_later_one_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
