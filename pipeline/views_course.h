// Read access to the course of a campaign: the window before each window, growth,
// Rogers' classes of its people, and who is new (see pipeline/views_campaign.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

struct pipeline;

// The figures that are known of the window before, too: the totals of the hash, share,
// and behind these "joined", the people whose first act in the campaign is in the
// window.
enum { VIEWS_COURSE_FIGURES = 10 };
struct slice views_course_figure(uint32_t figure);

struct views_course_value {
    double now, before;
    bool has_now, has_before; // a share is missing while nothing is published
};
void views_course_window(const struct pipeline *pipeline, uint32_t campaign,
                         uint32_t window,
                         struct views_course_value ret_values[VIEWS_COURSE_FIGURES]);
// True if something of the window before was seen since the campaign is counted.
bool views_course_has_before(const struct pipeline *pipeline, uint32_t campaign,
                             uint32_t window);

// Growth to the clock, in bins of one width, from the first act, or from when it came
// if it was later than the windows cover. The first bin contains earlier times, too.
enum { VIEWS_COURSE_BINS = 256, VIEWS_COURSE_CLASSES = 5 };
struct views_course_bin {
    uint64_t posts;  // published
    uint64_t acts;   // posts and retweets
    uint64_t people; // who joined
};
// Those who joined, by rank: innovators (2.5 %), early adopters (13.5 %), early
// majority and late majority (34 % each), laggards.
struct views_course_class {
    struct slice name;
    uint64_t people;
    usec from, until; // bounds of the bins of the first and the last; USEC_NONE: no one
};
struct views_course {
    usec start, width;
    uint32_t count; // bins; 0: there was no act
    struct views_course_bin bins[VIEWS_COURSE_BINS];
    struct views_course_class classes[VIEWS_COURSE_CLASSES];
};
void views_course(const struct pipeline *pipeline, uint32_t campaign,
                  struct views_course *ret_course);

// True if the person has an act in the campaign and window, and none before it.
bool views_course_is_new(const struct pipeline *pipeline, uint32_t campaign,
                         uint32_t user, uint32_t window);
