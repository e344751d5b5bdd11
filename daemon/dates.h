// Which dates of a recording are believed.
//
// In a recording the clock is the greatest date so far, so one date that is wrong
// could empty every window. A date that is more than DATES_LEAP after the clock
// *leaps*. It is judged by the posts behind it, up to DATES_LOOK together with its own:
//   - it is believed when at least half of these are dated as late (at most DATES_LEAP
//     earlier), by three authors or by as many as there are;
//   - it is believed when a third of the steps from one to the next go back by more
//     than DATES_LEAP, or two thirds of the pairs behind it do at all: then the
//     recording is not in order of time, and its latest date is the clock. A leap of up
//     to DATES_SHORT is judged where everything else is in order: one step of the posts
//     behind it that goes back is enough to believe it, or one of 64 so far, or fewer
//     posts so far than that;
//   - else it is not, and the post counts at the clock.
// At the end of a file there may be fewer posts behind it. Then half of those that are
// there decide; but a date with fewer than DATES_LOOK / 2 is not believed if it leaps
// over more than DATES_FAR, and more than eight times as far as any date that was
// believed. In a recording of fewer than DATES_LOOK posts so far it takes three posts
// behind a date to refuse it.
//
// Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usec.h"

#define DATES_LEAP USEC_PER_MIN
#define DATES_SHORT (3 * USEC_PER_HOUR)
#define DATES_FAR (7 * USEC_PER_DAY)
enum { DATES_LOOK = 16, DATES_AUTHORS = 3, DATES_FAR_TIMES = 8, DATES_TIDY = 64 };

struct date {
    usec time;
    uint64_t author; // hash
};

struct dates_case {
    usec clock;        // 0: none yet
    usec leapt;        // the farthest leap that was believed, but for the first
    uint64_t before;   // posts that were dated so far
    uint64_t backward; // of these, more than DATES_LEAP before the one in front
    bool is_last;      // no more posts come
    struct date seen[DATES_LOOK]; // the date to judge, then those behind it
    size_t count;
};

enum dates_verdict { DATES_OPEN, DATES_BELIEVED, DATES_REFUSED };

// DATES_OPEN: more posts are needed.
enum dates_verdict dates_judge(const struct dates_case *dates);

// The time of a post whose date was refused.
usec dates_instead(const struct dates_case *dates);
