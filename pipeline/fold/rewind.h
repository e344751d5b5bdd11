// The wall clock was stepped, and the counting clock follows.
//
// Forward it is what time does anyhow. Back, nothing may be dated later than the clock:
// what was counted in steps to come counts in the current one, so that no total
// changes; dates of events, posts and waits that lie ahead become the clock; cascades
// that had closed only by that clock are open again; the daily budgets of alert rules
// that were spent stay spent.
//
// What cannot be had back: steps that had left a window by the clock that was wrong,
// cascades that were forgotten and closes that were reported by it, and the forecasts
// of cascades with more than FORECAST_EXACT_MOST reshares, which begin again. So the
// windows are incomplete for as long as that can show: until the clock is where it was,
// or the longest window is over.
#pragma once

#include "base/usec.h"

struct pipeline;

// The clock is `clock` from now on. Before the first post nothing happens. Takes time
// in proportion to what is remembered.
void pipeline_step(struct pipeline *pipeline, usec clock);
