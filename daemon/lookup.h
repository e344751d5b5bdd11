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
struct lookup;
struct pipeline;

struct lookup_options {
    bool is_on;
    char url[OPTION_TEXT_MAX];
    usec pause;
    usec refresh;
};

extern const struct option lookup_option_rows[];

// Checks the URL: STATUS_PARSE or STATUS_RANGE.
enum status lookup_options_check(const struct lookup_options *options,
                                 struct error *error) MUST_USE;

struct lookup_metrics {
    uint64_t requests;
    uint64_t requests_failed;
    uint64_t users_learnt;
    uint64_t posts_learnt;
    uint64_t missing; // requested and not answered
};

extern const struct metric lookup_metric_rows[];

struct lookup_setup {
    struct event_base *base; // kept, as all pointers here
    struct http_client *client;
    struct pipeline *pipeline;
    const struct lookup_options *options;
};

enum status lookup_create(const struct lookup_setup *setup, struct lookup **ret_lookup,
                          struct error *error) MUST_USE;
// Accepts NULL. Call before the client is destroyed.
void lookup_destroy(struct lookup **lookup);

// Sends the next request if it is due. Call a few times a second; now: monotonic.
void lookup_tick(struct lookup *lookup, usec now);

const struct lookup_metrics *lookup_metrics(const struct lookup *lookup);
