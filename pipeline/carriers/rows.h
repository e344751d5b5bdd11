// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── carriers.h ──────────────────────────────────────────────────────────

#define CARRIERS_OPTIONS(ROW) \
    ROW(carriers_capacity, COUNT, "carriers.capacity", "200000", 0, 10000000, \
        "People in the ledger of carriers, at most a quarter of users.capacity; to make room, those " \
        "through whom fewest came are dropped first. 0: no ledger and none of its boards") \
    ROW(carriers_half_life, SPAN, "carriers.half_life", "100d", USEC_PER_S, \
        36600 * USEC_PER_DAY, \
        "Age at which what is in the ledger of carriers counts half")

#define CARRIERS_METRICS(ROW) \
    ROW(carriers, GAUGE, "cascaded_carriers", \
        "People in the ledger of carriers") \
    ROW(carriers_evicted, COUNTER, "cascaded_carriers_evicted_total", \
        "People dropped from the ledger of carriers to make room") \
    ROW(carriers_refused, COUNTER, "cascaded_carriers_refused_total", \
        "Entries of the ledger of carriers, or reshares for carriers_in, left out because memory.texts " \
        "was full or a cascade had 1024 of these")
// clang-format on
