// The state of the Redis sink, shared by its files:
//   redis_sink.c    set-up, connection, timers, finishing
//   redis_dispatch.c  the next step after a complete answer
//   redis_fence.c   greeting, claiming the prefix
//   redis_purge.c   removing keys of an earlier process
//   redis_resume.c  cursors of an earlier process; waiting until they are reached
//   redis_claims.c  alerts; redis_recent.c: again, if Redis lost them
//   redis_outbox.c  what webhooks have not acknowledged
//   redis_flush.c   changes → transactions: one at Redis, one being built
//   redis_report.c  messages and error counters
//
//   REST ─▶ DOWN ─▶ GREET ─▶ CLAIM ─▶ GREET ─▶ [RECALL] ─▶ [OUTBOX] ─▶ [SCAN ◀─▶ PURGE]
//            ▲        ▲                                                     ▼
//            │        └──────────────── PAUSE ◀── refused ─────────── IDLE ◀─▶ FLUSH
//            └──────────────────────────────────────────── connection lost ───┘
// A new webhook leads from IDLE to OUTBOX.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "sinks/redis/redis_outbox.h"
#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_check.h"
#include "sinks/redis/redis_conn.h"
#include "sinks/redis/redis_cursors.h"
#include "sinks/redis/redis_keys.h"
#include "sinks/redis/redis_report.h"
#include "sinks/redis/redis_fence.h"
#include "sinks/redis/redis_purge.h"
#include "sinks/redis/redis_resume.h"
#include "sinks/redis/redis_sink.h"

struct event;

enum redis_phase {
    REDIS_PHASE_STOPPED, // not started, or over (FENCED, FATAL)
    REDIS_PHASE_DOWN,    // the connection is being made
    REDIS_PHASE_GREET,   // which server, and who owns the prefix?
    REDIS_PHASE_CLAIM,   // the epoch is being incremented
    REDIS_PHASE_RECALL,  // reading cursors and gaps of an earlier process
    REDIS_PHASE_OUTBOX,  // reading what webhooks have not acknowledged
    REDIS_PHASE_SCAN,    // searching for keys of an earlier process
    REDIS_PHASE_VERIFY,  // checking that they are this program's
    REDIS_PHASE_PURGE,   // removing them
    REDIS_PHASE_IDLE,    // all is written; `pace` is the next flush
    REDIS_PHASE_FLUSH,   // a transaction is at Redis
    REDIS_PHASE_CHECK,   // checking that Redis still has what was written
    REDIS_PHASE_PAUSE,   // Redis refused; `pace` is the next greeting
};

enum { REDIS_RECALL_NAME_MAX = 256 };

enum redis_reported { REDIS_REPORTED_LOST = 1, REDIS_REPORTED_TROUBLE = 2 };

struct redis_sink {
    struct redis_sink_setup setup;
    usec flush;
    usec patience_most;
    char prefix[REDIS_PREFIX_MAX + 1];
    struct redis_keys keys;
    struct redis_conn *conn;
    struct redis_metrics metrics;

    enum redis_phase phase;
    struct redis_answer answer; // to the current exchange
    struct event *pace;
    struct event *build;    // fires once, after the loop wrote what was sent
    struct event *give_up;  // first start
    struct event *patience; // of an episode of LOST or TROUBLE
    struct event *deadline; // of redis_sink_finish
    struct backoff pauses;

    // Ownership of the prefix
    uint64_t epoch;               // of this process; 0: never claimed
    char token[REDIS_TOKEN_TEXT]; // identifies the claims of this process
    bool is_claimed;              // on this connection
    bool is_claim_open;           // a claim was sent and its answer never came
    bool is_unknown;              // Redis may contain keys written by others
    char run_id[REDIS_ANSWER_NAME_MAX];
    struct redis_purge purge;

    // An earlier process
    bool is_recalled;
    bool is_held;
    char recall_field[REDIS_RECALL_NAME_MAX]; // the next value is of this field
    size_t recall_field_len;

    // Flush
    struct redis_batch batches[2];
    unsigned sent;     // which batch is at Redis
    bool has_next;     // the other one is built and waits
    bool is_drained;   // nothing is left to pull: the last batch ends the flush
    bool is_sent_last; // the batch at Redis ends the flush
    size_t in_flight;  // changes pulled, not acknowledged
    struct redis_batch repairs; // commands that go before the next flush's first change
    usec flush_started;         // monotonic, as all below
    usec progressed; // when Redis last acknowledged something, or had nothing to do
    bool is_hurried;
    struct redis_cursors cursors;
    struct redis_outbox outbox;
    struct redis_check check;
    bool is_advised; // about Redis' configuration
    usec lag;        // of the slowest live source; USEC_NONE: not known
    bool is_missing; // messages of a live source may be missing

    // Reports
    bool is_ready;
    bool is_proven;    // a flush was acknowledged
    unsigned reported; // enum redis_reported, since the last RECOVERED
    struct error last_error;
    bool is_refused; // the last error is an answer of Redis

    redis_done_fn done; // NULL: no caller waits
    void *done_context;
    bool is_final; // the current flush began after redis_sink_finish
};

// redis_sink.c
usec redis_sink_now(void); // monotonic
void redis_sink_set_timer(struct event *timer, usec span);
void redis_sink_stop_timer(struct event *timer);
bool redis_sink_is_patient(const struct redis_sink *sink); // waits at any refusal
void redis_sink_send(struct redis_sink *sink, struct redis_batch *batch);
// Gives up what is in flight, waits and greets again.
void redis_sink_pause(struct redis_sink *sink);
// Stops permanently: FENCED or FATAL.
void redis_sink_retire(struct redis_sink *sink, enum redis_event event, int exit_code,
                       const struct error *error);

// redis_dispatch.c: callbacks of the connection; context is the sink
void redis_dispatch_item(void *context, const struct redis_item *item);
void redis_dispatch_reply(void *context);

// redis_resume.c
// False if there is nothing to read.
bool redis_resume_recall(struct redis_sink *sink);
void redis_resume_found(struct redis_sink *sink, size_t index, struct slice text);

// redis_flush.c
void redis_flush_idle(struct redis_sink *sink);
void redis_flush_tick(struct redis_sink *sink);
void redis_flush_build(struct redis_sink *sink);
void redis_flush_acknowledged(struct redis_sink *sink);
void redis_flush_lose(struct redis_sink *sink);
void redis_flush_repair(struct redis_sink *sink);
