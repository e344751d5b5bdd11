// A source: a live stream of one network, kept connected for months.
//
// source_open.h creates one; source_transport.h defines its parts. The owner need not
// know its transport (HTTP stream, WebSocket):
//
//     connecting ─▶ live ⇄ idle-ok ─▶ stalled ─▶ backing-off ─▶ connecting …
//                                                          └──▶ failed (permanent)
//
// Messages are passed on in the order in which the network sent them, one callback
// each. The owner takes a message or has no room: then the source keeps it, reads
// nothing more from its socket (or a bounded part, of a WebSocket, which still detects
// signs of life), and offers the same message again after source_resume. A slow sink
// therefore slows the network down and uses no further memory.
//
// All callbacks come from the event loop, never from within a call of the source.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

struct event_base;
struct http_client;
struct source;
struct source_options;

enum source_state {
    SOURCE_CONNECTING,  // no byte of the stream yet
    SOURCE_LIVE,        // messages arrive
    SOURCE_IDLE_OK,     // a silence usual for this source, with signs of life
    SOURCE_STALLED,     // an unusual silence; the connection is being closed
    SOURCE_BACKING_OFF, // waits before the next attempt
    SOURCE_FAILED,      // stopped permanently: waiting does not help
};

enum { SOURCE_STATE_COUNT = SOURCE_FAILED + 1 };

// "connecting", "live", "idle-ok" …
const char *source_state_name(enum source_state state);

struct source_message {
    struct slice event; // name of a server-sent event; none for all others
    struct slice data;  // followed by LINES_PADDING readable bytes
    bool is_late;       // from a backfill; else it has just happened
};

// Where to resume. wire: the protocol of the network to which `value` belongs; a value
// of one wire is never sent to the other. kind: "time_us", "seq" or "id"; or "offsets":
// then value is their sum.
enum {
    SOURCE_CURSOR_HOST_MAX = 256,
    SOURCE_CURSOR_WORD_MAX = 16,
    SOURCE_CURSOR_OFFSETS_MAX = 3072,
};
struct source_cursor {
    char host[SOURCE_CURSOR_HOST_MAX];
    char wire[SOURCE_CURSOR_WORD_MAX];
    char kind[SOURCE_CURSOR_WORD_MAX];
    uint64_t value;
    usec time; // event time of the last message taken; USEC_NONE: there is no cursor
    // "0:4711,1:92", the next one in each partition of a Kafka topic; else empty
    char offsets[SOURCE_CURSOR_OFFSETS_MAX];
};

// A stretch of time of which messages may be missing. Reported when it opens (`to` is
// USEC_NONE) and again when it is over. is_recovered: the network sent again, or
// returned on request, everything that was missed.
struct source_gap {
    usec from;
    usec to;
    const char
        *reason; // one of the metric words: "stalled", "http_503", "closed_1006" …
    bool is_recovered;
};

struct source_callbacks {
    // True: taken. False: no room, see above. Borrows message.
    bool (*on_message)(void *context, const struct source_message *message);
    // error: the reason, one line for the log, with STALLED, BACKING_OFF and FAILED;
    // else NULL. Borrowed.
    void (*on_state)(void *context, enum source_state state, const struct error *error);
    void (*on_gap)(void *context, const struct source_gap *gap);
    void *context;
};

struct source_setup {
    struct event_base *base;              // kept, as all pointers here
    struct http_client *client;           // for transports over HTTP
    const struct source_options *options; // checked by source_options_check
    const struct source_cursor *resume;   // copied; NULL: from now on
    usec missed_from; // an earlier process followed it until then; or USEC_NONE
    struct source_callbacks callbacks;
    usec (*wall)(void); // clocks, so that tests may drive them by hand
    usec (*monotonic)(void);
    uint64_t seed; // of the jitter
};

struct source_metrics {
    uint64_t messages;
    uint64_t bytes; // of the decoded stream
    uint64_t signs; // of life without content: keep-alives, pongs
    uint64_t connects;
    uint64_t connects_failed;
    uint64_t drops; // connections that were up and ended
    uint64_t stalls;
    uint64_t too_long; // messages over LINES_MAX, dropped
    uint64_t protocol_errors;
    uint64_t pauses;
    uint64_t fill_requests; // pages requested to fill a gap
    uint64_t fill_failures;
    uint64_t fill_messages;
};

// One row per field; the owner adds which source it is.
extern const struct metric source_metric_rows[];

// Closes at once. Accepts NULL; not from inside a callback.
void source_destroy(struct source **source);

// Connects, and reconnects from then on.
void source_start(struct source *source);
// Closes the connection; no more callbacks until source_start.
void source_stop(struct source *source);
// There is room again.
void source_resume(struct source *source);
// Where to resume after the messages taken so far; false if the network cannot resume.
bool source_cursor(const struct source *source, struct source_cursor *ret_cursor);

// The source will not resume before that cursor: what is before it may be removed.
void source_settle(struct source *source, const struct source_cursor *reached);

enum source_state source_state_of(const struct source *source);
const struct source_metrics *source_metrics_of(const struct source *source);
