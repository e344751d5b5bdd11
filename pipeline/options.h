// What is to be set of the pipeline, and what it counts of itself.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/option.h"

struct pipeline_options {
    struct option_spans windows;
    uint64_t top;
    uint64_t dedupe_capacity;
    uint64_t dedupe_retweets;
    uint64_t users_capacity;
    uint64_t users_per_post;
    uint64_t cascades_capacity;
    bool cascades_engine;
    uint64_t cascades_authors;
    uint64_t cascades_text;
    uint64_t hashtags_capacity;
    uint64_t hashtags_per_post;
    uint64_t trees_capacity;
    uint64_t memory_windows;
    uint64_t memory_texts;
    uint64_t memory_posts;
    uint64_t alerts_capacity;
};

extern const struct option pipeline_option_rows[];

struct pipeline_metrics {
    uint64_t posts;
    uint64_t retweets;
    uint64_t interactions;
    uint64_t duplicates;
    uint64_t repeated_retweets;
    uint64_t self_ignored;
    uint64_t late;
    uint64_t times_replaced;
    uint64_t clock_steps;
    uint64_t undone;
    uint64_t undo_unknown;
    uint64_t locals_forgotten;
    uint64_t undo_lost;
    uint64_t withdrawals;
    uint64_t withdrawals_refused;
    uint64_t undo_forgotten;
    uint64_t retweets_lasting;
    uint64_t vias_dropped;
    uint64_t paths_cut;
    uint64_t people_refused;
    uint64_t tree_nodes;
    uint64_t tree_refused;
    uint64_t tree_late;
    uint64_t tree_abandoned;
    uint64_t tree_second_parents;
    uint64_t tree_cycles;
    uint64_t tree_frozen;
    uint64_t refused;
    uint64_t cut;
    uint64_t names_beyond;
    uint64_t users_left_out;
    uint64_t hashtags_left_out;
    uint64_t cascades_left_out;
    uint64_t windows_left_out;
    uint64_t texts_left_out;
    uint64_t names_rationed;
    uint64_t names_refused;
    uint64_t users;
    uint64_t users_evicted;
    uint64_t users_merged;
    uint64_t cascades;
    uint64_t cascades_evicted;
    uint64_t cascades_evicted_open;
    uint64_t cascades_evicted_early;
    uint64_t authors;
    uint64_t authors_evicted;
    uint64_t reshares_refused;
    uint64_t hashtags;
    uint64_t texts_bytes;
    uint64_t window_entries;
    uint64_t board_rebuilds;
    uint64_t alerts_raised;
    uint64_t alerts_resolved;
    uint64_t alerts_unresolved;
    uint64_t alerts_digests;
    uint64_t alerts_digested;
    uint64_t alerts_deferred;
    uint64_t alerts_dropped;
    uint64_t alerts_forgotten;
    uint64_t alerts_remembered;
    uint64_t alerts_waiting;
};

extern const struct metric pipeline_metric_rows[];
