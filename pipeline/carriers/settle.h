// What the ledger of carriers learns from a whole cascade: who was early, and through
// whom people are expected to have come.
//
// Both are settled once in the life of a cascade, when it first closes, from its first
// acts (pipeline/carriers/first_acts.h); a deletion afterwards does not change them.
// The time is that of the close.
//
// Early: of every cascade of at least EARLY_PEOPLE_MIN people. Estimated: if less than
// half of the parents are observed, there are at least SETTLE_ACTS_MIN acts, and the
// followers of at least half of those who act are known; others are taken to have the
// network's median. Nothing is estimated for acts that are not among the first ones.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"
#include "pipeline/carriers/first_acts.h"

struct pipeline;

enum { SETTLE_ACTS_MIN = 10 };

// An act in that cascade, or that it is taken back.
void settle_act(struct pipeline *pipeline, uint32_t cascade, uint32_t user, usec time);
void settle_act_undone(struct pipeline *pipeline, uint32_t cascade, uint32_t user,
                       usec time);

// The cascade closed.
void settle_cascade(struct pipeline *pipeline, uint32_t cascade);

// The people through whom others are expected to have come so far, in order of arrival;
// returns how many, 0: nothing can be estimated.
struct settle_person {
    uint32_t user;
    double people;
};
uint32_t settle_expected(const struct pipeline *pipeline, uint32_t cascade,
                         struct settle_person ret_people[FIRST_ACTS_MAX]);
