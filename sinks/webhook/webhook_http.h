// One webhook over HTTP: sends what is due in its queue (sinks/webhook/webhook.h), one
// signed POST at a time, with its own connection and deadline.
#pragma once

#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "sinks/webhook/webhook.h"

struct event_base;
struct http_client;
struct webhook_http;
struct webhook_options;

struct webhook_http_calls {
    // As in struct webhook_calls.
    void (*keep)(void *context, struct slice id, struct slice value);
    void (*drop)(void *context, struct slice id);
    void (*report)(void *context, enum webhook_event event, const char *why);
    // An answer came: webhook_http_tick is due.
    void (*on_answer)(void *context);
};

struct webhook_http_setup {
    struct event_base *base; // kept, as all pointers here but options and calls
    struct http_client *client;
    usec (*wall)(void);
    const struct webhook_options *options; // checked
    const struct webhook_http_calls *calls;
    void *context;
};

enum status webhook_http_create(const struct webhook_http_setup *setup,
                                struct webhook_http **ret_http,
                                struct error *error) MUST_USE;
// Call before the client is destroyed. Accepts NULL.
void webhook_http_destroy(struct webhook_http **http);

// Its queue, and its current options; both valid as long as it is.
struct webhook *webhook_http_queue(struct webhook_http *http);
const struct webhook_options *webhook_http_options(const struct webhook_http *http);

// Begins to send what is due. Returns when to call again; USEC_NONE: not before another
// function was called.
usec webhook_http_tick(struct webhook_http *http, usec now);

// Replaces the options, except for the room of the queue; also if it had answered 410.
// A message in progress to another URL is sent again.
void webhook_http_change(struct webhook_http *http,
                         const struct webhook_options *options);
