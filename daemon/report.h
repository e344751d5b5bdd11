// What a replay prints when it has read everything: its figures to standard output,
// what was left out to the log.
#pragma once

#include <stdbool.h>

#include "daemon/replay.h"
#include "pipeline/pipeline.h"

// A program whose output could not be written did not succeed. Returns exit_code, or
// EX_IOERR after logging why.
int report_flush(int exit_code);

struct report {
    const struct replay *replay;
    const struct pipeline_metrics *now;
    const struct pipeline_metrics *before; // as the snapshot had them
    bool is_verbose;                       // each refused message has its own line
};
// Returns 0, EX_IOERR, or EX_DATAERR if nothing could be used.
int report_figures(const struct report *report);
