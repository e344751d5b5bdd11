// Through whom people are expected to have come where the network does not show it.
//
// The parent of an act j is one of those before it, the root included; that it is i has
// a probability in proportion to
//
//     g_i = max(followers_i, 1) e^(lambda (t_i - t_0)),    lambda = 6.8e-5 /s
//
// (Rizoiu et al. 2018). With W_j the sum of g over all before j, the expected number of
// children of i is C_i = g_i (sum over j > i of 1 / W_j). The C of all, the root
// included, add up to the number of acts.
//
// The sum over later acts is made from the last one back, so that small numbers are not
// lost in large ones. Of acts that are not kept only their part of it is (struct
// expected).
#pragma once

#include <stddef.h>

#include "base/usec.h"

struct expected_act {
    double followers;
    usec time;
};

// What remains of acts that are not kept.
struct expected {
    double weight; // sum of g over all acts so far and the root, with t_0 = base
    double later;  // sum of 1 / W over those that are not kept, with t_0 = begin
    usec base;     // moves before a weight becomes greater than e^50
    usec begin;
};

// Begins after these acts, which are kept; the first is the root.
struct expected expected_after(const struct expected_act *acts, size_t count);
// An act that is not kept.
void expected_add(struct expected *expected, struct expected_act act);

// Sets the expected number of children of each of these acts, in order of arrival, the
// root first, followed by those in `rest`.
void expected_children(const struct expected_act *acts, size_t count,
                       const struct expected *rest, double *ret_children);
