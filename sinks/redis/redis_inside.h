// The Redis sink from inside: shared by the files that make it up.
//   redis_sink.c    set-up, connection, timers, finishing
//   redis_dispatch.c  what a complete answer leads to
//   redis_fence.c   greeting, claiming the prefix
//   redis_purge.c   removing what an earlier life left
//   redis_resume.c  what an earlier life left; waiting until it is passed
//   redis_claims.c  alerts; redis_recent.c: again, where Redis lost them
//   redis_outbox.c  what webhooks have not acknowledged
//   redis_flush.c   changes → transactions: one at Redis, one being built
//   redis_report.c  what a human is told, and counted
//
//   REST ─▶ DOWN ─▶ GREET ─▶ CLAIM ─▶ GREET ─▶ [RECALL] ─▶ [OUTBOX] ─▶ [SCAN ◀─▶ PURGE]
//            ▲        ▲                                                     ▼
//            │        └──────────────── PAUSE ◀── refused ─────────── IDLE ◀─▶ FLUSH
//            └──────────────────────────────────────────── connection lost ───┘
// A webhook that is new leads from IDLE to OUTBOX.
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
    REDIS_PHASE_GREET,   // who is there, and who owns the prefix?
    REDIS_PHASE_CLAIM,   // the epoch is being raised
    REDIS_PHASE_RECALL,  // reading what an earlier life left of the sources
    REDIS_PHASE_OUTBOX,  // reading what webhooks have not acknowledged
    REDIS_PHASE_SCAN,    // looking for keys of an earlier life
    REDIS_PHASE_VERIFY,  // reading whether they are ours
    REDIS_PHASE_PURGE,   // removing those that are
    REDIS_PHASE_IDLE,    // all is written; `pace` says when to look again
    REDIS_PHASE_FLUSH,   // a transaction is at Redis
    REDIS_PHASE_CHECK,   // reading whether Redis still holds what was written
    REDIS_PHASE_PAUSE,   // Redis refused; `pace` says when to greet again
};

enum { REDIS_RECALL_NAME_MAX = 256 };

enum redis_told { REDIS_TOLD_LOST = 1, REDIS_TOLD_TROUBLE = 2 };

struct redis_sink {
    struct redis_sink_setup setup;
    usec flush;
    usec patience_most;
    char prefix[REDIS_PREFIX_MAX + 1];
    struct redis_keys keys;
    struct redis_conn *conn;
    struct redis_metrics metrics;

    enum redis_phase phase;
    struct redis_answer answer; // to the exchange under way
    struct event *pace;
    struct event *build;    // fires once, after the loop wrote what was sent
    struct event *give_up;  // first start
    struct event *patience; // of an episode of LOST or TROUBLE
    struct event *deadline; // of redis_sink_finish
    struct backoff pauses;

    // Ownership of the prefix
    uint64_t epoch;               // ours; 0: never claimed
    char token[REDIS_TOKEN_TEXT]; // tells our own claim from another daemon's
    bool is_claimed;              // on this connection
    bool is_claim_open;           // a claim was sent and its answer never came
    bool is_unknown;              // Redis may hold other keys than those we wrote
    char run_id[REDIS_ANSWER_NAME_MAX];
    struct redis_purge purge;

    // An earlier life
    bool is_recalled;
    bool is_held;
    char recall_field[REDIS_RECALL_NAME_MAX]; // whose value comes next
    size_t recall_field_len;

    // Flush
    struct redis_batch batches[2];
    unsigned sent;              // which batch is at Redis
    bool has_next;              // the other one is built and waits
    bool is_drained;            // nothing is left to pull: the batch built last ends it
    bool is_sent_last;          // the batch at Redis ends the flush
    size_t in_flight;           // changes pulled, not acknowledged
    struct redis_batch repairs; // commands that go before the next flush's first change
    usec flush_started;         // monotonic, as all below
    usec progressed; // when Redis acknowledged something, or nothing was to be written
    bool is_hurried;
    struct redis_cursors cursors;
    struct redis_outbox outbox;
    struct redis_check check;
    bool is_advised; // of how Redis should be set
    usec lag;        // of the slowest live source; USEC_NONE: not told
    bool is_missing; // a live source may have missed something

    // What was told
    bool is_ready;
    bool is_proven; // a flush was acknowledged
    unsigned told;  // enum redis_told, of the episode under way
    struct error last_error;
    bool is_refused; // the last error is an answer of Redis

    redis_done_fn done; // NULL: nobody waits
    void *done_context;
    bool is_final; // the flush under way began after redis_sink_finish
};

// redis_sink.c
usec redis_sink_now(void); // monotonic
void redis_sink_set_timer(struct event *timer, usec span);
void redis_sink_stop_timer(struct event *timer);
bool redis_sink_is_patient(const struct redis_sink *sink); // waits out any refusal
void redis_sink_send(struct redis_sink *sink, struct redis_batch *batch);
// Gives up what is in flight, waits a moment and greets again.
void redis_sink_pause(struct redis_sink *sink);
// For good: FENCED or FATAL.
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
