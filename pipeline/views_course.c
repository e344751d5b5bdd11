#include "pipeline/views_course.h"

#include <assert.h>

#include "pipeline/campaigns/course.h"
#include "pipeline/inside.h"

enum { SHARE = COURSE_FIGURES, FIGURES };

static_assert((int)FIGURES == VIEWS_COURSE_FIGURES, "a name for each");
static_assert((int)COURSE_BINS == VIEWS_COURSE_BINS, "room for all");
static_assert((int)COURSE_CLASSES == VIEWS_COURSE_CLASSES, "room for all");

// ── windows ────────────────────────────────────────────────────────────────

struct slice
views_course_figure(uint32_t figure)
{
    static const char *const names[FIGURES] = {
        [FIGURES_POSTS] = "posts",           [FIGURES_RETWEETS] = "retweets",
        [FIGURES_QUOTES] = "quotes",         [FIGURES_REPLIES] = "replies",
        [FIGURES_REACH] = "reach",           [FIGURES_CARRIED] = "carried",
        [FIGURES_TRANSLATED] = "translated", [FIGURES_RIVAL_POSTS] = "rival_posts",
        [COURSE_JOINED] = "joined",          [SHARE] = "share",
    };
    return slice_of(names[figure]);
}

static double
value_of(const struct pipeline *pipeline, const struct course *course, uint32_t window,
         enum course_period period, uint32_t figure, bool *ret_has)
{
    const struct windows *windows = &pipeline->windows;
    *ret_has = true;
    if (figure != SHARE) {
        return (double)course_sum(course, windows, window, period, figure);
    }
    uint64_t posts = course_sum(course, windows, window, period, FIGURES_POSTS);
    uint64_t all =
        posts + course_sum(course, windows, window, period, FIGURES_RIVAL_POSTS);
    *ret_has = all != 0;
    return all != 0 ? (double)posts / (double)all : 0;
}

void
views_course_window(const struct pipeline *pipeline, uint32_t campaign, uint32_t window,
                    struct views_course_value ret_values[VIEWS_COURSE_FIGURES])
{
    const struct course *course = pipeline->campaigns.figures[campaign].course;
    for (uint32_t i = 0; i < VIEWS_COURSE_FIGURES; i++) {
        struct views_course_value *value = &ret_values[i];
        value->now = value_of(pipeline, course, window, COURSE_NOW, i, &value->has_now);
        value->before =
            value_of(pipeline, course, window, COURSE_BEFORE, i, &value->has_before);
    }
}

bool
views_course_has_before(const struct pipeline *pipeline, uint32_t campaign,
                        uint32_t window)
{
    usec since = pipeline->campaigns.figures[campaign].course->since;
    since = since > pipeline->started ? since : pipeline->started;
    return pipeline->started != USEC_NONE &&
           since < pipeline->clock - pipeline->options.windows.length[window];
}

// ── growth ─────────────────────────────────────────────────────────────────

static void
view_classes(const struct course_growth *growth, struct views_course *ret_course)
{
    static const char *const names[COURSE_CLASSES] = {
        "innovators", "early adopters", "early majority", "late majority", "laggards"};
    struct course_class classes[COURSE_CLASSES];
    course_classes(growth, classes);
    for (uint32_t i = 0; i < COURSE_CLASSES; i++) {
        bool is_empty = classes[i].people == 0;
        ret_course->classes[i] = (struct views_course_class){
            .name = slice_of(names[i]),
            .people = classes[i].people,
            .from = is_empty ? USEC_NONE
                             : (growth->first + classes[i].from) * growth->width,
            .until = is_empty ? USEC_NONE
                              : (growth->first + classes[i].until + 1) * growth->width,
        };
    }
}

void
views_course(const struct pipeline *pipeline, uint32_t campaign,
             struct views_course *ret_course)
{
    struct course_growth growth = pipeline->campaigns.figures[campaign].course->growth;
    course_growth_reach(&growth, pipeline->clock);
    ret_course->start = growth.first * growth.width;
    ret_course->width = growth.width;
    ret_course->count = growth.count;
    for (uint32_t i = 0; i < growth.count; i++) {
        ret_course->bins[i] = (struct views_course_bin){
            .posts = growth.values[i][COURSE_POSTS],
            .acts = growth.values[i][COURSE_ACTS],
            .people = growth.values[i][COURSE_PEOPLE],
        };
    }
    view_classes(&growth, ret_course);
}

// ── people ─────────────────────────────────────────────────────────────────

bool
views_course_is_new(const struct pipeline *pipeline, uint32_t campaign, uint32_t user,
                    uint32_t window)
{
    const struct pairs *pairs = &pipeline->campaigns.pairs;
    uint32_t pair = pairs_find(pairs, campaign, user);
    return pair != PAIR_NONE && (pairs_at(pairs, pair)->fresh >> window & 1) != 0;
}
