// A backtest: which alerts the rules would have raised in a recording.
//
// The recording passes through the same pipeline as in a replay, in event time and
// without Redis. It is read twice: first to find which alerts are raised and the
// greatest size of each cascade, then to find when the cascades with alerts reached
// half of that size. For each rule one line is printed:
//
//     rule=viral alerts=14 alerts_per_day=7.00 reached_2x=10 reached_5x=3 reached_10x=1
//         median_head_start_min=12.5 min_size_for_10_per_day=85
//
// reached: alerts whose cascade reached at least so many times its size at the alert.
// Head start: from the alert to half the final size; negative if the alert came later.
// The last member is the value of the rule's first condition that levels multiply with
// which so many cascades a day (at least one) would fulfil the rule, before hysteresis,
// cooldown and daily_budget; "-" if there is no value.
#pragma once

struct settings;

struct backtest {
    const struct settings *settings;
    char **files; // regular files
    int file_count;
    double per_day; // alerts wanted
};

// Prints the result to standard output, and errors to the log. Returns an exit code of
// sysexits.
int backtest_run(const struct backtest *backtest);
