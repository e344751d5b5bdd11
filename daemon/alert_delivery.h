// Delivers alerts to webhooks and standard output.
//
//     Redis sink ─ alert claimed ─▶ delivery ─▶ standard output
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
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "sinks/webhook/webhook_options.h"

struct alert_delivery;
struct alert_out_metrics;
struct event_base;
struct http_client;
struct person_text;
struct redis_alerts;
struct redis_sink;
struct webhook_http;
struct webhook_metrics;

struct alert_delivery_options {
    uint64_t keep;
    bool to_stdout;
};

extern const struct option alert_delivery_option_rows[];

struct alert_delivery_setup {
    struct event_base *base; // kept, as all pointers here but webhooks
    struct http_client *client;
    const struct alert_delivery_options *options;
    const struct webhook_options *webhooks; // copied
    size_t webhook_count; // at most REDIS_ENDPOINTS_MAX; 0: none is called
};

enum status alert_delivery_create(const struct alert_delivery_setup *setup,
                                  struct alert_delivery **ret_deliver,
                                  struct error *error) MUST_USE;
// Call before the client is destroyed. Accepts NULL.
void alert_delivery_destroy(struct alert_delivery **delivery);

// For the sink's set-up; valid as long as delivery is. After that, pass the sink itself
// before it starts.
const struct redis_alerts *alert_delivery_alerts(const struct alert_delivery *delivery);
void alert_delivery_attach(struct alert_delivery *delivery, struct redis_sink *sink);

// Adds a webhook that is new, was dropped before, or has changed. Alerts that wait for
// it, also those in Redis since an earlier process, are sent with the new options, even
// if it had answered 410; requests in progress to another URL are repeated. Its `queue`
// is not changed. STATUS_FULL: there were too many names. Copies options.
enum status alert_delivery_put(struct alert_delivery *delivery,
                               const struct webhook_options *options,
                               struct error *error) MUST_USE;
// Sends nothing more to it. Alerts that wait for it are sent if it is added again.
void alert_delivery_drop(struct alert_delivery *delivery, const char *name);

// The webhook of that name, for a trial; NULL: there is none.
struct webhook_http *alert_delivery_webhook(struct alert_delivery *delivery,
                                            const char *name);
// Sends an alert once more to that webhook (webhook_send_again). STATUS_RANGE: there is
// no such webhook, it gets no alerts of the rule, it is stopped, or there is no room.
struct alert_again {
    struct slice id; // of the message (webhook_sign_id)
    struct slice rule, json;
};
enum status alert_delivery_again(struct alert_delivery *delivery, const char *name,
                                 const struct alert_again *alert,
                                 struct error *error) MUST_USE;

// Removes the alerts that name the person and wait for a webhook. Returns how many.
size_t alert_delivery_forget(struct alert_delivery *delivery,
                             const struct person_text *person);

// Calls `watch` with the JSON of every new alert; NULL: stops.
typedef void (*alert_delivery_watch_fn)(void *context, struct slice json);
void alert_delivery_watch(struct alert_delivery *delivery,
                          alert_delivery_watch_fn watch, void *context);

// The wall clock was stepped by `step`.
void alert_delivery_stepped(struct alert_delivery *delivery, usec step);

// Writes what waits for standard output. Calls done, from the loop, when every alert
// had its first attempt or `within` has passed.
typedef void (*alert_delivery_done_fn)(void *context);
void alert_delivery_finish(struct alert_delivery *delivery, usec within,
                           alert_delivery_done_fn done, void *context);

// Writes as much as standard output takes without waiting. False if alerts are lost,
// for example because the disk is full.
bool alert_delivery_flush_output(struct alert_delivery *delivery);

// For a status line: alerts of all webhooks that wait for an acknowledgement.
uint64_t alert_delivery_pending(const struct alert_delivery *delivery);
size_t alert_delivery_count(const struct alert_delivery *delivery);
// NULL: it was dropped.
const char *alert_delivery_name(const struct alert_delivery *delivery, size_t webhook);
// Of standard output; NULL: alerts are not written to it.
const struct alert_out_metrics *
alert_delivery_output(const struct alert_delivery *delivery);
const struct webhook_metrics *
alert_delivery_metrics(const struct alert_delivery *delivery, size_t webhook);
