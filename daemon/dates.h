// Which dates of a recording are accepted.
//
// In a recording the clock is the latest time at which a post counted, so one wrong
// date could empty every window. A date that is more than DATES_LEAP after the clock
// *leaps*. It is judged by the DATES_LOOK - 1 dated posts after it and the DATES_RECENT
// accepted ones before it. Of the later posts, those by other authors are compared;
// those of its own author only if there are no others. A compared post is *beside* the
// date (at most DATES_LEAP earlier, or later), *between* it and the clock, or older
// than the clock and ignored.
//   - The date is *contradicted* if more than a quarter of those beside and between are
//     between: at least three, or one if the leap is implausible. If the posts around
//     that are not beside it (for the first date of all: all of them) are not in order
//     of time, nothing is contradicted: the clock of such a recording is its latest
//     date. Not in order: more than a third of the pairs are inverted; for a leap of up
//     to DATES_SHORT, also if one post is dated more than DATES_LEAP before the one in
//     front of it.
//   - It is *unconfirmed* if no more posts come, fewer than DATES_CONFIRM posts, itself
//     and those that were refused just before included, are beside it, and the leap is
//     implausible and longer than DATES_FAR, or implausible in a recording in which
//     other dates were refused.
//   - A leap is *implausible* if it is more than DATES_TIMES times as long as the
//     longest accepted one (at least DATES_LEAP), and DATES_RECENT posts were dated so
//     far.
//   - The first date of all is *too old* if one of the first DATES_FIRST steps after it
//     is longer than DATES_FAR and more than DATES_TIMES times as long as any other,
//     more than three quarters of the posts after that step are later than it, and
//     DATES_RECENT posts are available. All other dates are accepted. If a date is
//     refused, the post counts at the clock; if there is no clock yet, at the first
//     date that contradicts it or that follows the step.
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

// The latest accepted dates: a ring, number n in row n % DATES_RECENT.
struct dates_recent {
    struct date rows[DATES_RECENT];
    uint64_t end; // how many were added
};

struct dates_case {
    usec clock;         // 0: none yet
    usec leapt;         // the longest accepted leap, except the first
    uint64_t before;    // posts dated so far
    size_t unconfirmed; // how many just before this one were not confirmed and not
                        // later
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
