// Alerts to whoever is to get them: webhooks and standard output.
//
//     Redis sink ─ alert claimed ─▶ deliver ─▶ standard output
//                                      └─▶ webhook (sinks/webhook/webhook_http.h)
//
// Every webhook has its queue, its connection and its deadline: one that hangs delays
// nobody else. An alert leaves Redis' outbox once the webhook acknowledged it.
//
// Webhooks may come, change and go while it runs. Each name keeps its place until the
// end of the process, so there are REDIS_ENDPOINTS_MAX names in all.
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
// Before the client goes. Accepts NULL.
void deliver_destroy(struct deliver **deliver);

// For the sink's set-up; valid as long as deliver is. Then the sink, before it starts.
const struct redis_alerts *deliver_alerts(const struct deliver *deliver);
void deliver_attach(struct deliver *deliver, struct redis_sink *sink);

// A webhook that is new, that was dropped before, or that has changed: what waits for
// it, in Redis since an earlier life, too, is sent as the options say from now on, also
// if it had answered 410; what is under way to another URL is tried again. Its `queue`
// stays as it was. STATUS_FULL: there were too many names. Copies options.
enum status deliver_put(struct deliver *deliver, const struct webhook_options *options,
                        struct error *error) MUST_USE;
// It gets nothing more. What waits for it is sent if it comes back.
void deliver_drop(struct deliver *deliver, const char *name);

// The wall clock was stepped by so much.
void deliver_stepped(struct deliver *deliver, usec step);

// Writes what waits for standard output; and calls done, from the loop, once every
// alert had its first attempt or `within` has passed.
typedef void (*deliver_done_fn)(void *context);
void deliver_finish(struct deliver *deliver, usec within, deliver_done_fn done,
                    void *context);

// Writes what standard output takes at once. False if alerts for it are lost, as on a
// full disk.
bool deliver_flush_output(struct deliver *deliver);

// For a status line: alerts that wait to be acknowledged, of all webhooks.
uint64_t deliver_pending(const struct deliver *deliver);
size_t deliver_count(const struct deliver *deliver);
// NULL: it was dropped.
const char *deliver_name(const struct deliver *deliver, size_t webhook);
const struct webhook_metrics *deliver_metrics(const struct deliver *deliver,
                                              size_t webhook);
