#include "pipeline/coverage.h"

#include "pipeline/inside.h"

bool
coverage_is_complete(const struct pipeline *pipeline, usec window)
{
    // Something was left out, or was evicted while it counted. USEC_NONE is before
    // every time.
    usec since = pipeline->clock - window;
    return pipeline->started != USEC_NONE && pipeline->started <= since &&
           pipeline->clock >= pipeline->whole_from && pipeline->lost_at <= since &&
           pipeline->cascades.evicted_at <= since;
}
