// Delivers alerts to webhooks and standard output.
//
//     Redis sink ─ alert claimed ─▶ deliver ─▶ standard output
//                                      └─▶ webhook (sinks/webhook/webhook_http.h)
//
// Every webhook has its own queue, connection and deadline, so that a slow one does not
// delay others. An alert is removed from Redis' outbox when the webhook has
// acknowledged it.
//
// Webhooks may be added, changed and removed at run time. Each name keeps its place
// until the process ends, so at most REDIS_ENDPOINTS_MAX names are possible.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/metric.h"
#include "base/option.h"
#include "base/status.h"
#include "base/usec.h"
#include "sinks/webhook/webhook_options.h"

struct deliver;
struct event_base;
struct http_client;
struct redis_alerts;
struct redis_sink;
struct webhook_metrics;

struct deliver_options {
    uint64_t keep;
    bool to_stdout;
};

extern const struct option deliver_option_rows[];

struct deliver_setup {
    struct event_base *base; // kept, as all pointers here but webhooks
    struct http_client *client;
    const struct deliver_options *options;
    const struct webhook_options *webhooks; // copied
    size_t webhook_count; // at most REDIS_ENDPOINTS_MAX; 0: none is called
};

enum status deliver_create(const struct deliver_setup *setup,
                           struct deliver **ret_deliver, struct error *error) MUST_USE;
// Call before the client is destroyed. Accepts NULL.
void deliver_destroy(struct deliver **deliver);

// For the sink's set-up; valid as long as deliver is. After that, pass the sink itself
// before it starts.
const struct redis_alerts *deliver_alerts(const struct deliver *deliver);
void deliver_attach(struct deliver *deliver, struct redis_sink *sink);

// Adds a webhook that is new, was dropped before, or has changed. Alerts that wait for
// it, also those in Redis since an earlier process, are sent with the new options, even
// if it had answered 410; requests in progress to another URL are repeated. Its `queue`
// is not changed. STATUS_FULL: there were too many names. Copies options.
enum status deliver_put(struct deliver *deliver, const struct webhook_options *options,
                        struct error *error) MUST_USE;
// Sends nothing more to it. Alerts that wait for it are sent if it is added again.
void deliver_drop(struct deliver *deliver, const char *name);

// The wall clock was stepped by `step`.
void deliver_stepped(struct deliver *deliver, usec step);

// Writes what waits for standard output. Calls done, from the loop, when every alert
// had its first attempt or `within` has passed.
typedef void (*deliver_done_fn)(void *context);
void deliver_finish(struct deliver *deliver, usec within, deliver_done_fn done,
                    void *context);

// Writes as much as standard output takes without waiting. False if alerts are lost,
// for example because the disk is full.
bool deliver_flush_output(struct deliver *deliver);

// For a status line: alerts of all webhooks that wait for an acknowledgement.
uint64_t deliver_pending(const struct deliver *deliver);
size_t deliver_count(const struct deliver *deliver);
// NULL: it was dropped.
const char *deliver_name(const struct deliver *deliver, size_t webhook);
const struct webhook_metrics *deliver_metrics(const struct deliver *deliver,
                                              size_t webhook);
