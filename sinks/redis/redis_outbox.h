// Alerts in Redis: claimed, published, and kept for webhooks until they are
// acknowledged.
//
// An alert is claimed by its id (sinks/redis/redis_claims.h) and only then appended to
// the stream, published, and put into the outbox of every webhook that receives it. An
// alert that comes again, after a lost answer or a restart of the daemon, therefore
// changes nothing. The outbox is read at every connection, and when a webhook is added:
// it contains what was claimed but never passed to a webhook.
//
// Redis' user needs for it: EVAL SET UNLINK PUBLISH XADD HLEN HSET HDEL EXPIRE HGETALL,
// and the channel <prefix>alerts.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_claims.h"
#include "sinks/redis/redis_drops.h"
#include "sinks/redis/redis_phase.h"

struct redis_sink;

enum {
    REDIS_ENDPOINTS_MAX = 16,
    REDIS_ALERTS_KEEP = 10000,
};

// An alert that is new in Redis. Sets of endpoints are bits.
struct redis_alert {
    struct slice id; // for webhooks
    struct slice json;
    uint64_t given; // endpoints whose outbox contains it
    uint64_t full;  // endpoints whose outbox had no room
};

struct redis_endpoint {
    const char *name;
    uint64_t room; // most alerts in its outbox
};

struct redis_alerts {
    uint64_t keep; // entries of the stream, at least
    struct redis_endpoint endpoints[REDIS_ENDPOINTS_MAX];
    size_t endpoint_count; // may grow at any time
    // The endpoints that get this rule's alerts.
    uint64_t (*wanted)(void *context, struct slice rule);
    // Acknowledged by Redis. May call redis_outbox_*. Borrows alert.
    void (*on_alert)(void *context, const struct redis_alert *alert);
    // The contents of an endpoint's outbox, at every connection and when the endpoint
    // is new. value: see redis_outbox_keep.
    void (*on_waiting)(void *context, size_t endpoint, struct slice id,
                       struct slice value);
    // Redis may have lost outboxes: call redis_outbox_rewrite for what still waits.
    // NULL: nothing does.
    void (*on_rewrite)(void *context);
    void *context;
};

// Seconds. The last attempt of a webhook is less than four days after the first.
#define REDIS_OUTBOX_TTL "432000"

// The webhook acknowledged the alert, or will not receive it any more.
void redis_outbox_drop(struct redis_sink *sink, size_t endpoint, struct slice id);
// Replaces its value: "<attempts> <due, ms> <json>"; new alerts begin as "0 0 …". Does
// nothing while Redis cannot be reached, so that memory stays bounded: after a restart
// the alert would only be tried again sooner.
void redis_outbox_keep(struct redis_sink *sink, size_t endpoint, struct slice id,
                       struct slice value);

// The same at once, in any state of Redis; from within on_rewrite.
void redis_outbox_rewrite(struct redis_sink *sink, size_t endpoint, struct slice id,
                          struct slice value);

// ── for the sink ───────────────────────────────────────────────────────────

struct redis_outbox {
    struct redis_claims claims[2]; // of each batch of the sink
    struct redis_batch due;        // changes of outboxes that wait for a flush
    struct redis_batch taken;      // and those in the transaction at Redis
    struct redis_drops drops;      // the removals among them
    struct buffer json;            // of the alert that is being added
    struct buffer group;           // of those that the next script claims
    struct redis_recent recent;
    size_t read; // of how many endpoints, on this connection
};

// Redis may have lost alerts and outboxes: both are written with the next flush.
void redis_outbox_restore(struct redis_sink *sink);

void redis_outbox_take(struct redis_outbox *outbox);
void redis_outbox_written(struct redis_outbox *outbox);
void redis_outbox_lost(struct redis_outbox *outbox);

void redis_outbox_init(struct redis_sink *sink);
void redis_outbox_fini(struct redis_sink *sink);
// The key of an endpoint's outbox; points into the sink.
struct redis_name redis_outbox_key(const struct redis_sink *sink, size_t endpoint);
// Whether an outbox is still to be read on this connection.
bool redis_outbox_is_unread(const struct redis_sink *sink);
// Entering OUTBOX.
enum redis_phase redis_outbox_read(struct redis_sink *sink);
// The requested outboxes are complete.
void redis_outbox_recalled(struct redis_sink *sink);
// A field or value of an outbox, by turns.
void redis_outbox_found(struct redis_sink *sink, size_t index, struct slice text);
