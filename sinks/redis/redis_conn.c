#include "sinks/redis/redis_conn.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/crypto.h>

#include "net/redis/redis_cluster.h"
#include "sinks/redis/redis_conn_inside.h"
#include "sinks/redis/redis_hello.h"
#include "sinks/redis/redis_stream.h"
#include "net/redis/redis_tls.h"

enum {
    READ_MAX = 1 << 16,
    WRITE_MAX = 1 << 18, // each write wakes Redis; a few large ones cost less
    REST_MAX = 200,
};

static void
close_stream(struct redis_conn *conn)
{
    if (conn->sentinel != NULL) {
        redis_sentinel_cancel(conn->sentinel);
    }
    redis_dial_cancel(conn->dial);
    timer_stop(&conn->timer);
    if (conn->stream != NULL) {
        bufferevent_free(conn->stream);
        conn->stream = NULL;
    }
    redis_reader_destroy(&conn->reader);
    conn->own_replies = 0;
    conn->replies = 0;
    conn->is_answered = false;
    conn->asks_role = false;
    conn->asks_slot = false;
    conn->is_moved = false;
    conn->kind = REDIS_ERROR_NONE;
    conn->refusal = (struct error){.code = STATUS_OK};
}

void
redis_conn_drop(struct redis_conn *conn, enum redis_error_kind kind,
                const struct error *error)
{
    // The caller's error may be the one that closing resets.
    struct error why = *error;
    if (conn->state == CONN_UP) {
        conn->metrics->connections_lost++;
    } else {
        conn->metrics->connects_failed++;
    }
    close_stream(conn);
    conn->state = CONN_WAIT;
    timer_set(&conn->timer, backoff_next(&conn->backoff));
    conn->calls->on_down(conn->context, kind, &why);
}

static void
fail(struct redis_conn *conn, const char *text)
{
    struct error error = {.code = STATUS_OK};
    if (conn->sentinel != NULL || conn->is_cluster) {
        char server[REDIS_URL_TEXT_MAX];
        redis_url_format(&conn->endpoint, server);
        error_set(&error, STATUS_IO, "the %s %s: %s",
                  conn->is_cluster ? "node" : "master", server, text);
    } else {
        error_set(&error, STATUS_IO, "%s", text);
    }
    redis_conn_drop(conn, REDIS_ERROR_NONE, &error);
}

static void
go_up(struct redis_conn *conn)
{
    conn->state = CONN_UP;
    conn->metrics->connections++;
    redis_conn_set_deadline(conn);
    conn->calls->on_up(conn->context);
}

static void
say_hello(struct redis_conn *conn)
{
    struct error error = {.code = STATUS_OK};
    conn->state = CONN_HELLO;
    if (redis_hello_say(conn, &error) != STATUS_OK) {
        redis_conn_drop(conn, REDIS_ERROR_NONE, &error);
    } else if (conn->own_replies == 0) {
        go_up(conn);
    }
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct redis_conn *conn = context;
    conn->has_progress = true;
    conn->is_answered = true;
    conn->metrics->strings_omitted += item->is_omitted;
    if (conn->own_replies == 0) {
        if (conn->replies != 0) {
            conn->calls->on_item(conn->context, item);
        }
    } else {
        redis_hello_item(conn, item);
    }
}

static void
dial(struct redis_conn *conn)
{
    conn->state = CONN_DIAL;
    timer_set(&conn->timer, conn->target.connect_timeout);
    redis_dial_start(conn->dial);
}

// To the node that owns the slot.
static void
follow(struct redis_conn *conn)
{
    conn->endpoint = conn->owner;
    conn->redirects++;
    close_stream(conn);
    dial(conn);
}

static void
take_own_reply(struct redis_conn *conn)
{
    conn->own_replies--;
    // Once up, any reply to a PING is a sign of life, including "-LOADING".
    if (conn->state != CONN_HELLO) {
        return;
    }
    if (conn->is_moved && conn->redirects < REDIS_CLUSTER_REDIRECTS_MAX) {
        follow(conn);
    } else if (conn->kind != REDIS_ERROR_NONE) {
        redis_conn_drop(conn, conn->kind, &conn->refusal);
    } else if (conn->own_replies == 0) {
        go_up(conn);
    }
}

static void
take_reply(struct redis_conn *conn)
{
    if (conn->own_replies != 0) {
        take_own_reply(conn);
    } else if (conn->replies != 0) {
        conn->replies--;
        conn->calls->on_reply(conn->context);
    } else {
        conn->metrics->protocol_errors++;
        fail(conn, "it sent an unexpected reply");
    }
}

