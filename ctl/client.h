// cascadectl's client for the Redis that cascaded writes to: blocking, pipelined, read
// only.
//
// client_ask queues commands; client_answer returns the answers in order. After the
// first failure only client_close may be called.
#pragma once

#include <hiredis/hiredis.h>

#include "base/slice.h"
#include "base/status.h"

enum { CLIENT_ADDRESS_MAX = 256, CLIENT_PREFIX_MAX = 256 };

// The address of a Redis: a path, or a host and port, or Sentinels to ask.
struct client_address {
    char path[CLIENT_ADDRESS_MAX];      // empty: host and port
    char sentinels[CLIENT_ADDRESS_MAX]; // host[:port],…; empty: none
    char name[CLIENT_ADDRESS_MAX];      // of the master at the Sentinels
    char host[CLIENT_ADDRESS_MAX];
    int port;
    int database;
};

struct client {
    redisContext *redis;
    char prefix[CLIENT_PREFIX_MAX];
};

// Parses "unix:/path", "redis://host[:port][/db]" or
// "sentinel://host[:port],host[:port]…/name[/db]"; an IPv6 host is in [].
enum status client_parse_url(const char *url, struct client_address *ret_address,
                             struct error *error) MUST_USE;

// Asks the Sentinels, if any, for the master, connects within a few seconds (each of
// them) and selects the database. Call client_close afterwards, also after a failure.
// Borrows everything.
enum status client_open(struct client *client, const char *url, const char *prefix,
                        struct error *error) MUST_USE;
void client_close(struct client *client);

// Queues a command. The prefix is put before its second word, the key. `tail` contains
// further words and ends with NULL; it may be NULL.
void client_ask(struct client *client, const char *command, struct slice key,
                const char *const *tail);

// The answer to the oldest unanswered command, to be freed with freeReplyObject. NULL:
// Redis cannot be reached or refuses (STATUS_IO), or the answer is not of the expected
// type (STATUS_PARSE); error contains the reason. `type` is one of REDIS_REPLY_*; nil
// is accepted in place of a string.
redisReply *client_answer(struct client *client, int type, struct error *error);

// The text of a string reply; SLICE_NONE of anything else, NULL included.
struct slice client_text(const redisReply *reply);
