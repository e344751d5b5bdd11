// One GET with its whole answer, or one POST with its status; with a deadline and a
// limit.
//
// Uses the process's curl (net/http_client.h). Redirects are not followed.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "net/address.h"

struct event_base;
struct http_client;
struct http_fetch;
struct http_request_options;

struct http_fetch_answer {
    long status;       // 0: there was none
    struct slice body; // of a 200; borrowed
    usec not_before;   // earliest wall time of the next request; or USEC_NONE
    const char *why;   // for messages, unless status is 200
    bool is_refused;   // there was none because a post's rule forbids the address
};

// From the event loop. May start the next one.
typedef void (*http_fetch_fn)(void *context, const struct http_fetch_answer *answer);

struct http_fetch_setup {
    struct event_base *base; // kept, as all pointers here
    struct http_client *client;
    size_t body_most; // a longer body is a failure
    usec within;
    usec (*wall)(void);
    http_fetch_fn on_done;
    void *context;
};

enum status http_fetch_create(const struct http_fetch_setup *setup,
                              struct http_fetch **ret_fetch,
                              struct error *error) MUST_USE;
// Ends a request in progress without on_done. Accepts NULL.
void http_fetch_destroy(struct http_fetch **fetch);

// For later requests.
void http_fetch_set_within(struct http_fetch *fetch, usec within);

bool http_fetch_is_busy(const struct http_fetch *fetch);

// Not while busy. Borrows both; a failure to begin is reported through on_done, later.
void http_fetch_start(struct http_fetch *fetch,
                      const struct http_request_options *options, const char *url);
// A POST. The address is checked where the connection is made, after every look-up; for
// the same reason no proxy is used. The answer's body is read up to a limit and
// discarded; a status that arrived counts, even if the body fails.
struct http_fetch_post {
    struct slice body;          // copied
    const char *const *headers; // "name: value"; copied
    size_t header_count;
    enum address_rule rule;
};
// As http_fetch_start; the answer has no body.
void http_fetch_post(struct http_fetch *fetch,
                     const struct http_request_options *options, const char *url,
                     const struct http_fetch_post *post);
// Ends a request in progress without on_done.
void http_fetch_stop(struct http_fetch *fetch);
