// One webhook over HTTP: sends what its queue (sinks/webhook/webhook.h) says is due,
// one signed POST at a time, with a connection and a deadline of its own.
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
    // As struct webhook_calls has them.
    void (*keep)(void *context, struct slice id, struct slice value);
    void (*drop)(void *context, struct slice id);
    void (*tell)(void *context, enum webhook_event event, const char *why);
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
// Before the client goes. Accepts NULL.
void webhook_http_destroy(struct webhook_http **http);

// Its queue, and its options as they are now; both valid as long as it is.
struct webhook *webhook_http_queue(struct webhook_http *http);
const struct webhook_options *webhook_http_options(const struct webhook_http *http);

// Begins to send what is due. Returns when to call again; USEC_NONE: not before
// something else was called.
usec webhook_http_tick(struct webhook_http *http, usec now);

// Other options from now on, but for the room of the queue; also if it had answered
// 410. What is under way to another URL is tried again.
void webhook_http_change(struct webhook_http *http,
                         const struct webhook_options *options);
