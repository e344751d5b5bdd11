#include <assert.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <hiredis/hiredis.h>
#include <openssl/crypto.h>

#include "sinks/redis/redis_conn_inside.h"

enum { WORDS_MAX = 32 };

static const usec idle_most = USEC_PER_S;

bool
redis_conn_is_expecting(const struct redis_conn *conn)
{
    return conn->own_replies + conn->replies != 0;
}

void
redis_conn_set_deadline(struct redis_conn *conn)
{
    if (conn->state == CONN_UP) {
        timer_set(&conn->timer,
                  redis_conn_is_expecting(conn) ? conn->target.timeout : idle_most);
    }
}

static void
expect(struct redis_conn *conn, size_t replies)
{
    bool was_idle = !redis_conn_is_expecting(conn);
    conn->replies += replies;
    if (was_idle) {
        redis_conn_set_deadline(conn);
    }
}

void
redis_conn_command(struct redis_conn *conn, size_t count, const struct slice *words)
{
    const char *texts[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    assert(count <= WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].ptr;
        lengths[i] = words[i].len;
    }
    char *text = NULL;
    long long length = redisFormatCommandArgv(&text, (int)count, texts, lengths);
    // Without memory nothing is sent, and the deadline passes.
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
    // Without memory nothing is sent, and the deadline passes.
    if (evbuffer_add_reference(output, bytes.ptr, bytes.len, NULL, NULL) == 0) {
        conn->metrics->bytes_sent += bytes.len;
    }
    expect(conn, replies);
}

void
redis_conn_send_own(struct redis_conn *conn, size_t count, const struct slice *words)
{
    redis_conn_command(conn, count, words);
    conn->replies--;
    conn->own_replies++;
}
