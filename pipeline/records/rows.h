// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── users.h ─────────────────────────────────────────────────────────────

#define USERS_OPTIONS(ROW) \
    ROW(users_capacity, COUNT, "users.capacity", "2000000", 1000, 200000000, \
        "People remembered") \
    ROW(users_per_post, COUNT, "users.per_post", "500", 1, 10000, \
        "People counted of those that one post mentions")

#define USERS_METRICS(ROW) \
    ROW(names_refused, COUNTER, "cascaded_names_refused_total", \
        "Handles and names not brought up to date because memory.texts was full") \
    ROW(users, GAUGE, "cascaded_users", \
        "People remembered") \
    ROW(users_evicted, COUNTER, "cascaded_users_evicted_total", \
        "People forgotten to make room") \
    ROW(users_merged, COUNTER, "cascaded_users_merged_total", \
        "People known by handle only whose counts moved to an id learnt later")

// ── cascades.h ──────────────────────────────────────────────────────────

#define CASCADES_OPTIONS(ROW) \
    ROW(cascades_capacity, COUNT, "cascades.capacity", "200000", 1000, 100000000, \
        "Posts with a cascade or replies that are remembered; to make room, closed " \
        "ones are dropped first, then the smallest, and of these the longest idle")

#define CASCADES_METRICS(ROW) \
    ROW(cascades, GAUGE, "cascaded_cascades", \
        "Posts with a record, because they were retweeted, quoted or replied to") \
    ROW(cascades_evicted, COUNTER, "cascaded_cascades_evicted_total", \
        "Cascades dropped to make room") \
    ROW(cascades_evicted_open, COUNTER, "cascaded_cascades_evicted_open_total", \
        "Open ones among them: cascades.capacity is too small for this stream") \
    ROW(cascades_evicted_early, COUNTER, "cascaded_cascades_evicted_early_total", \
        "Those among them that were open or still counted in a window")

// ── tags.h ──────────────────────────────────────────────────────────────

#define TAGS_OPTIONS(ROW) \
    ROW(hashtags_capacity, COUNT, "hashtags.capacity", "500000", 1000, 100000000, \
        "Different hashtags in the longest window") \
    ROW(hashtags_per_post, COUNT, "hashtags.per_post", "500", 1, 10000, \
        "Hashtags counted of one post")

#define TAGS_METRICS(ROW) \
    ROW(hashtags, GAUGE, "cascaded_hashtags", \
        "Hashtags in use")

// ── event_records.h ─────────────────────────────────────────────────────

#define EVENT_RECORDS_OPTIONS(ROW) \
    ROW(dedupe_capacity, COUNT, "dedupe.capacity", "1000000", 1, 100000000, \
        "Event ids remembered, to recognise duplicates and to undo deletions") \
    ROW(dedupe_retweets, COUNT, "dedupe.retweets", "5000000", 0, 100000000, \
        "Further retweets of Bluesky and Mastodon remembered, for as long as the " \
        "longest window, so that they can be undone; about 70 bytes each")

#define EVENT_RECORDS_METRICS(ROW) \
    ROW(undo_forgotten, COUNTER, "cascaded_undo_forgotten_total", \
        "Retweets forgotten before they left the longest window: dedupe.retweets is " \
        "too small") \
    ROW(retweets_lasting, GAUGE, "cascaded_retweets_lasting", \
        "Retweets remembered beyond dedupe.capacity, so that they can be undone")
// clang-format on
