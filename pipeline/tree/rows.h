// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── tree.h ──────────────────────────────────────────────────────────────

#define TREES_OPTIONS(ROW) \
    ROW(trees_capacity, COUNT, "trees.capacity", "2000000", 1000, 1000000000, \
        "Retweets and quotes with an observed parent that are kept in trees")

#define TREES_METRICS(ROW) \
    ROW(tree_nodes, GAUGE, "cascaded_tree_nodes", \
        "Retweets and quotes with an observed parent, or with children") \
    ROW(tree_refused, COUNTER, "cascaded_tree_refused_total", \
        "Retweets and quotes placed below the root because trees.capacity or " \
        "memory.texts was full") \
    ROW(tree_late, COUNTER, "cascaded_tree_late_total", \
        "Retweets and quotes that arrived before their parent") \
    ROW(tree_abandoned, COUNTER, "cascaded_tree_abandoned_total", \
        "Retweets and quotes placed below the root because their parent did not arrive") \
    ROW(tree_second_parents, COUNTER, "cascaded_tree_second_parents_total", \
        "Second retweets by the same person with another parent") \
    ROW(tree_cycles, COUNTER, "cascaded_tree_cycles_total", \
        "Retweets and quotes that would have made a cycle in their tree") \
    ROW(tree_frozen, COUNTER, "cascaded_tree_frozen_total", \
        "Trees deeper than 1024, whose virality is no longer kept")
// clang-format on
