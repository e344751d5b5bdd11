// The state of the Redis sink, shared by its files. From the ground up:
//   redis_tools.c    sending a transaction, ending a phase
//   redis_report.c   messages, counters of errors
//   redis_recent.c   alerts to claim again where Redis lost them
//   redis_outbox.c   what webhooks have not acknowledged
//   redis_outlet.c   entries for another process
//   redis_drops.c    alerts that leave the outboxes
//   redis_claims.c   alerts: claimed once each
//   redis_resume.c   what an earlier process left of the sources
//   redis_marks.c    who is marked as talked to
//   redis_check.c    whether Redis still holds what was written
//   redis_purge.c    removing what an earlier process left
//   redis_flush.c    changes → transactions: one at Redis, one being built
//   redis_confirm.c  whether the server still is the master, at the end
//   redis_fence.c    greeting, claiming the prefix
//   redis_dispatch.c what a reply means
//   redis_machine.c  every transition (redis_phase.h)
//   redis_sink.c     set-up, and what the daemon calls
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/backoff.h"
#include "net/clock.h"
#include "net/timer.h"
#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_check.h"
#include "sinks/redis/redis_confirm.h"
#include "sinks/redis/redis_conn.h"
#include "sinks/redis/redis_cursors.h"
#include "sinks/redis/redis_lag.h"
#include "sinks/redis/redis_marks.h"
#include "sinks/redis/redis_fence.h"
#include "sinks/redis/redis_flush.h"
#include "sinks/redis/redis_keys.h"
#include "sinks/redis/redis_outbox.h"
#include "sinks/redis/redis_outlet.h"
#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_purge.h"
#include "sinks/redis/redis_report.h"
#include "sinks/redis/redis_resume.h"
#include "sinks/redis/redis_sink.h"
#include "sinks/redis/redis_tools.h"

// Why a phase ends: see redis_tools_stop and redis_tools_drop.
struct redis_end {
    enum redis_event event;
    int exit_code;
    enum redis_error_kind kind;
    struct error error;
};

// Of sources, for `meta`.
struct redis_streams {
    usec lag;        // of the slowest live source; USEC_NONE: not known
    bool is_missing; // a live source may have missed something
};

struct redis_sink {
    struct redis_sink_setup setup;
    usec interval; // between flushes
    usec patience_most;
    char prefix[REDIS_PREFIX_MAX + 1];
    struct redis_keys keys;
    struct redis_conn *conn;
    struct redis_metrics metrics;

    enum redis_phase phase;     // set by redis_machine.c alone
    struct redis_answer answer; // to the exchange under way
    struct redis_end end;
    struct backoff pauses;
    struct timer pace;     // of IDLE and PAUSE
    struct timer build;    // fires once, after the loop wrote what was sent
    struct timer give_up;  // first start
    struct timer patience; // of an episode of LOST or TROUBLE
    struct timer deadline; // of redis_sink_finish

    struct redis_fence fence;
    struct redis_resume resume;
    struct redis_purge purge;
    struct redis_flush flush;
    struct redis_cursors cursors;
    struct redis_outbox outbox;
    struct redis_outlet outlet;
    struct redis_check check;
    struct redis_confirm confirm;
    struct redis_marks marks;
    struct redis_streams streams;
    struct redis_report report;
    struct redis_lag lag;
};
