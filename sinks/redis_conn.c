#include "sinks/redis_conn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <openssl/ssl.h>

#include "base/backoff.h"
#include "sinks/redis_dial.h"
#include "sinks/redis_target.h"
#include "sinks/redis_tls.h"

enum conn_state { CONN_REST, CONN_WAIT, CONN_DIAL, CONN_HELLO, CONN_UP };

enum {
    READ_MOST = 1 << 16,
    WRITE_MOST = 1 << 18, // each write wakes Redis up: a few large ones cost less
    WORDS_MOST = 8,
    REFUSAL_MAX = 200,
};

static const usec idle_most = USEC_PER_S;

struct redis_conn {
    enum conn_state state;
    struct event_base *base;
    const struct redis_conn_calls *calls;
    void *context;
    struct redis_metrics *metrics;

    struct redis_target target;

    struct backoff backoff;
    struct event *timer; // WAIT: next attempt. DIAL, HELLO, UP: deadline or next PING
    struct redis_dial *dial;
    SSL_CTX *tls; // NULL: no TLS
    struct bufferevent *stream;
    struct redis_reader *reader;

    size_t own_replies;   // to AUTH, SELECT, PING; they come before the owner's
    size_t replies;       // the owner's
    bool is_answered;     // an item came over this connection
    bool has_progress;    // an item came since the deadline was set
    enum redis_word word; // HELLO: the first error reply
    struct error refusal;
};

static void
set_timer(struct redis_conn *conn, usec span)
{
    struct timeval wait = {
        .tv_sec = (time_t)(span / USEC_PER_S),
        .tv_usec = (suseconds_t)(span % USEC_PER_S),
    };
    event_add(conn->timer, &wait);
}

static bool
is_expecting(const struct redis_conn *conn)
{
    return conn->own_replies + conn->replies != 0;
}

static void
set_deadline(struct redis_conn *conn)
{
    if (conn->state == CONN_UP) {
        set_timer(conn, is_expecting(conn) ? conn->target.timeout : idle_most);
    }
}

static void
close_stream(struct redis_conn *conn)
{
    redis_dial_cancel(conn->dial);
    event_del(conn->timer);
    if (conn->stream != NULL) {
        bufferevent_free(conn->stream);
        conn->stream = NULL;
    }
    redis_reader_destroy(&conn->reader);
    conn->own_replies = 0;
    conn->replies = 0;
    conn->is_answered = false;
    conn->word = REDIS_WORD_NONE;
    conn->refusal = (struct error){.code = STATUS_OK};
}

void
redis_conn_drop(struct redis_conn *conn, enum redis_word word,
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
    set_timer(conn, backoff_next(&conn->backoff));
    conn->calls->on_down(conn->context, word, &why);
}

static void
fail(struct redis_conn *conn, const char *text)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO, "%s", text);
    redis_conn_drop(conn, REDIS_WORD_NONE, &error);
}

static void
send_own(struct redis_conn *conn, size_t count, const struct slice *words)
{
    redis_conn_command(conn, count, words);
    conn->replies--;
    conn->own_replies++;
}

static void
go_up(struct redis_conn *conn)
{
    conn->state = CONN_UP;
    conn->metrics->connections++;
    set_deadline(conn);
    conn->calls->on_up(conn->context);
}

static enum status
log_in(struct redis_conn *conn, struct error *error)
{
    char password[REDIS_URL_SECRET_MAX];
    enum status status = redis_target_password(&conn->target, password, error);
    if (status == STATUS_OK && password[0] != '\0') {
        const char *user = conn->target.url.user;
        const struct slice with_user[] = {SLICE_LIT("AUTH"), slice_of(user),
                                          slice_of(password)};
        const struct slice without[] = {SLICE_LIT("AUTH"), slice_of(password)};
        send_own(conn, user[0] != '\0' ? 3 : 2, user[0] != '\0' ? with_user : without);
    }
    OPENSSL_cleanse(password, sizeof(password));
    return status;
}

