#include "net/timer.h"

#include <stddef.h>
#include <sys/time.h>

#include <event2/event.h>

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
    (void)evtimer_add(timer->event, &delay);
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
