// The counters of the HTTP server.
#pragma once

#include <stdint.h>

#include "base/metric.h"

struct http_metrics {
    uint64_t requests;
    uint64_t refused; // answered with 4xx, or malformed
    uint64_t posts_accepted;
    uint64_t posts_rejected;
    uint64_t posts_ignored;
    uint64_t pushes_delayed; // 429
    uint64_t late;           // connections closed at the deadline
    uint64_t crowded_out;    // connections closed to make room for another one
    uint64_t starved;        // connections that found no free file descriptor
    uint64_t feeds;          // clients of the live feed now
    uint64_t feeds_refused;  // because there were too many
    uint64_t feeds_lost;     // snapshots sent to clients that had fallen behind
    uint64_t feeds_stalled;  // closed because the client did not read
};

extern const struct metric http_metrics_rows[];
