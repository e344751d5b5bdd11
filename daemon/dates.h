// Which dates of a recording are believed.
//
// In a recording the clock is the latest time at which a post counted, so one date that
// is wrong could empty every window. A date that is more than DATES_LEAP after the
// clock *leaps*. It is judged by the DATES_LOOK - 1 dated posts behind it and the
// DATES_RECENT believed ones before it. Of those behind, posts by other authors are
// asked; its own author's only if there are no others around. One that is asked is
// *beside* the date (at most DATES_LEAP earlier, or later), *between* it and the clock,
// or older than the clock and of no matter.
//   - The date is *contradicted* if more than a quarter of those beside and between are
//     between: at least three, or one if the leap is implausible. Where the posts
//     around that are not beside it (with the first date of all: these, and all) are
//     not in order of time, nothing is contradicted: the clock of such a recording is
//     its latest date. Not in order: more than a third of the pairs are inverted; with
//     a leap of up to DATES_SHORT, also one of them that is dated more than DATES_LEAP
//     before the one in front of it.
//   - It is *unconfirmed* if no more posts come, fewer than DATES_CONFIRM, itself and
//     those that were refused right before included, are beside it, and the leap is
//     implausible and over more than DATES_FAR, or implausible in a recording in which
//     others were refused.
//   - A leap is *implausible* if it is over more than DATES_TIMES times as far as any
//     that was believed (counted as DATES_LEAP at least), and DATES_RECENT posts were
//     dated so far.
//   - The first date of all is *too old* if one of the first DATES_FIRST steps behind
//     it goes over more than DATES_FAR and DATES_TIMES times as far as any other, more
//     than three quarters of the posts behind that step stay there, and DATES_RECENT
//     posts are to be seen.
// A date that is none of these is believed. Others are refused: the post counts at the
// clock; if there is none yet, at the first date that contradicts it or behind the
// step.
//
// Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"

#define DATES_LEAP USEC_PER_MIN
#define DATES_SHORT (3 * USEC_PER_HOUR)
#define DATES_FAR (36 * USEC_PER_HOUR)
enum {
    DATES_LOOK = 32,
    DATES_RECENT = 16,
    DATES_CONFIRM = 8,
    DATES_FIRST = 7,
    DATES_TIMES = 8
};

struct date {
    usec time;
    uint64_t author; // hash
};

// The latest dates that were believed: ring, number n in row n % DATES_RECENT.
struct dates_recent {
    struct date rows[DATES_RECENT];
    uint64_t end; // how many there were
};

struct dates_case {
    usec clock;         // 0: none yet
    usec leapt;         // the farthest leap that was believed, but for the first
    uint64_t before;    // posts that were dated so far
    size_t unconfirmed; // of these, right before this one: not confirmed and not later
    bool has_refused;   // a date was refused so far
    bool is_last;       // no more posts come
    const struct dates_recent *recent;
    struct date seen[DATES_LOOK]; // the date to judge, then those behind it
    size_t count;                 // at least one
};

enum dates_verdict {
    DATES_OPEN,
    DATES_BELIEVED,
    DATES_CONTRADICTED,
    DATES_UNCONFIRMED
};

// DATES_OPEN: more posts are needed. ret_time: when the post counts; not with
// DATES_OPEN. A first date that is too old is contradicted.
enum dates_verdict dates_judge(const struct dates_case *dates, usec *ret_time);

void dates_remember(struct dates_recent *recent, struct date date);
