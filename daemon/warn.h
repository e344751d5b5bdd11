// Logs once for every table of the pipeline that it is full, and what to do.
#pragma once

#include <stdbool.h>

#include "pipeline/shortages.h"

struct warn {
    bool is_logged[SHORTAGES];
};

// before: the metrics at the start of the process.
void warn_look(struct warn *warn, const struct pipeline_metrics *before,
               const struct pipeline_metrics *now);
