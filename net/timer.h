// Timers of libevent in the project's time.
#pragma once

#include <event2/event.h>
#include <sys/time.h>

#include "base/usec.h"

// Fires once after that span, at once if it is negative; an earlier setting is gone.
static inline void
timer_set(struct event *timer, usec wait)
{
    wait = wait > 0 ? wait : 0;
    struct timeval delay = {wait / USEC_PER_S, wait % USEC_PER_S};
    (void)evtimer_add(timer, &delay);
}