// Feeds one piece and takes the replies in it. False: the connection is closed.
static bool
take_bytes(struct redis_conn *conn, struct slice bytes)
{
    struct error error = {.code = STATUS_OK};
    const struct bufferevent *stream = conn->stream;
    enum status status = redis_reader_feed(conn->reader, bytes, &error);
    while (status == STATUS_OK) {
        status = redis_reader_next(conn->reader, &error);
        if (status == STATUS_OK) {
            take_reply(conn);
            if (conn->stream != stream) {
                return false;
            }
        }
    }
    if (status != STATUS_AGAIN) {
        struct error why = {.code = STATUS_OK};
        error_set(&why, STATUS_PARSE, "Redis protocol error: %s", error.text);
        conn->metrics->protocol_errors++;
        redis_conn_drop(conn, REDIS_ERROR_NONE, &why);
        return false;
    }
    return true;
}

static void
on_readable(struct bufferevent *stream, void *context)
{
    struct redis_conn *conn = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    struct evbuffer_iovec piece;
    conn->has_progress = false;
    while (evbuffer_peek(input, -1, NULL, &piece, 1) > 0) {
        conn->metrics->bytes_received += piece.iov_len;
        if (!take_bytes(conn, (struct slice){piece.iov_base, piece.iov_len})) {
            return;
        }
        evbuffer_drain(input, piece.iov_len);
    }
    if (conn->has_progress) {
        redis_conn_set_deadline(conn);
    }
}

// A server that rejects a connection sends the reason and closes it: the reason may
// still be unread when writing fails. False: the connection is closed.
static bool
read_rest(struct redis_conn *conn)
{
    char rest[REST_MAX];
    ssize_t size = recv(bufferevent_getfd(conn->stream), rest, sizeof(rest), 0);
    return size <= 0 || take_bytes(conn, (struct slice){rest, (size_t)size});
}

static void
on_stream_event(struct bufferevent *stream, short what, void *context)
{
    struct redis_conn *conn = context;
    char text[REDIS_TLS_TEXT_MAX];
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        say_hello(conn);
        return;
    }
    const char *why = redis_stream_why_closed(stream, what, conn->is_answered, text);
    bool is_rest_readable = (what & BEV_EVENT_WRITING) != 0 && conn->tls == NULL;
    if (!is_rest_readable || read_rest(conn)) {
        fail(conn, why);
    }
}

static bool
open_stream(struct redis_conn *conn, evutil_socket_t fd)
{
    conn->stream = redis_stream_open(conn->base, fd, conn->tls, &conn->endpoint);
    if (conn->stream == NULL) {
        return false;
    }
    conn->reader = redis_reader_create(on_item, conn);
    bufferevent_setcb(conn->stream, on_readable, NULL, on_stream_event, conn);
    bufferevent_set_max_single_read(conn->stream, READ_MAX);
    bufferevent_set_max_single_write(conn->stream, WRITE_MAX);
    return conn->reader != NULL &&
           bufferevent_enable(conn->stream, EV_READ | EV_WRITE) == 0;
}

static void
on_dialed(void *context, evutil_socket_t fd, const struct error *error)
{
    struct redis_conn *conn = context;
    if (fd < 0) {
        fail(conn, error->text);
    } else if (!open_stream(conn, fd)) {
        fail(conn, "no memory for a connection");
    } else if (conn->tls == NULL) {
        say_hello(conn);
    }
}

// One node of the cluster, each time the next.
static void
dial_node(struct redis_conn *conn)
{
    const struct redis_url *url = &conn->target.url;
    conn->endpoint = redis_url_of_index(url, conn->next_node);
    conn->next_node = (conn->next_node + 1) % url->host_count;
    conn->redirects = 0;
    dial(conn);
}

static void
on_named(void *context, const struct redis_url *master, const struct error *error)
{
    struct redis_conn *conn = context;
    if (master == NULL) {
        redis_conn_drop(conn, REDIS_ERROR_NONE, error);
    } else {
        conn->endpoint = *master;
        dial(conn);
    }
}

