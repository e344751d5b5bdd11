// Timers of the event loop when libevent gets no memory.
#include "net/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>

static size_t room = SIZE_MAX; // allocations that succeed

static bool
has_room(void)
{
    room -= room != SIZE_MAX && room != 0;
    return room != 0;
}

static void *
allocate(size_t size)
{
    return has_room() ? malloc(size) : NULL;
}

static void *
reallocate(void *old, size_t size)
{
    return has_room() ? realloc(old, size) : NULL;
}

static void
count_one(void *context)
{
    ++*(size_t *)context;
}

static void
all_reserved_timers_fire_without_memory(void **state)
{
    (void)state;
    static struct timer timers[TIMER_RESERVE];
    size_t fired = 0;
    struct event_base *base = event_base_new();
    assert_int_equal(timer_reserve(base), STATUS_OK);
    for (size_t i = 0; i < TIMER_RESERVE; i++) {
        assert_int_equal(timer_init(&timers[i], base, count_one, &fired), STATUS_OK);
    }
    room = 0;
    for (size_t i = 0; i < TIMER_RESERVE; i++) {
        timer_set(&timers[i], 0);
    }
    event_base_dispatch(base);
    assert_int_equal(fired, TIMER_RESERVE);
    room = SIZE_MAX;
    for (size_t i = 0; i < TIMER_RESERVE; i++) {
        timer_fini(&timers[i]);
    }
    event_base_free(base);
}

static void
a_reserve_without_memory_is_refused(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    enum status status = STATUS_NOMEM;
    for (size_t i = 1; status != STATUS_OK; i++) {
        room = i;
        status = timer_reserve(base);
        // Each timer is an allocation, and their array grows in some.
        assert_true(i > TIMER_RESERVE || status == STATUS_NOMEM);
    }
    room = SIZE_MAX;
    event_base_free(base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_reserved_timers_fire_without_memory),
        cmocka_unit_test(a_reserve_without_memory_is_refused),
    };
    event_set_mem_functions(allocate, reallocate, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
