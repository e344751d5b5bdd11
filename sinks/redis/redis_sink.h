// The Redis sink: keeps Redis equal to the pipeline, on the caller's event loop.
//
// Every redis.flush it pulls the pipeline's changes and writes them in a sequence of
// transactions (MULTI … EXEC) of at most REDIS_BATCH_COMMANDS commands or
// REDIS_BATCH_BYTES bytes; one change is never split. While one transaction is at
// Redis, the next is built; it is sent when the first is acknowledged. The last one of
// a flush contains the source cursors and `meta`. While Redis is slow or cannot be
// reached nothing is pulled: changes merge in the pipeline.
//
// Ownership of the prefix: each start or reconnection increments `<prefix>epoch`, and
// each transaction runs under WATCH of it. An older daemon or delayed bytes of a lost
// connection therefore cannot write any more.
//
// When Redis may not contain what was written before (first start, another server, a
// missing or lower epoch) everything is written again, and keys of this program that
// the pipeline does not write are removed.
//
// Does not log or exit: one callback receives all messages. SIGPIPE must be ignored.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"
#include "sinks/redis/redis_metrics.h"
#include "net/redis/redis_options.h"

struct event_base;
struct change_field;
struct pipeline;
struct redis_alerts;
struct redis_outlet_setup;
struct redis_resume_request;
struct redis_sink;
struct redis_tenure;
enum {
    REDIS_BATCH_COMMANDS = 2000,
    // Redis keeps the words of a transaction until EXEC, in about four times its bytes:
    // these fit in the cache of one processor.
    REDIS_BATCH_BYTES = 1 << 16,
    REDIS_SINK_PATIENCE_S = 10, // see redis_sink_is_full
};

enum redis_event {
    REDIS_EVENT_READY,   // connected and owner of the prefix, for the first time
    REDIS_EVENT_LOST,    // the connection is lost (or was never open); once
    REDIS_EVENT_TROUBLE, // connected, but Redis refuses (no memory, read-only …); once
    REDIS_EVENT_RECOVERED, // ends LOST or TROUBLE: a whole flush was acknowledged
    REDIS_EVENT_REWRITE,   // Redis lost or may have lost keys: all are written again
    REDIS_EVENT_REPAIRED,  // missing or changed keys of this program are replaced
    REDIS_EVENT_ADVICE,    // Redis works, but its configuration should be changed
    REDIS_EVENT_FENCED,    // a newer daemon owns the prefix: exit. The sink is stopped
    REDIS_EVENT_FATAL,     // it will not recover: exit. The sink is stopped
};

// exit_code: of sysexits for FENCED (75) and FATAL (69, 71, 75, 77, 78), else 0. error:
// one line with what happened and what to do, borrowed; NULL with READY and RECOVERED.
// The callee may stop the loop and call any function below except redis_sink_destroy.
typedef void (*redis_event_fn)(void *context, enum redis_event event, int exit_code,
                               const struct error *error);

// A flush is about to start: cursors set now are part of it.
typedef void (*redis_flush_fn)(void *context);

typedef void (*redis_done_fn)(void *context, const struct error *error);

struct redis_sink_setup {
    struct event_base *base;             // kept
    const struct redis_options *options; // copied
    struct pipeline *pipeline;           // kept
    const char *version;                 // kept; for `meta`
    usec (*wall)(void);                  // the wall clock; NULL: the system's
    usec give_up; // FATAL when Redis is out of reach for so long at the start; 0: never
    // A refusal that only the operator can end is FATAL at any time, else only before
    // the first flush; any other one and a lost connection after redis.patience.
    bool ends_when_refused;
    redis_event_fn on_event;
    redis_flush_fn on_flush;                   // may be NULL
    const struct redis_resume_request *recall; // kept or NULL: see redis_resume.h
    const struct redis_alerts *alerts;         // the same: redis_outbox.h
    const struct redis_outlet_setup *outlet;   // the same: redis_outlet.h
    const struct redis_tenure *tenure; // of a worker, which has the prefix; or NULL
    void *context;                     // kept; for the two
    const char *const *places;         // kept; or NULL: `http` and `control` of `meta`
};

// Checks the options (STATUS_PARSE, STATUS_RANGE, STATUS_IO for a file that cannot be
// read) and sets up; uses no network. On failure *ret_sink is untouched.
enum status redis_sink_create(const struct redis_sink_setup *setup,
                              struct redis_sink **ret_sink,
                              struct error *error) MUST_USE;
// Closes at once; what is not acknowledged may be lost. Not from inside a callback.
void redis_sink_destroy(struct redis_sink **sink);

// Connects, reconnects and flushes. Callbacks come only from the loop.
void redis_sink_start(struct redis_sink *sink);

// Flushes without waiting for the timer until the pipeline has nothing left and all is
// acknowledged, then calls `done` from the loop; with an error when that takes longer
// than `within` or the sink stops (FENCED, FATAL). The sink continues afterwards. One
// call at a time.
void redis_sink_finish(struct redis_sink *sink, usec within, redis_done_fn done,
                       void *context);

// Nothing is written or removed until the release: after a start from an older snapshot
// no value goes back. From within READY, or before redis_sink_start. redis_sink_hurry
// and redis_sink_finish, which have to write, also release.
void redis_sink_hold(struct redis_sink *sink);
void redis_sink_release(struct redis_sink *sink);
bool redis_sink_is_held(const struct redis_sink *sink);

// Starts the next flush now, for a pipeline that needs room.
void redis_sink_hurry(struct redis_sink *sink);
// A post of that time was counted (redis_lag.h).
void redis_sink_note_post(struct redis_sink *sink, usec time);

// Where to resume the source `name`: replaces the hash cursor:<name> at the end of the
// next flush, behind all that the pipeline received until now. No fields: removes it.
// Copies. STATUS_FULL beyond REDIS_CURSORS_MAX hashes or REDIS_CURSOR_BYTES bytes.
enum { REDIS_CURSORS_MAX = 256, REDIS_CURSOR_BYTES = 1 << 16 };
enum status redis_sink_set_cursor(struct redis_sink *sink, struct slice name,
                                  const struct change_field *fields,
                                  size_t count) MUST_USE;

// As a cursor: the gap ledger of the source, gaps:<name>.
enum status redis_sink_set_gaps(struct redis_sink *sink, struct slice name,
                                const struct change_field *fields,
                                size_t count) MUST_USE;

// For `meta`. lag: of the slowest source; USEC_NONE: that of the pipeline's clock.
void redis_sink_set_streams(struct redis_sink *sink, usec lag, bool is_complete);
void redis_sink_streams(const struct redis_sink *sink, usec *ret_lag,
                        bool *ret_is_complete);

// Pause the sources: for REDIS_SINK_PATIENCE_S Redis acknowledged nothing of what
// was to be written, or the outlet has no room.
bool redis_sink_is_full(const struct redis_sink *sink);

// From READY on, except between LOST or TROUBLE and RECOVERED.
bool redis_sink_is_up(const struct redis_sink *sink);
// Up, and waiting for an answer for less than 0.8 s. age: since the last one, or since
// nothing was to be written; USEC_NONE: there was none.
bool redis_sink_is_current(const struct redis_sink *sink, usec *ret_age);
// The text of LOST or TROUBLE, until RECOVERED, else empty; caused by a reply of Redis.
const char *redis_sink_trouble(const struct redis_sink *sink);
bool redis_sink_is_refused(const struct redis_sink *sink);
const struct redis_metrics *redis_sink_metrics(const struct redis_sink *sink);
