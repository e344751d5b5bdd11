// Alert rules at work: which cascade is raised by which rule, and when.
//
// A rule judges a cascade with every event counted below its root. By time it judges
// it as well, on multiples of 10 s of the clock, when a wait is over; and once a minute
// if only measures that move with time (forecast, overperformance, stage …) are in the
// way and the cascade has at least 10 events. When all conditions hold it raises the
// highest level that holds, once: of several levels reached together, or while one
// waited, the lower ones are never raised. An alert waits
//   - until its conditions have held whenever it was judged, the first and the last
//     time at least `hysteresis` apart;
//   - until `cooldown` has passed since the rule's last alert about this cascade;
//   - for the daily budget: by the part f of the UTC day at most 1 + f * daily_budget
//     alerts, and never more than daily_budget, have left. Those beyond wait; whenever
//     one more may go, the greatest (size, then reach, then the older record) of those
//     whose conditions still hold goes;
//   - for room in the queue of alerts.
//
// Quiet: in wall time, what is raised by a post older than `quiet` goes into a digest:
// one alert for all of them, told when no such post has come for 10 s, 10 minutes after
// its first, or when it holds 100. Those cascades are not raised at that level again.
//
// Resolved: when a cascade that a rule has raised is closed, its last level is told
// once more, with the size it has then. One that is forgotten before, to make room for
// others, is not told of again but counted.
//
// A cascade with an alert in the queue keeps its counts and is not evicted. An alert
// about a post that is deleted before it leaves is dropped.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/alerts/alert_memory.h"
#include "pipeline/alerts/alert_queue.h"
#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "pipeline/alerts/rules.h"

struct snapshot;

enum { ALERTS_AMPLIFIERS_MAX = 10, ALERTS_DIGEST_MAX = 100 };

// A rule made ready.
struct alerts_plan {
    uint64_t hash; // of its name, keyed
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    size_t count;
    size_t scaled; // the first condition that levels multiply; count: none
};

// What a rule has done so far; kept over restarts and found again by its name.
struct alerts_record {
    uint64_t rule;
    int64_t day; // days since 1970 of `used`
    uint64_t used;
    usec late;         // clock of the last post of a backlog
    usec digest_since; // clock of its first entry
    uint32_t digest;   // number of the digest at hand
    uint32_t digest_count;
    uint64_t is_short; // something waits for the budget
};

struct alerts {
    struct rule rules[RULES_MAX];
    struct alerts_plan plans[RULES_MAX];
    struct alerts_record records[RULES_MAX];
    size_t count;
    struct alert_memory memory;
    struct alert_queue queue;
    uint64_t shown;   // place in the queue; before it changes_show_alert has been
    uint32_t digests; // number of the last one
    int64_t tick;     // the last evaluation by time, in units of its period

    // The change at hand.
    struct slice why[RULES_WHY_MAX];
    struct change_person amplifiers[ALERTS_AMPLIFIERS_MAX];
    struct change_digest digest[ALERTS_DIGEST_MAX];

    pipeline_watch_fn watch; // NULL: nobody looks on
    void *watch_context;
};

// False when the system refuses the memory.
bool alerts_init(struct pipeline *pipeline, uint32_t capacity);
void alerts_fini(struct pipeline *pipeline);

// An event of that time was counted below the cascade's root.
void alerts_judge(struct pipeline *pipeline, uint32_t cascade, usec time);

// The clock has moved.
void alerts_advance(struct pipeline *pipeline);

// Contents out of, or into an empty one of the same capacity; not the rules.
void alerts_move(struct pipeline *pipeline, struct snapshot *snapshot);
