// Asks Bluesky's public API for the names that its stream does not carry: of people and
// posts on the boards, 25 a call, one call at a time.
//
// What was asked for is remembered, answered or not, and asked for again after
// names.refresh. A failure waits longer each time, and as long as the server says.
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

// The URL: STATUS_PARSE or STATUS_RANGE.
enum status lookup_options_check(const struct lookup_options *options,
                                 struct error *error) MUST_USE;

struct lookup_metrics {
    uint64_t requests;
    uint64_t requests_failed;
    uint64_t users_learnt;
    uint64_t posts_learnt;
    uint64_t missing; // asked for and not answered
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
// Accepts NULL. Before the client goes.
void lookup_destroy(struct lookup **lookup);

// Asks for what is worth it, if it is time. Call a few times a second; now: monotonic.
void lookup_tick(struct lookup *lookup, usec now);

const struct lookup_metrics *lookup_metrics(const struct lookup *lookup);
