#include "base/span_histogram.h"

#include <stddef.h>

const usec span_histogram_bounds[SPAN_HISTOGRAM_BOUNDS] = {
    1 * USEC_PER_MS,   USEC_PER_MS * 5 / 2, 5 * USEC_PER_MS,    10 * USEC_PER_MS,
    25 * USEC_PER_MS,  50 * USEC_PER_MS,    100 * USEC_PER_MS,  250 * USEC_PER_MS,
    500 * USEC_PER_MS, 1 * USEC_PER_S,      USEC_PER_S * 5 / 2, 5 * USEC_PER_S,
    10 * USEC_PER_S,   30 * USEC_PER_S,     60 * USEC_PER_S,    300 * USEC_PER_S,
};

void
span_histogram_add(struct span_histogram *histogram, usec span)
{
    size_t group = 0;
    while (group < SPAN_HISTOGRAM_BOUNDS && span > span_histogram_bounds[group]) {
        group++;
    }
    histogram->counts[group]++;
    histogram->sum += span > 0 ? (uint64_t)span : 0;
}

uint64_t
span_histogram_count(const struct span_histogram *histogram)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= SPAN_HISTOGRAM_BOUNDS; i++) {
        count += histogram->counts[i];
    }
    return count;
}