static void
say_hello(struct redis_conn *conn)
{
    struct error error = {.code = STATUS_OK};
    conn->state = CONN_HELLO;
    if (log_in(conn, &error) != STATUS_OK) {
        redis_conn_drop(conn, REDIS_WORD_NONE, &error);
        return;
    }
    if (conn->target.url.db != 0) {
        char number[12];
        snprintf(number, sizeof(number), "%u", (unsigned)conn->target.url.db);
        const struct slice words[] = {SLICE_LIT("SELECT"), slice_of(number)};
        send_own(conn, 2, words);
    }
    if (conn->own_replies == 0) {
        go_up(conn);
    }
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct redis_conn *conn = context;
    conn->has_progress = true;
    conn->is_answered = true;
    if (conn->own_replies == 0) {
        if (conn->replies != 0) {
            conn->calls->on_item(conn->context, item);
        }
    } else if (item->type == REDIS_ITEM_ERROR && conn->state == CONN_HELLO &&
               conn->word == REDIS_WORD_NONE) {
        char text[REFUSAL_MAX];
        conn->word = redis_word_of(item->text);
        error_set(&conn->refusal, STATUS_IO, "%s",
                  redis_reader_print(item->text, text, sizeof(text)));
    }
}

static void
take_own_reply(struct redis_conn *conn)
{
    conn->own_replies--;
    // Once up, any answer to a PING is a sign of life, "-LOADING" as well.
    if (conn->state != CONN_HELLO) {
        return;
    }
    if (conn->word != REDIS_WORD_NONE) {
        redis_conn_drop(conn, conn->word, &conn->refusal);
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
        fail(conn, "it sent a reply that nobody asked for");
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
        struct error told = {.code = STATUS_OK};
        error_set(&told, STATUS_PARSE, "Redis protocol error: %s", error.text);
        conn->metrics->protocol_errors++;
        redis_conn_drop(conn, REDIS_WORD_NONE, &told);
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
        set_deadline(conn);
    }
}

// text: room for a reason.
static const char *
why_closed(const struct redis_conn *conn, short what, char text[REDIS_TLS_TEXT_MAX])
{
    int code = EVUTIL_SOCKET_ERROR();
    if (conn->tls != NULL) {
        unsigned long failure = bufferevent_get_openssl_error(conn->stream);
        const SSL *ssl = bufferevent_openssl_get_ssl(conn->stream);
        const char *reason = redis_tls_reason(ssl, failure, text);
        if (reason != NULL) {
            return reason;
        }
        if (!conn->is_answered) {
            return "it closed the connection at the TLS handshake; it may want a "
                   "client "
                   "certificate (redis.cert_file)";
        }
    }
    bool is_end = (what & BEV_EVENT_EOF) != 0 || code == 0 || code == EPIPE;
    return is_end ? "it closed the connection" : strerror(code);
}

// A server that turns us away says why and closes: what it said may still be unread
// when writing fails. False: the connection is closed.
static bool
read_rest(struct redis_conn *conn)
{
    char rest[REFUSAL_MAX];
    ssize_t size = recv(bufferevent_getfd(conn->stream), rest, sizeof(rest), 0);
    return size <= 0 || take_bytes(conn, (struct slice){rest, (size_t)size});
}

static void
on_stream_event(struct bufferevent *stream, short what, void *context)
{
    struct redis_conn *conn = context;
    char text[REDIS_TLS_TEXT_MAX];
    (void)stream;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        say_hello(conn);
        return;
    }
    const char *why = why_closed(conn, what, text);
    bool is_rest_readable = (what & BEV_EVENT_WRITING) != 0 && conn->tls == NULL;
    if (!is_rest_readable || read_rest(conn)) {
        fail(conn, why);
    }
}

static bool
open_stream(struct redis_conn *conn, evutil_socket_t fd)
{
    if (conn->tls == NULL) {
        conn->stream = bufferevent_socket_new(conn->base, fd, BEV_OPT_CLOSE_ON_FREE);
    } else {
        SSL *ssl = redis_tls_open(conn->tls, &conn->target.url);
        conn->stream = ssl == NULL
                           ? NULL
                           : bufferevent_openssl_socket_new(conn->base, fd, ssl,
                                                            BUFFEREVENT_SSL_CONNECTING,
                                                            BEV_OPT_CLOSE_ON_FREE);
        if (conn->stream == NULL) {
            SSL_free(ssl);
        }
    }
    if (conn->stream == NULL) {
        evutil_closesocket(fd);
        return false;
    }
    conn->reader = redis_reader_create(on_item, conn);
    bufferevent_setcb(conn->stream, on_readable, NULL, on_stream_event, conn);
    bufferevent_set_max_single_read(conn->stream, READ_MOST);
    bufferevent_set_max_single_write(conn->stream, WRITE_MOST);
    return conn->reader != NULL &&
           bufferevent_enable(conn->stream, EV_READ | EV_WRITE) == 0;
}

