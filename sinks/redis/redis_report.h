// Messages about the Redis sink, and counters of its errors.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"
#include "sinks/redis/redis_error_kind.h"
#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_sink.h"

struct redis_report {
    bool is_ready;     // READY was reported
    bool is_proven;    // a flush was acknowledged
    bool is_advised;   // of how Redis should be set
    unsigned troubles; // enum redis_trouble, of the episode under way
    struct error last_error;
    bool is_refused; // the last error is an answer of Redis
};

enum redis_trouble { REDIS_TROUBLE_LOST = 1, REDIS_TROUBLE_REFUSED = 2 };

// Waits out any refusal.
bool redis_report_is_patient(const struct redis_sink *sink);

void redis_report_event(struct redis_sink *sink, enum redis_event event, int exit_code,
                        const struct error *error);
// What to do about an error of that kind; in a cluster, moved slots are no failure.
enum redis_action redis_report_action(const struct redis_sink *sink,
                                      enum redis_error_kind kind);
// "Redis at <address>: <its error>; <what to do>". A missing right is named.
void redis_report_refusal(const struct redis_sink *sink, enum redis_error_kind kind,
                          const char *text, struct error *ret_error);
// The connection is gone or was not made: STAY, or STOPPED if it will not get better.
enum redis_phase redis_report_down(struct redis_sink *sink, enum redis_error_kind kind,
                                   const struct error *error);
// Redis may delete this program's keys, or its user may not read the policy: reported
// once. From the answer to GREET.
void redis_report_advice(struct redis_sink *sink);
// The same from what INFO answered later: once for each time that a policy which evicts
// is set.
void redis_report_policy(struct redis_sink *sink, struct slice info);
void redis_report_trouble(struct redis_sink *sink, const struct error *error);
void redis_report_well(struct redis_sink *sink);
void redis_report_count(struct redis_sink *sink, enum redis_error_kind kind);
