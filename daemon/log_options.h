// The options of log messages (base/log.h).
#pragma once

#include "base/option.h"

struct log_options {
    char format[OPTION_TEXT_MAX]; // auto, text, fields, json
};

extern const struct option log_option_rows[];

enum status log_options_check(const struct log_options *options,
                              struct error *error) MUST_USE;

// Lines have that form from now on; "auto": fields for a daemon, text for a command
// whose end a user waits for, such as a replay. Requires checked options.
void log_options_apply(const struct log_options *options, bool is_daemon);
