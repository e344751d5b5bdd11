// Sets the pipeline's clock after a step of the wall clock.
//
// A step forward is the same as the passing of time. After a step back nothing may be
// dated later than the clock. What was counted in later steps counts in the current
// one, so that no total changes. Later dates of events, posts and waits become the
// clock. Cascades that were closed only by the former clock are open again. What was
// used of the daily budgets of alert rules remains used.
//
// A step back does not restore steps that left a window by the wrong clock, cascades
// that were forgotten, closes that were reported, and forecasts of cascades with more
// than FORECAST_EXACT_MAX reshares, which begin again. The windows are therefore
// incomplete until the clock reaches its former value or the longest window has passed.
#pragma once

#include "base/usec.h"

struct pipeline;

// Sets the clock. Does nothing before the first post. The time needed is proportional
// to the number of events, users and cascades in memory.
void pipeline_step(struct pipeline *pipeline, usec clock);
