// A blocking connection to a Redis server or a Sentinel: TCP, a unix socket, or TLS.
//
// Commands are queued and answers come in their order. After the first failure only
// connection_close may be called.
#pragma once

#include <hiredis/hiredis.h>
#include <openssl/types.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/usec.h"
#include "net/redis/redis_url.h"

struct connection {
    redisContext *redis; // NULL: closed
    SSL *ssl;            // NULL: not encrypted
    struct buffer sent;  // with TLS: what is not written yet
};

struct connection_setup {
    const struct redis_url *url; // UNIX, TCP or TLS
    SSL_CTX *tls;                // for TLS; kept
    usec connect_timeout;
    usec timeout; // for an answer
};

// STATUS_IO: the error is the reason, without the address. Call connection_close in
// both cases.
enum status connection_open(struct connection *connection,
                            const struct connection_setup *setup,
                            struct error *error) MUST_USE;
// Accepts a zeroed one.
void connection_close(struct connection *connection);

// Queues a command; borrows the words.
void connection_send(struct connection *connection, int count, const char **words,
                     const size_t *sizes);

// The answer to the oldest command, an error reply too, to be freed with
// freeReplyObject. NULL: the connection is lost, with error set.
redisReply *connection_answer(struct connection *connection, struct error *error);
