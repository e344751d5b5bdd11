// One-shot timers of the event loop, in the project's time.
#pragma once

#include "base/status.h"
#include "base/usec.h"

struct event;
struct event_base;

// From the event loop. May set, stop and end the timer.
typedef void (*timer_fn)(void *context);

struct timer {
    struct event *event; // NULL: none
    timer_fn fn;
    void *context;
};

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
