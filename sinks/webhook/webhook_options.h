// The options of one webhook: a titled section of the configuration,
//
//     webhook "ops" { url = "https://example.org/hook"  secret_file = "ops-secret" }
//
// An unencrypted URL is allowed for this machine only, and only with allow_private, as
// for every address that is not public.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/slice.h"
#include "net/address.h"

enum webhook_format {
    WEBHOOK_FORMAT_STANDARD, // the alert's JSON, signed
    WEBHOOK_FORMAT_SLACK,    // {"text": "…"}; signed if there is a secret
};

struct webhook_options {
    char name[OPTION_TITLE_MAX]; // the title: letters, digits, '-' and '_'
    char url[OPTION_TEXT_MAX];
    char secret_file[OPTION_TEXT_MAX];
    char format[OPTION_TEXT_MAX];
    struct option_texts rules; // empty: all
    char ca_file[OPTION_TEXT_MAX];
    bool allow_private;
    usec timeout;
    uint64_t queue;
};

extern const struct option webhook_options_rows[];

// Checks the name, the URL, the format and the secret: STATUS_PARSE, STATUS_RANGE, or
// STATUS_IO for a file that cannot be read or that other users may read.
enum status webhook_options_check(const struct webhook_options *options,
                                  struct error *error) MUST_USE;

// These of checked options:
enum webhook_format webhook_options_format(const struct webhook_options *options);
enum address_rule webhook_options_address(const struct webhook_options *options);
// True if it receives the alerts of that rule; an alert without a rule goes to all
// webhooks.
bool webhook_options_want(const struct webhook_options *options, struct slice rule);
