// The options and metrics of the modules of this room; pipeline/options.h explains the
// rows.
#pragma once

#include "base/metric.h"
#include "base/option.h"

// clang-format off
// ── windows.h ───────────────────────────────────────────────────────────

#define WINDOWS_OPTIONS(ROW) \
    ROW(windows, SPANS, "windows", "5m, 1h, 24h", USEC_PER_S, 31 * USEC_PER_DAY, \
        "Lengths of the sliding windows, one to eight; each has 60 steps")

#define WINDOWS_METRICS(ROW) \
    ROW(window_entries, GAUGE, "cascaded_window_entries", \
        "Amounts stored in the windows")

// ── boards.h ────────────────────────────────────────────────────────────

#define BOARDS_OPTIONS(ROW) \
    ROW(top, COUNT, "redis.top", "1000", 1, 10000, \
        "Members of a leaderboard")

#define BOARDS_METRICS(ROW) \
    ROW(board_rebuilds, COUNTER, "cascaded_board_rebuilds_total", \
        "Times a leaderboard was rebuilt from a whole window")
// clang-format on
