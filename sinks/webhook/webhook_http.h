// One webhook over HTTP: sends what is due in its queue (sinks/webhook/webhook.h), one
// signed POST at a time, with its own connection and deadline.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "sinks/webhook/webhook.h"

struct event_base;
struct http_client;
struct webhook_http;
struct webhook_options;

enum { WEBHOOK_HTTP_WHY_MAX = 256, WEBHOOK_HTTP_TRIALS = 16 };

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

// Sends one message at once, beside the queue and whatever its state: a trial.
// *ret_trial: its number. STATUS_AGAIN: one is in progress. STATUS_IO, STATUS_NOMEM,
// STATUS_PARSE: it cannot be sent.
enum status webhook_http_try(struct webhook_http *http, struct slice id,
                             struct slice json, uint32_t *ret_trial,
                             struct error *error) MUST_USE;

struct webhook_http_trial {
    bool is_over;
    long status; // of HTTP; 0: there was no answer
    usec took;
    char why[WEBHOOK_HTTP_WHY_MAX]; // for a person; empty after 2xx
};
// One of the last WEBHOOK_HTTP_TRIALS trials; valid as long as http is.
const struct webhook_http_trial *webhook_http_trial(const struct webhook_http *http,
                                                    uint32_t trial);

// Replaces the options, except for the room of the queue; also if it had answered 410.
// A message in progress to another URL is sent again.
void webhook_http_change(struct webhook_http *http,
                         const struct webhook_options *options);
