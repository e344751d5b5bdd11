// Whether the pipeline has seen all of a window.
#pragma once

#include <stdbool.h>

#include "base/usec.h"

struct pipeline;

// True if a window of that length is covered: it began after the first post, and
// nothing was left out in it. A step of the clock counts as for the longest window.
bool coverage_is_complete(const struct pipeline *pipeline, usec window);
