// One webhook's queue: which alert is to be sent when, and what an answer leads to.
//
// Pure but for its memory: time is an argument, sending and remembering are calls. One
// message is under way at a time, the one that is due longest. Attempts are 0, 5 s,
// 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h after one another, each but the first up to
// a tenth longer by chance; after the tenth the alert is given up.
//
// Only 2xx is success. 410 ends the webhook until it is resumed or the process starts
// again: what waits is dropped. 429, 502, 504 and Retry-After hold the whole queue.
// Everything else is tried again.
//
// An alert waits in memory and in Redis' outbox at once; both have the same room. A
// value of the outbox is "<attempts> <due, ms> <json>".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

struct webhook;

enum { WEBHOOK_ATTEMPTS = 10, WEBHOOK_DONE = 1024 };

enum webhook_event {
    WEBHOOK_EVENT_FAILING,   // told once until RECOVERED
    WEBHOOK_EVENT_RECOVERED, // a message was taken again
    WEBHOOK_EVENT_GONE,      // 410
    WEBHOOK_EVENT_GIVEN_UP,  // an alert was tried ten times; told once until RECOVERED
    WEBHOOK_EVENT_FULL,      // an alert found no room; told once until there is some
};

struct webhook_answer {
    long status;     // of HTTP; 0: there was none
    usec not_before; // wall time of Retry-After, or USEC_NONE
    bool is_refused; // the address may not be connected to
    const char *why; // for a person
};

struct webhook_calls {
    // Begins to send; the answer comes through webhook_answered, later. Borrows both.
    void (*send)(void *context, struct slice id, struct slice json);
    // The outbox's value is another one from now on; or it goes.
    void (*keep)(void *context, struct slice id, struct slice value);
    void (*drop)(void *context, struct slice id);
    void (*tell)(void *context, enum webhook_event event, const char *why);
    uint32_t (*chance)(void *context); // evenly distributed
};

struct webhook_metrics {
    uint64_t sent;
    uint64_t failed;     // attempts
    uint64_t refused;    // of these: address not allowed
    uint64_t given_up;   // alerts
    uint64_t dropped;    // alerts: no room, or 410
    uint64_t pending;    // alerts
    uint64_t is_stopped; // 1: 410
};

extern const struct metric webhook_metric_rows[];

// The span before attempt `attempt` (2 to WEBHOOK_ATTEMPTS) since the one before it.
usec webhook_delay(unsigned attempt, uint32_t chance);

// room: alerts that wait at most. Keeps context, copies calls.
enum status webhook_create(const struct webhook_calls *calls, void *context,
                           size_t room, struct webhook **ret_webhook) MUST_USE;
void webhook_destroy(struct webhook **webhook);

// A new alert; copies. Without room it is dropped.
void webhook_add(struct webhook *webhook, struct slice id, struct slice json, usec now);
// One that waited in the outbox; what is known already is left alone. A value that is
// none is dropped, and so is one of the WEBHOOK_DONE alerts that left the queue last:
// the outbox of a Redis that was replaced may still hold them.
void webhook_restore(struct webhook *webhook, struct slice id, struct slice value,
                     usec now);
// Calls `keep` for each alert that waits.
void webhook_keep(struct webhook *webhook);
// An alert found no room in the outbox.
void webhook_refuse(struct webhook *webhook);

// Sends what is due. Returns when to call again; USEC_NONE: not before something else
// was called. now: wall clock, as everywhere here.
usec webhook_tick(struct webhook *webhook, usec now);

// The wall clock was stepped by so much: what is due stays as far away as it was.
void webhook_stepped(struct webhook *webhook, usec step);

// What became of the message under way.
void webhook_answered(struct webhook *webhook, const struct webhook_answer *answer,
                      usec now);

// There is another endpoint: what ended or held the queue of the one before is over.
void webhook_resume(struct webhook *webhook);

bool webhook_is_stopped(const struct webhook *webhook);
bool webhook_is_busy(const struct webhook *webhook); // a message is under way
const struct webhook_metrics *webhook_metrics(const struct webhook *webhook);
