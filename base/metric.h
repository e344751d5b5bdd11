// Metric rows: one row per number this program counts about itself, beside the code
// that counts.
//
// A row names a uint64_t at `offset` in its module's metrics struct. From the rows come
// --describe metrics, the closing summary of a replay, and the Prometheus page.
// Names follow Prometheus: cascaded_<noun>_<event>_total for counters, no suffix for
// gauges.
#pragma once

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum metric_type {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_SPAN, // a gauge kept in microseconds and published in seconds, Prometheus'
                 // unit
};

enum { METRIC_TEXT_MAX = 32 };

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

// A table may be a macro of rows, ROW(member, TYPE, …), as in base/option.h.
#define METRIC_MEMBER(member, ...) uint64_t member;

static inline uint64_t
metric_value(const struct metric *row, const void *base)
{
    return *(const uint64_t *)(const void *)((const char *)base + row->offset);
}

// The value as published. Returns text.
static inline const char *
metric_text(const struct metric *row, const void *base, char text[METRIC_TEXT_MAX])
{
    uint64_t value = metric_value(row, base);
    if (row->type == METRIC_SPAN) {
        snprintf(text, METRIC_TEXT_MAX, "%" PRIu64 ".%06" PRIu64, value / 1000000,
                 value % 1000000);
    } else {
        snprintf(text, METRIC_TEXT_MAX, "%" PRIu64, value);
    }
    return text;
}
