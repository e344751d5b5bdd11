// Timers: a binary heap of times, earliest first.
//
// A timer refers to a thing by its index and by the number that distinguishes it from
// other things that had the same index. Its owner keeps at most one timer for each
// thing that exists, so `capacity` things need no more room; timers of things that no
// longer exist remain until they are due or pruned. The order of equal times depends
// only on the operations before.
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
// Sets the timer of the same thing, if there is one, to that earlier time. Takes time
// proportional to `count`.
void timers_hasten(struct timers *timers, struct timer timer);

// Removes and returns the first timer that is due at `clock`; false if none is.
bool timers_take(struct timers *timers, usec clock, struct timer *ret_timer);

// Removes the timers of things that no longer exist. Borrows context.
typedef bool (*timers_exists_fn)(const void *context, const struct timer *timer);
void timers_prune(struct timers *timers, timers_exists_fn exists, const void *context);

// Saves the contents, or loads them into timers of the same capacity.
void timers_move(struct timers *timers, struct snapshot *snapshot);
