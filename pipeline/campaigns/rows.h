// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── pairs.h ─────────────────────────────────────────────────────────────

#define CAMPAIGNS_OPTIONS(ROW) \
    ROW(campaigns_capacity, COUNT, "campaigns.capacity", "200000", 1000, 10000000, \
        "Pairs of a campaign and a person who took part in it, at most a quarter of users.capacity; to " \
        "make room, people who did nothing within the windows are forgotten, and are new if they come " \
        "back")

#define CAMPAIGNS_METRICS(ROW) \
    ROW(campaigns_pairs, GAUGE, "cascaded_campaign_people", \
        "Pairs of a campaign and a person who took part in it") \
    ROW(campaigns_evicted, COUNTER, "cascaded_campaign_people_evicted_total", \
        "Of these, those dropped to make room") \
    ROW(campaigns_left_out, COUNTER, "cascaded_campaign_posts_left_out_total", \
        "Posts and retweets not counted in a campaign because campaigns.capacity or memory.windows " \
        "was reached")
// clang-format on
