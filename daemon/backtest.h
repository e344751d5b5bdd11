// A backtest: what the alert rules would have said of a recording.
//
// The recording goes through the same pipeline as a replay, in event time and without
// Redis. It is read twice: first to see which alerts are raised and how far each
// cascade went (the greatest size it ever had), then to see when those that were raised
// had reached half of that. For each rule one line:
//
//     rule=viral alerts=14 alerts_per_day=7.00 reached_2x=10 reached_5x=3 reached_10x=1
//         median_head_start_min=12.5 min_size_for_10_per_day=85
//
// reached: alerts whose cascade got to at least so many times its size at the alert.
// Head start: from the alert to half the final size, less than 0 if that was before.
// The last one is the value of the rule's first condition that levels multiply with
// which so many cascades a day would fulfil the rule (at least one), before hysteresis,
// cooldown and daily_budget; "-" where there is nothing to tell.
#pragma once

struct settings;

struct backtest {
    const struct settings *settings;
    char **files; // regular files
    int file_count;
    double per_day; // alerts wanted
};

// Prints the answer to standard output, or what is wrong to the log. Returns an exit
// code of sysexits.
int backtest_run(const struct backtest *backtest);
