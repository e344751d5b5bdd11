// Before redis_sink_finish reports success: is the server that has everything still the
// master? Only if redis.url names Sentinels or the nodes of a Redis Cluster.
//
// A master that was replaced accepts writes until it knows, and then loses them. So the
// Sentinels are asked again after the last transaction, then the server for its role
// (ROLE). If another server is the master, the connection is dropped, and everything is
// written there. While a failover may be in progress or no Sentinel answers, they are
// asked again after a pause, until the time of redis_sink_finish or redis.patience
// ends.
//
// In a cluster the most complete replica becomes the next master, so it is enough that
// one replica has everything (WAIT), if the master has any (ROLE).
#pragma once

#include <stdbool.h>

#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_sentinel.h"

struct redis_item;
struct redis_sink;

// How long a replica may take. For redis.timeout's sake shorter than its least value.
#define REDIS_CONFIRM_WAIT_MS "50"

struct redis_confirm {
    char role[16]; // of the server; empty: not known
    bool has_replicas;
    bool is_replicated; // one has everything; or the user may not use WAIT
};

// Entering CONFIRM. on_view gets the sink.
void redis_confirm_ask(struct redis_sink *sink, redis_sentinel_view_fn on_view);
// The Sentinels have answered.
enum redis_phase redis_confirm_viewed(struct redis_sink *sink,
                                      enum redis_sentinel_view view,
                                      const struct error *error);
// An item of the reply to ROLE, and its end.
void redis_confirm_item(struct redis_sink *sink, const struct redis_item *item);
enum redis_phase redis_confirm_answered(struct redis_sink *sink);
// `pace` fired in CONFIRM.
enum redis_phase redis_confirm_tick(struct redis_sink *sink);
