// One connection to Redis, which is reopened whenever it is lost.
//
// It connects, logs in (AUTH, SELECT) and then passes replies to its owner in the order
// of the commands. Deadlines: redis.connect_timeout until logged in, redis.timeout for
// every reply. An idle connection is checked (PING) every second, so that a silent loss
// of the peer is noticed. Attempts are 50 ms apart, doubling to 2 s, until
// redis_conn_healthy. If redis.url names Sentinels, each attempt asks them for the
// master first and checks its role (ROLE) after login. If it names the nodes of a
// Redis Cluster, each attempt begins with the next of them and, after login, follows
// redirections to the owner of the slot of redis.prefix.
//
//     rest ─start─▶ wait ─▶ [ask] ─▶ dial ─▶ hello ─▶ up
//                    ▲────────┴────────┴───────┴──────┘ failure: on_down
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "sinks/redis/redis_error_kind.h"
#include "net/redis/redis_options.h"
#include "sinks/redis/redis_reader.h"
#include "sinks/redis/redis_sink.h"

struct redis_conn;
struct redis_sentinel_claim;

struct redis_conn_calls {
    void (*on_up)(void *context);
    // Not up any more, or an attempt failed; the next attempt follows automatically.
    // kind: of the error reply at login, else NONE. Bytes passed to redis_conn_send are
    // free again.
    void (*on_down)(void *context, enum redis_error_kind kind,
                    const struct error *error);
    // An item of the next reply. Must not use the connection.
    void (*on_item)(void *context, const struct redis_item *item);
    // That reply is complete. May do anything but destroy the connection.
    void (*on_reply)(void *context);
};

// base, calls, context and metrics are kept, options are not.
struct redis_conn_setup {
    struct event_base *base;
    const struct redis_options *options;
    const struct redis_conn_calls *calls;
    void *context;
    struct redis_metrics *metrics;
};
// Checks options and files.
enum status redis_conn_create(const struct redis_conn_setup *setup,
                              struct redis_conn **ret_conn,
                              struct error *error) MUST_USE;
void redis_conn_destroy(struct redis_conn **conn);

// Begins to connect; callbacks come only from the loop.
void redis_conn_start(struct redis_conn *conn);
// Closes and stays closed; no callback.
void redis_conn_stop(struct redis_conn *conn);
// Closes, calls on_down and connects again after the next wait.
void redis_conn_drop(struct redis_conn *conn, enum redis_error_kind kind,
                     const struct error *error);
// Redis works: the wait after the next failure begins at 50 ms again.
void redis_conn_healthy(struct redis_conn *conn);

// Only while up. Copies; one reply is expected.
void redis_conn_command(struct redis_conn *conn, size_t count,
                        const struct slice *words);
// Only while up. Keeps the bytes until the last of the `replies` arrived or on_down.
void redis_conn_send(struct redis_conn *conn, struct slice bytes, size_t replies);

// The address for messages, without user and password; valid as long as the connection
// object.
const char *redis_conn_address(const struct redis_conn *conn);
// True if the next attempt asks Sentinels for the master.
bool redis_conn_asks_sentinels(const struct redis_conn *conn);
// True if it asks the nodes of a Redis Cluster for the owner of the slot.
bool redis_conn_asks_cluster(const struct redis_conn *conn);
// Only while up, if it asks Sentinels: asks them whether this server still is the
// master. claim->server is set here. No callback if the connection is lost before.
void redis_conn_verify(struct redis_conn *conn, struct redis_sentinel_claim *claim);
