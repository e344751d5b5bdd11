// The course of a campaign: what was counted in the window before each window, and how
// the campaign grew over its life.
//
// Rings hold the totals of the campaign, and how many people joined it, in the newest
// COURSE_STEPS steps of each window: the steps of the window itself and of the one
// before it, which ends where the window begins. A total that the windows do not count
// because it came too late is in no ring; who joined is in each ring that has the step
// of that time. The number of different people in the window before is not known,
// because that would take a list of them.
//
// A person joins with the first act in the campaign, and leaves the course when all
// acts are taken back. The time is the earliest one of the acts since; it stays if that
// act is taken back and others remain. A person who was forgotten to make room joins
// again.
//
// Growth is kept in at most COURSE_BINS bins of one width, which is a minute at first
// and doubles when the campaign lasts longer. A bin contains the times from a multiple
// of the width on; the first one contains the earlier times, too, so that one old date
// does not widen the bins. What is taken back leaves the bin in which it was counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"
#include "pipeline/campaigns/figures.h"
#include "pipeline/windows/windows.h"

struct snapshot;

enum { COURSE_STEPS = 2 * WINDOWS_STEPS, COURSE_BINS = 256 };

// What rings count: the totals (enum figures_total), and behind them
enum { COURSE_JOINED = FIGURES_TOTALS, COURSE_FIGURES };

struct course_ring {
    int64_t current; // the newest step
    uint64_t steps[COURSE_STEPS][COURSE_FIGURES];
};

enum course_growing {
    COURSE_POSTS,  // published
    COURSE_ACTS,   // posts and retweets
    COURSE_PEOPLE, // who joined
    COURSE_GROWING,
};

struct course_growth {
    usec width;
    int64_t first;  // bin of values[0]: first * width, and times before it
    uint32_t count; // bins
    uint64_t values[COURSE_BINS][COURSE_GROWING];
};

struct course {
    usec since; // the clock when it was created; USEC_NONE: before the first post
    struct course_growth growth;
    uint32_t windows;
    struct course_ring rings[]; // by window
};

// NULL when the system refuses the memory.
struct course *course_create(uint32_t windows, usec since);
void course_destroy(struct course **course);

// Counts at that moment, or takes back, what is counted in the windows, whose clock is
// at or after the moment. Takes back at most what there is.
struct course_amount {
    uint32_t figure;
    uint32_t amount;
    bool is_undo;
};
void course_count(struct course *course, const struct windows *windows,
                  const struct windows_moment *moment, struct course_amount amount);

// The sum over the window, or over the one before it.
enum course_period { COURSE_NOW, COURSE_BEFORE };
uint64_t course_sum(const struct course *course, const struct windows *windows,
                    uint32_t window, enum course_period period, uint32_t figure);

// Makes the first bin, of that time, if there is none.
void course_growth_begin(struct course_growth *growth, usec time);
// Counts one at that time, or takes it back.
void course_growth_add(struct course_growth *growth, usec time,
                       enum course_growing what);
void course_growth_take(struct course_growth *growth, usec time,
                        enum course_growing what);
// Adds empty bins up to that time.
void course_growth_reach(struct course_growth *growth, usec time);

// Rogers' classes of those who joined, by rank among all who joined so far: the first
// 2.5 %, the next 13.5 %, 34 %, 34 %, and the rest.
enum { COURSE_CLASSES = 5 };
struct course_class {
    uint64_t people;
    uint32_t from, until; // bins of the first and the last of them, if there are any
};
void course_classes(const struct course_growth *growth,
                    struct course_class ret_classes[COURSE_CLASSES]);

// The clock moved back: what is later belongs to the current step and bin.
void course_rewind(struct course *course, const struct windows *windows, usec clock);

// Saves the contents, or loads them into a new one for as many windows.
void course_move(struct course *course, struct snapshot *snapshot);
