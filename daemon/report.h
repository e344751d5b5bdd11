// What a replay prints at its end: figures to standard output, and what was left out to
// the log.
#pragma once

#include <stdbool.h>

#include "daemon/replay.h"
#include "pipeline/pipeline.h"

// Fails if the output could not be written. Returns exit_code, or EX_IOERR after
// logging why.
int report_flush(int exit_code);

struct report {
    const struct replay *replay;
    const struct pipeline_metrics *now;
    const struct pipeline_metrics *before; // as in the snapshot
    bool is_verbose;                       // each refused message was logged
};
// Returns 0, EX_IOERR, or EX_DATAERR if nothing could be used.
int report_figures(const struct report *report);

// Logs how far a replay came that a signal stopped. keeps_place: in a state directory.
void report_stop(const struct replay_place *place, bool keeps_place);
