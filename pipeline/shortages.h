// The consequences of full tables, as text: one row for each, with the metric that
// counts it.
//
// If is_incomplete is set, the boards are incomplete until what was left out would have
// left the longest window; other rows affect estimates, shapes or memory only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/options.h"

enum { SHORTAGES = 19 };

struct shortage {
    uint32_t offset; // of the count in struct pipeline_metrics
    bool is_incomplete;
    const char *text; // what happens and which option to raise
};

extern const struct shortage shortage_rows[SHORTAGES];

static inline uint64_t
shortages_count(const struct pipeline_metrics *metrics, uint32_t row)
{
    return *(const uint64_t *)(const void *)((const char *)metrics +
                                             shortage_rows[row].offset);
}
