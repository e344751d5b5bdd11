// Requests names that Bluesky's stream does not contain from its public API: of people
// and posts on the boards, 25 a call, one call at a time.
//
// Requested ids are remembered, answered or not, and requested again after
// names.refresh. The wait after a failure doubles, and is at least what the server
// requests.
#pragma once

#include <stdint.h>

#include "base/metric.h"
#include "base/option.h"
#include "base/status.h"

struct event_base;
struct http_client;
struct name_lookup;
struct pipeline;

struct name_lookup_options {
    bool is_on;
    char url[OPTION_TEXT_MAX];
    usec pause;
    usec refresh;
};

extern const struct option name_lookup_option_rows[];

// Checks the URL: STATUS_PARSE or STATUS_RANGE.
enum status name_lookup_options_check(const struct name_lookup_options *options,
                                      struct error *error) MUST_USE;

struct name_lookup_metrics {
    uint64_t requests;
    uint64_t requests_failed;
    uint64_t users_learnt;
    uint64_t posts_learnt;
    uint64_t missing; // requested and not answered
};

extern const struct metric name_lookup_metric_rows[];

struct name_lookup_setup {
    struct event_base *base; // kept, as all pointers here
    struct http_client *client;
    struct pipeline *pipeline;
    const struct name_lookup_options *options;
};

enum status name_lookup_create(const struct name_lookup_setup *setup,
                               struct name_lookup **ret_lookup,
                               struct error *error) MUST_USE;
// Accepts NULL. Call before the client is destroyed.
void name_lookup_destroy(struct name_lookup **lookup);

// Sends the next request if it is due. Call a few times a second; now: monotonic.
void name_lookup_tick(struct name_lookup *lookup, usec now);

const struct name_lookup_metrics *name_lookup_metrics(const struct name_lookup *lookup);
