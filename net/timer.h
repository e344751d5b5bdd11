// One-shot timers of the event loop, in the project's time.
//
// libevent allocates memory when more timers are pending than ever before, and
// a timer that could not be added never fires. A loop therefore reserves that memory
// when it is made, and setting a timer cannot fail.
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "base/usec.h"

struct event;
struct event_base;

// A loop of the daemon has fewer timers: one for each HTTP connection, and a few for
// each source, webhook and client of the control socket.
enum { TIMER_RESERVE = 1024 };

// From the event loop. May set, stop and end the timer.
typedef void (*timer_fn)(void *context);

struct timer {
    struct event *event; // NULL: none
    timer_fn fn;
    void *context;
};

// Once for each loop: until then, setting one may fail. STATUS_NOMEM.
enum status timer_reserve(struct event_base *base) MUST_USE;

// Keeps base and context; the timer must not move. STATUS_NOMEM.
enum status timer_init(struct timer *timer, struct event_base *base, timer_fn fn,
                       void *context) MUST_USE;
// Accepts zeroed.
void timer_fini(struct timer *timer);

// Fires once after that span, at once if it is negative; replaces an earlier setting.
void timer_set(struct timer *timer, usec wait);
void timer_stop(struct timer *timer); // accepts zeroed
// Fires once among the events that are due now, before the loop waits again.
void timer_fire(struct timer *timer);
