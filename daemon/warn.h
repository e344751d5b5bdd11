// Logs once of every table of the pipeline that it is full, and what to do.
#pragma once

#include <stdbool.h>

#include "pipeline/shortages.h"

struct warn {
    bool is_logged[SHORTAGES];
};

// before: as the metrics were when the process began.
void warn_look(struct warn *warn, const struct pipeline_metrics *before,
               const struct pipeline_metrics *now);
