// The Redis that cascaded writes to, as cascadectl reads it: blocking, pipelined, read
// only.
//
// Commands are queued by client_ask and answered in order by client_answer. After the
// first failure the connection is good for nothing but client_close.
#pragma once

#include <hiredis/hiredis.h>

#include "base/slice.h"
#include "base/status.h"

enum { CLIENT_ADDRESS_MAX = 256, CLIENT_PREFIX_MAX = 256 };

// Where a Redis listens: a path, or a host and port, or what Sentinels answer.
struct client_address {
    char path[CLIENT_ADDRESS_MAX];      // empty: host and port
    char sentinels[CLIENT_ADDRESS_MAX]; // host[:port],…; empty: none to be asked
    char name[CLIENT_ADDRESS_MAX];      // of the master that the Sentinels know
    char host[CLIENT_ADDRESS_MAX];
    int port;
    int database;
};

struct client {
    redisContext *redis;
    char prefix[CLIENT_PREFIX_MAX];
};

// Reads "unix:/path", "redis://host[:port][/db]" or
// "sentinel://host[:port],host[:port]…/name[/db]"; an IPv6 host stands in [].
enum status client_parse_url(const char *url, struct client_address *ret_address,
                             struct error *error) MUST_USE;

// Asks the Sentinels, if any, for the master, connects within a few seconds (each of
// them) and selects the database. `client` needs client_close, also after a failure.
// Borrows everything.
enum status client_open(struct client *client, const char *url, const char *prefix,
                        struct error *error) MUST_USE;
void client_close(struct client *client);

// Queues a command; its second word, the key, gets the prefix in front. `tail` holds
// further words and ends with NULL; it may be NULL.
void client_ask(struct client *client, const char *command, struct slice key,
                const char *const *tail);

// The answer to the oldest unanswered command: freeReplyObject it. NULL: Redis is gone
// or refuses, and `error` says why (STATUS_IO), or what it sent is not of the type
// expected (STATUS_PARSE). `type` is one of REDIS_REPLY_*; a nil is accepted beside a
// string.
redisReply *client_answer(struct client *client, int type, struct error *error);

// The text of a string reply; SLICE_NONE of anything else, also of NULL.
struct slice client_text(const redisReply *reply);
