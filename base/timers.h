// What is due when: a binary heap of moments, earliest first.
//
// A timer names something by index and by the number that tells it from others that had
// the same index. Its owner keeps at most one for each thing that exists, so `capacity`
// things need no more room; timers of things that are gone stay until they are due or
// pruned. Equal moments come in an order that only depends on what was done before.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

struct snapshot;

struct timer {
    usec due;
    uint32_t index;
    uint32_t birth;
};

struct timers {
    struct timer *rows;
    uint32_t count;
    uint32_t capacity;
};

// False when the system refuses the memory.
bool timers_init(struct timers *timers, uint32_t capacity);
void timers_fini(struct timers *timers);

// There must be room.
void timers_add(struct timers *timers, struct timer timer);
// Makes the timer of the same thing, if there is one, due that early. Takes time in
// proportion to `count`.
void timers_hasten(struct timers *timers, struct timer timer);

// Takes out the first timer that is due at `clock`; false if none is.
bool timers_take(struct timers *timers, usec clock, struct timer *ret_timer);

// Drops the timers of what is gone. Borrows context.
typedef bool (*timers_exists_fn)(const void *context, const struct timer *timer);
void timers_prune(struct timers *timers, timers_exists_fn exists, const void *context);

// Contents out of, or into timers of the same capacity.
void timers_move(struct timers *timers, struct snapshot *snapshot);
