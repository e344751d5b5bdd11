// The counters of the Redis sink.
#pragma once

#include <stdint.h>

#include "base/metric.h"

struct redis_metrics {
    uint64_t flushes;
    uint64_t transactions;
    uint64_t commands;
    uint64_t changes;
    uint64_t bytes_sent;
    uint64_t bytes_received;
    uint64_t connections;
    uint64_t connects_failed;
    uint64_t connections_lost;
    uint64_t transactions_refused; // EXEC answered with an error
    uint64_t transactions_fenced;  // EXEC found the epoch touched
    uint64_t rewrites;
    uint64_t keys_repaired;
    uint64_t keys_purged;
    uint64_t keys_restored;
    uint64_t alerts;
    uint64_t alerts_known; // claimed before
    uint64_t errors_oom;
    uint64_t errors_readonly;
    uint64_t errors_loading;
    uint64_t errors_busy;
    uint64_t errors_permission; // NOAUTH, WRONGPASS, NOPERM
    uint64_t errors_wrongtype;
    uint64_t errors_other;
    uint64_t protocol_errors;
    uint64_t strings_omitted; // longer than REDIS_READER_BYTES_MAX
    uint64_t timeouts;
    uint64_t changes_in_flight; // pulled, not acknowledged
    uint64_t is_up;             // 1 = connected and owner of the prefix
    uint64_t flush_us;          // how long the last complete flush took
    struct span_histogram flush_times;
    struct span_histogram lags; // from the time of a post until it is in Redis
};

extern const struct metric redis_report_metric_rows[];
