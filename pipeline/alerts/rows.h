// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── alerts.h ────────────────────────────────────────────────────────────

#define ALERTS_OPTIONS(ROW) \
    ROW(alerts_capacity, COUNT, "alerts.capacity", "65536", 16, 10000000, \
        "Pairs of alert rule and post remembered, so that no alert is raised twice")

#define ALERTS_METRICS(ROW) \
    ROW(alerts_raised, COUNTER, "cascaded_alerts_raised_total", \
        "Alerts that rules raised") \
    ROW(alerts_resolved, COUNTER, "cascaded_alerts_resolved_total", \
        "Closed cascades reported after an alert (cascade.resolved)") \
    ROW(alerts_unresolved, COUNTER, "cascaded_alerts_unresolved_total", \
        "Closed cascades not reported because the cascade or the alert was forgotten " \
        "to make room") \
    ROW(alerts_digests, COUNTER, "cascaded_alerts_digests_total", \
        "Digests of the alerts of a backlog") \
    ROW(alerts_digested, COUNTER, "cascaded_alerts_digested_total", \
        "Alerts published in a digest only") \
    ROW(alerts_deferred, COUNTER, "cascaded_alerts_deferred_total", \
        "Times an alert had to wait because a queue or the memory of alerts was full") \
    ROW(alerts_dropped, COUNTER, "cascaded_alerts_dropped_total", \
        "Alerts not published because the post was deleted first") \
    ROW(alerts_forgotten, COUNTER, "cascaded_alerts_forgotten_total", \
        "Raised alerts that were forgotten to make room") \
    ROW(alerts_remembered, GAUGE, "cascaded_alerts_remembered", \
        "Pairs of alert rule and post that are remembered") \
    ROW(alerts_waiting, GAUGE, "cascaded_alerts_waiting", \
        "Alerts not yet acknowledged by Redis")
// clang-format on
