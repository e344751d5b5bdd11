// The command line.
#pragma once

#include <stdbool.h>

#include "base/status.h"

enum { CLI_OVERRIDES_MAX = 64 };

enum cli_action {
    CLI_RUN,
    CLI_CHECK,
    CLI_BACKTEST,
    CLI_REPORT,
    CLI_DESCRIBE,
    CLI_VERSION,
    CLI_HELP
};

struct cli {
    enum cli_action action;
    const char *config;   // NULL: not given
    const char *describe; // what, with CLI_DESCRIBE
    const char *report;   // name of a campaign, with CLI_REPORT
    bool is_json, is_html;
    const char *overrides[CLI_OVERRIDES_MAX];
    int override_count;
    double speed; // 0: as fast as possible
    bool stays;
    bool delivers;
    bool discards_state;
    double per_day; // alerts a day, with CLI_BACKTEST
    int verbosity;  // -1 quiet, 0, 1 verbose
    char **files;
    int file_count;
};

// All slices and pointers in ret_cli point into argv. On failure error contains what
// would be valid.
enum status cli_parse(int argc, char **argv, struct cli *ret_cli,
                      struct error *error) MUST_USE;

extern const char cli_help[];
