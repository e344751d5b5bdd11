// The metrics in the names of keys and fields, each with a window behind it:
// "mentions:1h".
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "pipeline/changes.h"

// kind: BOARD or CAMPAIGN_BOARD, in the name of the key; USER or CAMPAIGN, in fields.
bool metric_names_have(enum change_kind kind, struct slice metric);
