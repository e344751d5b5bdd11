// --describe: prints the tables as text or as JSON.
#pragma once

#include <stdbool.h>
#include <stdio.h>

// what: "options", "metrics", "keys", "formats" or "alerts". False for anything else.
bool describe(FILE *out, const char *what, bool as_json);

// Prints every metric but histograms that is not zero, one a line. values: one pointer
// for each part of the metric tables, in their order; NULL for a part that does not
// exist.
enum describe_metric_part {
    DESCRIBE_LINES,
    DESCRIBE_DECODE,
    DESCRIBE_PIPELINE,
    DESCRIBE_REDIS,
    DESCRIBE_OUTLET,
    DESCRIBE_SOURCE,
    DESCRIBE_STREAM,
    DESCRIBE_HTTP,
    DESCRIBE_NAMES,
    DESCRIBE_WEBHOOK,
    DESCRIBE_OUTPUT,
    DESCRIBE_STATE,
    DESCRIBE_WORKER,
    DESCRIBE_FEED,
    DESCRIBE_LOOP,
    DESCRIBE_METRIC_PARTS,
};
void describe_values(FILE *out, const void *const values[DESCRIBE_METRIC_PARTS]);
