// The options of the pipeline, and its metrics.
//
// The rows of a module are in rows.h of its room:
//     ROW(member, TYPE, name, default, minimum, maximum, help)    <MODULE>_OPTIONS
//     ROW(member, TYPE, name, help)                               <MODULE>_METRICS
// This file lists the modules, and has the rows that belong to no single one. From the
// rows come the members of the structs and the tables that base/option.h and
// base/metric.h describe.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/option.h"
#include "pipeline/alerts/rows.h"
#include "pipeline/campaigns/rows.h"
#include "pipeline/carriers/rows.h"
#include "pipeline/changes/rows.h"
#include "pipeline/fold/rows.h"
#include "pipeline/forecast/rows.h"
#include "pipeline/records/rows.h"
#include "pipeline/tree/rows.h"
#include "pipeline/windows/rows.h"

#define OPTIONS_GIB ((int64_t)1 << 30)

// clang-format off
#define OPTIONS_MEMORY_OPTIONS(ROW) \
    ROW(memory_windows, BYTES, "memory.windows", "256M", 1 << 20, 16 * OPTIONS_GIB, \
        "Memory for the counted amounts of all windows, 2 to 8 bytes each") \
    ROW(memory_texts, BYTES, "memory.texts", "1G", 64 << 20, 32 * OPTIONS_GIB, \
        "Memory for ids, names, texts of cascades and the sets of their amplifiers") \
    ROW(memory_posts, BYTES, "memory.posts", "16M", 0, 64 * OPTIONS_GIB, \
        "Memory for the texts of recent posts that may become cascades")

#define OPTIONS_MEMORY_METRICS(ROW) \
    ROW(texts_bytes, GAUGE, "cascaded_texts_bytes", \
        "Bytes of ids, names, texts and sets of people")

#define OPTIONS_POST_METRICS(ROW) \
    ROW(posts, COUNTER, "cascaded_posts_total", \
        "Posts and retweets used") \
    ROW(retweets, COUNTER, "cascaded_retweets_total", \
        "Retweets among the posts used") \
    ROW(interactions, COUNTER, "cascaded_interactions_total", \
        "Mentions, retweets, quotes and replies counted") \
    ROW(duplicates, COUNTER, "cascaded_duplicates_total", \
        "Duplicates: messages that were counted before, and second retweets") \
    ROW(repeated_retweets, COUNTER, "cascaded_retweets_repeated_total", \
        "Second retweets of one post by the same person") \
    ROW(self_ignored, COUNTER, "cascaded_interactions_self_total", \
        "Mentions, retweets, quotes and replies of oneself, which count for no one") \
    ROW(late, COUNTER, "cascaded_posts_late_total", \
        "Posts older than the longest window when they arrived") \
    ROW(duplicates_late, COUNTER, "cascaded_duplicates_late_total", \
        "Duplicates of posts that are older than the longest window") \
    ROW(times_replaced, COUNTER, "cascaded_times_replaced_total", \
        "Posts dated before 2006 or in the future, counted at the current clock") \
    ROW(clock_steps, COUNTER, "cascaded_clock_steps_total", \
        "Steps of the wall clock, forward or back, that were followed")

// Every option and every metric, in the order in which they are listed and saved.
#define OPTIONS_ROWS(ROW) \
    WINDOWS_OPTIONS(ROW) \
    BOARDS_OPTIONS(ROW) \
    EVENT_RECORDS_OPTIONS(ROW) \
    USERS_OPTIONS(ROW) \
    CASCADES_OPTIONS(ROW) \
    FORECASTS_OPTIONS(ROW) \
    CARRIERS_OPTIONS(ROW) \
    CAMPAIGNS_OPTIONS(ROW) \
    LEARN_OPTIONS(ROW) \
    TAGS_OPTIONS(ROW) \
    TREES_OPTIONS(ROW) \
    OPTIONS_MEMORY_OPTIONS(ROW) \
    ALERTS_OPTIONS(ROW)

// Those that a reload of the configuration applies.
#define OPTIONS_RELOADABLE(ROW) KEY_RULE_OPTIONS(ROW)

#define OPTIONS_METRICS(ROW) \
    OPTIONS_POST_METRICS(ROW) \
    UNDO_METRICS(ROW) \
    WITHDRAWALS_METRICS(ROW) \
    EVENT_RECORDS_METRICS(ROW) \
    CARRY_METRICS(ROW) \
    ACTS_METRICS(ROW) \
    TREES_METRICS(ROW) \
    ADMISSION_METRICS(ROW) \
    USERS_METRICS(ROW) \
    CASCADES_METRICS(ROW) \
    FORECASTS_METRICS(ROW) \
    CARRIERS_METRICS(ROW) \
    CAMPAIGNS_METRICS(ROW) \
    TAGS_METRICS(ROW) \
    OPTIONS_MEMORY_METRICS(ROW) \
    WINDOWS_METRICS(ROW) \
    BOARDS_METRICS(ROW) \
    ALERTS_METRICS(ROW)

struct pipeline_options {
    OPTIONS_ROWS(OPTION_MEMBER)
    OPTIONS_RELOADABLE(OPTION_MEMBER)
};

struct pipeline_metrics {
    OPTIONS_METRICS(METRIC_MEMBER)
};
// clang-format on

// A table that keeps people longer than the windows may have as many entries as it
// wants, but no more than a quarter of users.capacity: the rest is for new people.
enum { OPTIONS_KEPT_PART = 4 };

static inline uint32_t
options_people_kept(const struct pipeline_options *options, uint64_t wanted)
{
    uint64_t most = options->users_capacity / OPTIONS_KEPT_PART;
    return (uint32_t)(wanted < most ? wanted : most);
}

extern const struct option pipeline_option_rows[];
extern const struct metric pipeline_metric_rows[];
