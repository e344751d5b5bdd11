// What a report of a campaign contains, collected from a pipeline after the last post.
//
// Everything is copied: it remains when the pipeline is gone. All of it is as of the
// clock, which is the time of the newest post.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/status.h"
#include "pipeline/views.h"
#include "pipeline/views_course.h"

struct pipeline;

enum {
    CAMPAIGN_REPORT_ROWS = 10,
    CAMPAIGN_REPORT_BOARDS = 10,
    CAMPAIGN_REPORT_NUMBERS = 4,
};

// Of one window: what is also known of the one before it, and what is not.
struct campaign_report_window {
    char name[OPTION_NAME_MAX];
    usec length;
    bool is_whole;        // the recording covers the window
    bool has_before;      // it covers something of the window before,
    bool is_before_whole; // and all of it
    struct views_course_value values[VIEWS_COURSE_FIGURES];
    uint64_t numbers[CAMPAIGN_REPORT_NUMBERS];
};

// The names of the numbers: "people" …
extern const char *const campaign_report_data_numbers[CAMPAIGN_REPORT_NUMBERS];

// A person, a post with the handle of its author, or a hashtag. Texts may be none.
struct campaign_report_row {
    struct slice id, handle, name, text;
    uint64_t value;
};

struct campaign_report_board {
    const char *metric;
    const char *title; // "retweeted or quoted most"
    enum views_owner owner;
    uint32_t count;
    struct campaign_report_row rows[CAMPAIGN_REPORT_ROWS];
};

// On the list of whom to talk to. The texts are the fields of the hash; none: unknown.
struct campaign_report_person {
    struct campaign_report_row who; // value: in millionths, as of when it was ranked
    struct slice people, acts, rate, next, known, followers, last_ms, why;
};

struct campaign_report_data {
    struct arena texts;
    struct slice name;
    bool has_rivals;
    uint64_t read;    // posts of the recording
    usec first, last; // clock at its first and last post; USEC_NONE: it has none
    uint64_t evicted, left_out; // as the metrics of these names, of all campaigns
    uint32_t window_count;
    struct campaign_report_window windows[OPTION_SPANS_MAX];
    uint32_t window; // the longest: that of the boards
    struct views_course course;
    struct campaign_report_board boards[CAMPAIGN_REPORT_BOARDS];
    uint32_t outreach_count;
    struct campaign_report_person *outreach;
    // Who is new in the longest window that is shorter than the recording, those first
    // through whom most people came; VIEWS_NONE: there is no such window.
    uint32_t new_window;
    uint32_t new_count;
    struct campaign_report_row new_people[CAMPAIGN_REPORT_ROWS];
};

struct campaign_report_source {
    struct pipeline *pipeline; // flushed
    uint32_t campaign;
    bool has_rivals;
    usec first;
};

// STATUS_NOMEM: there is no memory. On failure fini it all the same.
enum status
campaign_report_data_init(struct campaign_report_data *data,
                          const struct campaign_report_source *source) MUST_USE;
void campaign_report_data_fini(struct campaign_report_data *data);

// The board of that metric.
const struct campaign_report_board *
campaign_report_data_board(const struct campaign_report_data *data, const char *metric);