static void
on_dialed(void *context, evutil_socket_t fd, const struct error *error)
{
    struct redis_conn *conn = context;
    if (fd < 0) {
        redis_conn_drop(conn, REDIS_WORD_NONE, error);
    } else if (!open_stream(conn, fd)) {
        fail(conn, "no memory for a connection");
    } else if (conn->tls == NULL) {
        say_hello(conn);
    }
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
    struct redis_conn *conn = context;
    (void)fd;
    (void)what;
    if (conn->state == CONN_WAIT) {
        conn->state = CONN_DIAL;
        set_timer(conn, conn->target.connect_timeout);
        redis_dial_start(conn->dial);
    } else if (conn->state == CONN_UP && !is_expecting(conn)) {
        const struct slice ping = SLICE_LIT("PING");
        send_own(conn, 1, &ping);
        set_deadline(conn);
    } else {
        bool is_up = conn->state == CONN_UP;
        char span[USEC_TEXT_MAX];
        struct error error = {.code = STATUS_OK};
        usec_format_duration(
            is_up ? conn->target.timeout : conn->target.connect_timeout, span);
        error_set(&error, STATUS_IO, "no answer for %s", span);
        conn->metrics->timeouts++;
        redis_conn_drop(conn, REDIS_WORD_NONE, &error);
    }
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
    conn->timer = event_new(setup->base, -1, 0, on_timer, conn);
    conn->dial = redis_dial_create(setup->base, &conn->target.url, on_dialed, conn);
    enum status status = STATUS_NOMEM;
    if (conn->timer != NULL && conn->dial != NULL) {
        status = redis_target_read(setup->options, &conn->target, error);
    }
    if (status == STATUS_OK && conn->target.url.kind == REDIS_URL_TLS) {
        status = redis_tls_create(setup->options, &conn->tls, error);
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
    if ((*conn)->timer != NULL && (*conn)->dial != NULL) {
        close_stream(*conn);
    }
    redis_tls_destroy(&(*conn)->tls);
    redis_dial_destroy(&(*conn)->dial);
    if ((*conn)->timer != NULL) {
        event_free((*conn)->timer);
    }
    OPENSSL_cleanse(&(*conn)->target.url, sizeof((*conn)->target.url));
    free(*conn);
    *conn = NULL;
}

void
redis_conn_start(struct redis_conn *conn)
{
    assert(conn->state == CONN_REST);
    conn->state = CONN_WAIT;
    set_timer(conn, 0);
}

void
redis_conn_stop(struct redis_conn *conn)
{
    close_stream(conn);
    conn->state = CONN_REST;
}

void
redis_conn_healthy(struct redis_conn *conn)
{
    backoff_reset(&conn->backoff);
}

static void
expect(struct redis_conn *conn, size_t replies)
{
    bool was_idle = !is_expecting(conn);
    conn->replies += replies;
    if (was_idle) {
        set_deadline(conn);
    }
}

void
redis_conn_command(struct redis_conn *conn, size_t count, const struct slice *words)
{
    const char *texts[WORDS_MOST];
    size_t lengths[WORDS_MOST];
    assert(count <= WORDS_MOST);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].ptr;
        lengths[i] = words[i].len;
    }
    char *text = NULL;
    long long length = redisFormatCommandArgv(&text, (int)count, texts, lengths);
    // Without memory nothing is sent, and the deadline will say so.
    if (length > 0) {
        bufferevent_write(conn->stream, text, (size_t)length);
        conn->metrics->bytes_sent += (uint64_t)length;
        OPENSSL_cleanse(text, (size_t)length);
        redisFreeCommand(text);
    }
    expect(conn, 1);
}

void
redis_conn_send(struct redis_conn *conn, struct slice bytes, size_t replies)
{
    struct evbuffer *output = bufferevent_get_output(conn->stream);
    // Without memory nothing is sent, and the deadline will say so.
    if (evbuffer_add_reference(output, bytes.ptr, bytes.len, NULL, NULL) == 0) {
        conn->metrics->bytes_sent += bytes.len;
    }
    expect(conn, replies);
}

const char *
redis_conn_address(const struct redis_conn *conn)
{
    return conn->target.address;
}
