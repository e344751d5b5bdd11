// One webhook's queue: when each alert is sent, and how each answer is handled.
//
// Pure except for its memory: time is an argument, sending and storing are callbacks.
// One message is sent at a time, the one that is due longest. Attempts are 0, 5 s, 5
// min, 30 min, 2, 5, 10, 14, 20 and 24 h after one another, each but the first up to a
// tenth longer at random; after the tenth the alert is given up.
//
// Only 2xx is success. 410 stops the webhook until it is resumed or the process starts
// again: waiting alerts are dropped. 429, 502, 504 and Retry-After hold the whole
// queue. After any other answer the alert is tried again.
//
// An alert waits in memory and in Redis' outbox at the same time; both have the same
// room. A value of the outbox is "<attempts> <due, ms> <json>".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

struct person_text;
struct webhook;

enum { WEBHOOK_ATTEMPTS = 10, WEBHOOK_DONE = 1024 };

enum webhook_event {
    WEBHOOK_EVENT_FAILING,   // once until RECOVERED
    WEBHOOK_EVENT_RECOVERED, // a message was accepted again
    WEBHOOK_EVENT_GONE,      // 410
    WEBHOOK_EVENT_GIVEN_UP,  // an alert was tried ten times; once until RECOVERED
    WEBHOOK_EVENT_FULL,      // an alert found no room; once until there is room
    WEBHOOK_EVENT_INVALID,   // an entry of the outbox cannot be read; once
};

struct webhook_answer {
    long status;     // of HTTP; 0: there was none
    usec not_before; // wall time of Retry-After, or USEC_NONE
    bool is_refused; // the address is not allowed
    const char *why; // for a person
};

struct webhook_calls {
    // Begins to send; the answer is passed to webhook_answered, later. Borrows both.
    void (*send)(void *context, struct slice id, struct slice json);
    // Sets the outbox's value; or removes it.
    void (*keep)(void *context, struct slice id, struct slice value);
    void (*drop)(void *context, struct slice id);
    void (*report)(void *context, enum webhook_event event, const char *why);
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

// room: most alerts that wait. Keeps context, copies calls.
enum status webhook_create(const struct webhook_calls *calls, void *context,
                           size_t room, struct webhook **ret_webhook) MUST_USE;
void webhook_destroy(struct webhook **webhook);

// Adds a new alert; copies. Without room it is dropped.
void webhook_add(struct webhook *webhook, struct slice id, struct slice json, usec now);
// Sends an alert now, also one that was acknowledged or discarded before, or that waits
// for its next attempt; copies. False: there is no room, or the webhook is stopped.
bool webhook_send_again(struct webhook *webhook, struct slice id, struct slice json,
                        usec now);
// Adds an alert from the outbox, unless it is known already. An invalid value is
// dropped, and so is one of the WEBHOOK_DONE alerts that left the queue last: the
// outbox of a Redis that was replaced may still contain them.
void webhook_restore(struct webhook *webhook, struct slice id, struct slice value,
                     usec now);
// Calls `keep` for each alert that waits.
void webhook_keep(struct webhook *webhook);
// Removes the alerts that name the person, from the outbox, too. One that is being sent
// is removed when its answer comes. Returns how many.
size_t webhook_forget(struct webhook *webhook, const struct person_text *person);
// An alert found no room in the outbox.
void webhook_refuse(struct webhook *webhook);

// Sends what is due. Returns when to call again; USEC_NONE: not before another function
// was called. now: wall clock, as in all functions here.
usec webhook_tick(struct webhook *webhook, usec now);

// The wall clock was stepped by `step`: times until the next attempts do not change.
void webhook_stepped(struct webhook *webhook, usec step);

// The answer to the current message.
void webhook_answered(struct webhook *webhook, const struct webhook_answer *answer,
                      usec now);

// The endpoint has changed: the queue is no longer stopped or held.
void webhook_resume(struct webhook *webhook);

bool webhook_is_stopped(const struct webhook *webhook);
bool webhook_is_busy(const struct webhook *webhook); // a message is in progress
const struct webhook_metrics *webhook_metrics(const struct webhook *webhook);
