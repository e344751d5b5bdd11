// Metric rows: one row per number this program counts about itself, beside the code
// that counts.
//
// A row names a uint64_t at `offset` in its module's metrics struct. From the rows come
// --describe metrics, the closing summary of a replay, and later the Prometheus page.
// Names follow Prometheus: cascaded_<noun>_<event>_total for counters, no suffix for
// gauges.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
    const char *name;   // without labels
    const char *labels; // "reason=\"json\"" or NULL
    enum metric_type type;
    size_t offset;
    const char *help; // one sentence without the final stop
};

#define METRIC_END                                                                     \
    {                                                                                  \
        NULL, NULL, METRIC_COUNTER, 0, NULL                                            \
    }

static inline uint64_t
metric_value(const struct metric *row, const void *base)
{
    return *(const uint64_t *)(const void *)((const char *)base + row->offset);
}
