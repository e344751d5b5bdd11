// Evaluates alert rules: which rule raises an alert for which cascade, and when.
//
// A rule evaluates a cascade at every event counted below its root. By time, on
// multiples of 10 s of the clock, it evaluates it when a wait is over; and once a
// minute if only measures that change with time (forecast, overperformance, stage …) do
// not hold and the cascade has at least 10 events. When all conditions hold it raises
// the highest level that holds, once. If several levels are reached together, or while
// one waits, the lower ones are never raised. An alert waits
//   - until its conditions have held at every evaluation, the first and the last
//     at least `hysteresis` apart;
//   - until `cooldown` has passed since the rule's last alert about this cascade;
//   - for the daily budget: until the part f of the UTC day, at most
//     1 + f * daily_budget alerts are raised, and never more than daily_budget. Others
//     wait; when one more is allowed, the greatest (size, then reach, then the older
//     record) of those whose conditions still hold is raised;
//   - for room in the queue of alerts.
//
// Quiet: in wall time, alerts caused by posts older than `quiet` are collected in a
// digest, one alert for all of them. It is published when no such post has come for
// 10 s, 10 minutes after its first entry, or when it has 100 entries. Its cascades are
// not raised at that level again.
//
// Rules of the kind newcomer: pipeline/alerts/alert_newcomer.h.
//
// Resolved: when a cascade that a rule has raised is closed, its last level is
// published once more, with the final size. If its record is evicted before, no
// resolved alert is published; this is counted.
//
// A cascade with an alert in the queue is not evicted, and keeps its counts until the
// alert was shown or, in wall time, written. If the post is deleted before its alert is
// pulled, the alert is dropped.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/alerts/alert_memory.h"
#include "pipeline/alerts/alert_queue.h"
#include "pipeline/alerts/alert_texts.h"
#include "pipeline/alerts/rules.h"
#include "pipeline/changes.h"
#include "pipeline/pipeline.h"

struct snapshot;

enum { ALERTS_AMPLIFIERS_MAX = 10, ALERTS_CARRIERS_MAX = 5, ALERTS_DIGEST_MAX = 100 };

// A rule prepared for evaluation.
struct alerts_plan {
    uint64_t hash; // of its name and whether it is about newcomers, keyed
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    size_t count;
    size_t scaled; // the first condition that levels multiply; count: none
    bool is_newcomer;
};

// State of a rule; kept over restarts and found again by the plan's hash.
struct alerts_record {
    uint64_t rule;
    int64_t day; // days since 1970 of `used`
    uint64_t used;
    usec late;         // clock of the last post that was older than `quiet`
    usec digest_since; // clock of its first entry
    uint32_t digest;   // number of the current digest
    uint32_t digest_count;
    uint64_t is_short; // an alert waits for the budget
};

struct alerts {
    struct rule rules[RULES_MAX];
    struct alerts_plan plans[RULES_MAX];
    struct alerts_record records[RULES_MAX];
    size_t count;
    size_t newcomers; // rules of that kind
    struct alert_memory memory;
    struct alert_queue queue;
    struct alert_texts texts; // of those in the queue that were shown
    uint64_t shown;           // place in the queue; those before were shown or pulled
    uint32_t digests;         // number of the last one
    // What is recorded for carriers_in (pipeline/alerts/alert_carriers.h): how many
    // ranks, 0: no rule asks, and below which size.
    uint32_t known_ranks;
    double known_below;
    int64_t tick; // the last evaluation by time, in units of its period

    pipeline_watch_fn watch; // NULL: no watcher
    void *watch_context;
};

// False when the system refuses the memory.
bool alerts_init(struct alerts *alerts, uint32_t capacity);
void alerts_fini(struct alerts *alerts);

// An event of that time was counted below the cascade's root.
void alerts_judge(struct pipeline *pipeline, uint32_t cascade, usec time);

// The clock has moved.
void alerts_advance(struct pipeline *pipeline);

// The close of this cascade is reported now, if there is room in the queue, not on the
// next multiple of 10 s.
void alerts_resolve(struct pipeline *pipeline, uint32_t cascade);

// Saves the contents without the rules, or loads them into empty ones of the same
// capacity.
void alerts_move(struct alerts *alerts, struct snapshot *snapshot);
