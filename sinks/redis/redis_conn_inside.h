// The connection, for the files that make it, from the ground up: redis_conn_write.c
// (what is sent), redis_hello.c (its first commands) and redis_conn.c (its states).
#pragma once

#include <openssl/types.h>

#include "base/backoff.h"
#include "net/redis/redis_cluster.h"
#include "net/redis/redis_target.h"
#include "net/timer.h"
#include "sinks/redis/redis_conn.h"
#include "sinks/redis/redis_dial.h"
#include "sinks/redis/redis_sentinel.h"

struct bufferevent;
struct event_base;

enum conn_state { CONN_STOPPED, CONN_WAIT, CONN_ASK, CONN_DIAL, CONN_HELLO, CONN_UP };

struct redis_conn {
    enum conn_state state;
    struct event_base *base;
    const struct redis_conn_calls *calls;
    void *context;
    struct redis_metrics *metrics;

    struct redis_target target;
    struct redis_sentinel *sentinel; // NULL: target.url names the server itself
    struct redis_url endpoint;       // what is dialed, without user and password
    bool is_cluster;
    size_t next_node;                  // of target.url, for the next attempt
    unsigned redirects;                // followed in this attempt
    char probe[REDIS_CLUSTER_KEY_MAX]; // a key in the slot

    struct backoff backoff;
    // WAIT: next attempt. ASK: none. DIAL, HELLO, UP: deadline or next PING.
    struct timer timer;
    struct redis_dial *dial;
    SSL_CTX *tls; // NULL: no TLS
    struct bufferevent *stream;
    struct redis_reader *reader;

    size_t own_replies; // to AUTH, SELECT, PING; they come before the owner's
    size_t replies;     // the owner's
    bool is_answered;   // an item arrived over this connection
    bool has_progress;  // an item arrived since the deadline was set
    bool asks_role;     // HELLO: the last reply of our own is to ROLE
    bool asks_slot;     // HELLO: the last one shows whether it owns the slot
    bool is_moved;      // it does not: owner does
    struct redis_url owner;
    enum redis_error_kind kind; // HELLO: the first error reply
    struct error refusal;
};

// A command of the connection's own; its reply comes before the owner's.
void redis_conn_send_own(struct redis_conn *conn, size_t count,
                         const struct slice *words);
// Whether replies are to come.
bool redis_conn_is_expecting(const struct redis_conn *conn);
// While up: when the next reply must have come, or the next PING is due.
void redis_conn_set_deadline(struct redis_conn *conn);
