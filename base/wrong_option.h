// The message about an option of the command line that getopt_long refused.
#pragma once

#include <getopt.h>

#include "base/status.h"

struct wrong_option {
    int found;        // what getopt_long returned: '?' or ':'
    int letter;       // optopt
    const char *word; // argv[optind - 1]; borrowed
};

// The long option that may be meant is named. What follows '=' is not repeated: it may
// be a secret. Returns STATUS_PARSE with error set.
enum status wrong_option_explain(const struct wrong_option *wrong,
                                 const struct option *options, struct error *error);
