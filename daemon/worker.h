// What only a worker does (scale.role = "work"), beside counting: it keeps its seat, so
// that no spare takes over, and copies its snapshots to Redis, for the spares.
//
//     spare_wait ─▶ worker_start ─▶ worker_release     stopped
//         ▲              └─▶ on_lost: another worker has the prefix
//         └──────────────────┘
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/status.h"
#include "daemon/snapshot_copy.h"
#include "sinks/redis/redis_seat.h"
#include "sinks/redis/redis_store.h"

struct event_base;
struct persistence;
struct settings;

struct worker_metrics {
    uint64_t is_spare;
    uint64_t takeovers;
    uint64_t copied;
    uint64_t failed;
    uint64_t copied_at;  // wall clock in usec; 0: none was copied or fetched
    uint64_t is_failing; // the last one could not be copied
};

extern const struct metric worker_metric_rows[];

struct worker_needs {
    struct event_base *base; // kept, as all pointers here
    const struct settings *settings;
    struct persistence *persistence;
    void (*on_copied)(struct persistence *persistence, bool is_good);
    void (*on_lost)(void *context);
    void (*on_released)(void *context);
    void *context; // for these two
};

// Zeroed before the first spare_wait. Metrics and tenure remain from one to the next.
struct worker {
    struct worker_metrics metrics;
    struct redis_tenure tenure;
    struct worker_needs needs;
    struct redis_seat *seat; // NULL: not started
    struct redis_store *store;
    struct snapshot_reader reader; // of the snapshot that is copied
};

// Has the seat already, by the tenure. False with error set.
bool worker_start(struct worker *worker, const struct worker_needs *needs,
                  struct error *error);
// A snapshot is in that directory: copies it, and calls on_copied.
void worker_copy(struct worker *worker, int dir);
// All is written: leaves the seat to a spare, and calls on_released in any case.
void worker_release(struct worker *worker);
// Accepts one that was not started.
void worker_stop(struct worker *worker);
