// Metric rows: one row per number this program counts about itself, beside the code
// that counts.
//
// A row names a uint64_t, or a struct span_histogram, at `offset` in its module's
// metrics struct. From the rows come --describe metrics, the closing summary of a
// replay, and the Prometheus page.
// Names follow Prometheus: cascaded_<noun>_<event>_total for counters, no suffix for
// gauges.
#pragma once

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/span_histogram.h"

enum metric_type {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_SPAN, // a gauge kept in microseconds and published in seconds, the unit of
                 // Prometheus
    METRIC_HISTOGRAM, // a struct span_histogram, published in seconds
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

static inline const char *
metric_type_name(const struct metric *row)
{
    return row->type == METRIC_COUNTER     ? "counter"
           : row->type == METRIC_HISTOGRAM ? "histogram"
                                           : "gauge";
}

static inline const struct span_histogram *
metric_histogram(const struct metric *row, const void *base)
{
    return (const struct span_histogram *)(const void *)((const char *)base +
                                                         row->offset);
}

// Not of a histogram.
static inline uint64_t
metric_value(const struct metric *row, const void *base)
{
    return *(const uint64_t *)(const void *)((const char *)base + row->offset);
}

// Microseconds in seconds. Returns text.
static inline const char *
metric_seconds(uint64_t us, char text[METRIC_TEXT_MAX])
{
    snprintf(text, METRIC_TEXT_MAX, "%" PRIu64 ".%06" PRIu64, us / 1000000,
             us % 1000000);
    return text;
}

// The value as published; not of a histogram. Returns text.
static inline const char *
metric_text(const struct metric *row, const void *base, char text[METRIC_TEXT_MAX])
{
    uint64_t value = metric_value(row, base);
    if (row->type == METRIC_SPAN) {
        return metric_seconds(value, text);
    }
    snprintf(text, METRIC_TEXT_MAX, "%" PRIu64, value);
    return text;
}
