#include "net/timer.h"

#include <assert.h>
#include <stdbool.h>
#include <sys/time.h>

#include <event2/event.h>

static void
on_nothing(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

enum status
timer_reserve(struct event_base *base)
{
    const struct timeval later = {3600, 0};
    struct event *events[TIMER_RESERVE];
    size_t count = 0;
    bool is_added = true;
    while (count < TIMER_RESERVE && is_added) {
        events[count] = evtimer_new(base, on_nothing, NULL);
        is_added = events[count] != NULL && evtimer_add(events[count], &later) == 0;
        count += events[count] != NULL;
    }
    while (count != 0) {
        event_free(events[--count]);
    }
    return is_added ? STATUS_OK : STATUS_NOMEM;
}

static void
on_event(evutil_socket_t fd, short what, void *context)
{
    const struct timer *timer = context;
    (void)fd;
    (void)what;
    timer->fn(timer->context);
}

enum status
timer_init(struct timer *timer, struct event_base *base, timer_fn fn, void *context)
{
    *timer = (struct timer){evtimer_new(base, on_event, timer), fn, context};
    return timer->event != NULL ? STATUS_OK : STATUS_NOMEM;
}

void
timer_fini(struct timer *timer)
{
    if (timer->event != NULL) {
        event_free(timer->event);
        timer->event = NULL;
    }
}

void
timer_set(struct timer *timer, usec wait)
{
    wait = wait > 0 ? wait : 0;
    struct timeval delay = {wait / USEC_PER_S, wait % USEC_PER_S};
    int added = evtimer_add(timer->event, &delay);
    assert(added == 0); // see timer_reserve
    (void)added;
}

void
timer_stop(struct timer *timer)
{
    if (timer->event != NULL) {
        (void)evtimer_del(timer->event);
    }
}

void
timer_fire(struct timer *timer)
{
    event_active(timer->event, EV_TIMEOUT, 0);
}
