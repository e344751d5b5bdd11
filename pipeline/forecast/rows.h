// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── forecasts.h ─────────────────────────────────────────────────────────

#define FORECASTS_OPTIONS(ROW) \
    ROW(cascades_engine, BOOL, "cascades.engine", "true", 0, 1, \
        "Keep trees, speed and forecasts of cascades, not only their counts") \
    ROW(cascades_authors, COUNT, "cascades.authors", "10000", 100, 10000000, \
        "Authors whose usual cascade sizes are remembered, up to 2 kB each")

#define FORECASTS_METRICS(ROW) \
    ROW(authors, GAUGE, "cascaded_authors", \
        "Authors whose usual sizes are remembered") \
    ROW(authors_evicted, COUNTER, "cascaded_authors_evicted_total", \
        "Authors whose usual sizes were forgotten to make room") \
    ROW(reshares_refused, COUNTER, "cascaded_reshares_refused_total", \
        "Retweets and quotes missing in forecasts because memory.texts was full")
// clang-format on