static void
on_timer(void *context)
{
    struct redis_conn *conn = context;
    if (conn->state == CONN_WAIT && conn->sentinel != NULL) {
        conn->state = CONN_ASK;
        redis_sentinel_start(conn->sentinel);
    } else if (conn->state == CONN_WAIT && conn->is_cluster) {
        dial_node(conn);
    } else if (conn->state == CONN_WAIT) {
        dial(conn);
    } else if (conn->state == CONN_UP && !redis_conn_is_expecting(conn)) {
        const struct slice ping = SLICE_LIT("PING");
        redis_conn_send_own(conn, 1, &ping);
        redis_conn_set_deadline(conn);
    } else {
        bool is_up = conn->state == CONN_UP;
        char span[USEC_TEXT_MAX];
        char text[USEC_TEXT_MAX + 16];
        usec_format_duration(
            is_up ? conn->target.timeout : conn->target.connect_timeout, span);
        snprintf(text, sizeof(text), "no answer for %s", span);
        conn->metrics->timeouts++;
        fail(conn, text);
    }
}

// The address to connect to: the URL's host, or the answer of its Sentinels.
static enum status
set_target(struct redis_conn *conn, const struct redis_options *options,
           struct error *error)
{
    enum status status = redis_target_read(options, &conn->target, error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct redis_url *url = &conn->target.url;
    conn->endpoint = (struct redis_url){.kind = url->kind, .port = url->port};
    memcpy(conn->endpoint.host, url->host, sizeof(url->host));
    if (redis_url_is_tls(url)) {
        status = redis_tls_create(options, &conn->tls, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (url->kind == REDIS_URL_CLUSTER) {
        conn->is_cluster = true;
        (void)redis_cluster_key(options->prefix, conn->probe);
    }
    if (url->kind == REDIS_URL_SENTINEL) {
        const struct redis_sentinel_setup setup = {
            .base = conn->base,
            .target = &conn->target,
            .tls = conn->tls,
            .timeout = conn->target.connect_timeout,
            .on_done = on_named,
            .context = conn,
        };
        conn->sentinel = redis_sentinel_create(&setup);
        return conn->sentinel != NULL ? STATUS_OK : STATUS_NOMEM;
    }
    return STATUS_OK;
}

enum status
redis_conn_create(const struct redis_conn_setup *setup, struct redis_conn **ret_conn,
                  struct error *error)
{
    struct redis_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for the Redis connection");
    }
    conn->base = setup->base;
    conn->calls = setup->calls;
    conn->context = setup->context;
    conn->metrics = setup->metrics;
    conn->backoff = (struct backoff){.first = 50 * USEC_PER_MS, .most = 2 * USEC_PER_S};
    enum status status = timer_init(&conn->timer, setup->base, on_timer, conn);
    conn->dial = redis_dial_create(setup->base, &conn->endpoint, on_dialed, conn);
    if (conn->dial == NULL) {
        status = STATUS_NOMEM;
    }
    if (status == STATUS_OK) {
        status = set_target(conn, setup->options, error);
    }
    if (status != STATUS_OK) {
        redis_conn_destroy(&conn);
        return error_set(error, status, "no memory for the Redis connection");
    }
    *ret_conn = conn;
    return STATUS_OK;
}

void
redis_conn_destroy(struct redis_conn **conn)
{
    if (*conn == NULL) {
        return;
    }
    if ((*conn)->dial != NULL) {
        close_stream(*conn);
    }
    redis_sentinel_destroy(&(*conn)->sentinel);
    redis_tls_destroy(&(*conn)->tls);
    redis_dial_destroy(&(*conn)->dial);
    timer_fini(&(*conn)->timer);
    OPENSSL_cleanse(&(*conn)->target.url, sizeof((*conn)->target.url));
    free(*conn);
    *conn = NULL;
}

void
redis_conn_start(struct redis_conn *conn)
{
    assert(conn->state == CONN_STOPPED);
    conn->state = CONN_WAIT;
    timer_set(&conn->timer, 0);
}

void
redis_conn_stop(struct redis_conn *conn)
{
    close_stream(conn);
    conn->state = CONN_STOPPED;
}

void
redis_conn_healthy(struct redis_conn *conn)
{
    backoff_reset(&conn->backoff);
}

const char *
redis_conn_address(const struct redis_conn *conn)
{
    return conn->target.address;
}

bool
redis_conn_asks_sentinels(const struct redis_conn *conn)
{
    return conn->sentinel != NULL;
}

bool
redis_conn_asks_cluster(const struct redis_conn *conn)
{
    return conn->is_cluster;
}

void
redis_conn_verify(struct redis_conn *conn, struct redis_sentinel_claim *claim)
{
    claim->server = &conn->endpoint;
    redis_sentinel_verify(conn->sentinel, claim);
}
