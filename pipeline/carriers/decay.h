// Sums of events that fade with age: after a half-life an event counts half.
//
//     v(T) = sum over events i of 2^(-(T - t_i) / half_life)
//
// Forward decay (Cormode et al. 2009): a sum keeps the events' weights relative to a
// landmark, so that adding is one addition and time alone changes no sum and no order.
// What a sum is worth at a time is its product with the factor of that time. An event
// may be older than others; it has the weight of its own age.
//
// A weight is at most 2^DECAY_SPAN: before a later event is added, the landmark moves
// by whole half-lives and the owner multiplies its sums with a power of two
// (decay_reach). That is exact, so that an event always has the same weight, to the
// last bit, when it is taken back. Sums that become smaller than any number become 0.
#pragma once

#include <stdbool.h>

#include "base/usec.h"

enum { DECAY_SPAN = 512 };

struct decay {
    usec half_life; // at least 1
    usec landmark;  // USEC_NONE before the first event
};

// An event of that time will be added. Returns the number of half-lives by which the
// landmark moved: sums have to be divided by 2 to that power. 0: they remain.
int64_t decay_reach(struct decay *decay, usec time);

// Of an event that decay_reach has allowed for. Never more than 2^DECAY_SPAN.
double decay_weight(const struct decay *decay, usec time);
// What a sum is multiplied with to get its value at that time: finite, above 0 until
// DECAY_SPAN half-lives and more have passed.
double decay_factor(const struct decay *decay, usec time);
// value / 2^halvings, for halvings from 0.
double decay_halved(double value, int64_t halvings);

// The clock was set: what sums are worth at `old` they are worth at `clock` from now
// on.
void decay_step(struct decay *decay, usec old, usec clock);
