#include "ctl/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/redis/redis_tls.h"

enum { SENT_MAX = 1 << 20, PIECE = 1 << 14 };

static struct timeval
timeval_of(usec span)
{
    return (struct timeval){(time_t)(span / USEC_PER_S),
                            (suseconds_t)(span % USEC_PER_S)};
}

// ── TLS ────────────────────────────────────────────────────────────────────

static void
explain_tls(const struct connection *connection, struct error *error)
{
    char text[REDIS_TLS_TEXT_MAX];
    int system_error = errno;
    unsigned long failure = ERR_get_error();
    const char *reason = redis_tls_reason(connection->ssl, failure, text);
    if (reason == NULL) {
        reason = system_error == EAGAIN || system_error == EWOULDBLOCK ? "no answer"
                 : system_error != 0 ? strerror(system_error)
                                     : "it closed the connection; it may require a "
                                       "certificate (redis.cert_file, redis.key_file)";
    }
    error_set(error, STATUS_IO, "%s", reason);
}

static enum status
begin_tls(struct connection *connection, const struct connection_setup *setup,
          struct error *error)
{
    connection->ssl = redis_tls_open(setup->tls, setup->url);
    if (connection->ssl == NULL ||
        SSL_set_fd(connection->ssl, connection->redis->fd) != 1) {
        return error_set(error, STATUS_IO, "no memory for TLS");
    }
    errno = 0;
    if (SSL_connect(connection->ssl) != 1) {
        explain_tls(connection, error);
        return STATUS_IO;
    }
    return STATUS_OK;
}

// If it fails, the reason that the server sent is still to be read.
static void
write_tls(struct connection *connection)
{
    struct slice text = buffer_text(&connection->sent);
    bool is_good = !connection->sent.is_failed;
    for (size_t at = 0; is_good && at < text.len;) {
        size_t piece = text.len - at < PIECE ? text.len - at : PIECE;
        int done = SSL_write(connection->ssl, text.ptr + at, (int)piece);
        is_good = done > 0;
        at += is_good ? (size_t)done : 0;
    }
    buffer_reset(&connection->sent);
}

static void *
answer_over_tls(struct connection *connection, struct error *error)
{
    char bytes[PIECE];
    void *reply = NULL;
    int got = 1;
    write_tls(connection);
    ERR_clear_error();
    errno = 0;
    while (got > 0) {
        if (redisReaderGetReply(connection->redis->reader, &reply) != REDIS_OK) {
            error_set(error, STATUS_IO, "%s", connection->redis->reader->errstr);
            return NULL;
        }
        if (reply != NULL) {
            return reply;
        }
        got = SSL_read(connection->ssl, bytes, sizeof bytes);
        if (got > 0 && redisReaderFeed(connection->redis->reader, bytes, (size_t)got) !=
                           REDIS_OK) {
            error_set(error, STATUS_IO, "no memory for an answer");
            return NULL;
        }
    }
    explain_tls(connection, error);
    return NULL;
}

// ── connections ────────────────────────────────────────────────────────────

enum status
connection_open(struct connection *connection, const struct connection_setup *setup,
                struct error *error)
{
    const struct redis_url *url = setup->url;
    struct timeval patience = timeval_of(setup->connect_timeout);
    *connection = (struct connection){.ssl = NULL};
    buffer_init(&connection->sent, SENT_MAX);
    connection->redis = url->kind == REDIS_URL_UNIX
                            ? redisConnectUnixWithTimeout(url->host, patience)
                            : redisConnectWithTimeout(url->host, url->port, patience);
    if (connection->redis == NULL) {
        return error_set(error, STATUS_IO, "out of memory");
    }
    if (connection->redis->err != 0 ||
        redisSetTimeout(connection->redis, timeval_of(setup->timeout)) != REDIS_OK) {
        return error_set(error, STATUS_IO, "%s", connection->redis->errstr);
    }
    return url->kind == REDIS_URL_TLS ? begin_tls(connection, setup, error) : STATUS_OK;
}

void
connection_close(struct connection *connection)
{
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    if (connection->redis != NULL) {
        redisFree(connection->redis);
        connection->redis = NULL;
    }
    buffer_fini(&connection->sent);
}

// If memory is short the command is not sent; the missing answer is then a timeout.
void
connection_send(struct connection *connection, int count, const char **words,
                const size_t *sizes)
{
    if (connection->ssl == NULL) {
        (void)redisAppendCommandArgv(connection->redis, count, words, sizes);
        return;
    }
    char *command = NULL;
    long long length = redisFormatCommandArgv(&command, count, words, sizes);
    if (length > 0) {
        buffer_append(&connection->sent, (struct slice){command, (size_t)length});
        redisFreeCommand(command);
    }
}

redisReply *
connection_answer(struct connection *connection, struct error *error)
{
    void *reply = NULL;
    if (connection->ssl != NULL) {
        return answer_over_tls(connection, error);
    }
    if (redisGetReply(connection->redis, &reply) != REDIS_OK || reply == NULL) {
        error_set(error, STATUS_IO, "%s",
                  connection->redis->errstr[0] != '\0' ? connection->redis->errstr
                                                       : "no answer");
        return NULL;
    }
    return reply;
}
