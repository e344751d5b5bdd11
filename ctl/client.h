// cascadectl's client for the Redis that cascaded writes to: blocking and pipelined.
// The address, login and TLS are those of the daemon's options (redis_options.h).
//
// client_queue queues commands; client_answer returns the answers in order. After the
// first failure only client_close may be called.
#pragma once

#include <hiredis/hiredis.h>

#include "base/slice.h"
#include "base/status.h"
#include "ctl/connection.h"

struct redis_options;

struct client {
    struct redis_options *options;
    struct connection connection;
    SSL_CTX *tls; // NULL: not encrypted
};

// With the defaults of all options. Call client_fini in both cases.
enum status client_init(struct client *client, struct error *error) MUST_USE;
// Closes the connection.
void client_fini(struct client *client);

// Sets an option by its name, such as "redis.url". STATUS_FULL: there is no such
// option.
enum status client_set(struct client *client, struct slice name, struct slice value,
                       struct error *error) MUST_USE;

// Checks the options together without connecting. A user or a password in the URL is
// refused, because arguments are visible to everybody on the machine.
enum status client_check(const struct client *client, struct error *error) MUST_USE;

// Asks the Sentinels, if any, for the master, connects, logs in and selects the
// database.
enum status client_open(struct client *client, struct error *error) MUST_USE;

// Queues a command. The prefix is put before its second word, the key. `tail` contains
// further words and ends with NULL; it may be NULL.
void client_queue(struct client *client, const char *command, struct slice key,
                  const char *const *tail);

// Queues a script with two keys, before which the prefix is put. `arguments` ends with
// NULL.
void client_queue_script(struct client *client, const char *script,
                         const struct slice keys[2], const char *const *arguments);

// Called for each key that begins with `head`, without the prefix; some keys may come
// twice. Borrows key; must not use the client.
typedef void (*client_key_fn)(void *context, struct slice key);
enum status client_scan(struct client *client, struct slice head, client_key_fn on_key,
                        void *context, struct error *error) MUST_USE;

// The answer to the oldest unanswered command, to be freed with freeReplyObject. NULL:
// Redis cannot be reached or refuses (STATUS_IO), or the answer is not of the expected
// type (STATUS_PARSE); error contains the reason. `type` is one of REDIS_REPLY_*; nil
// is accepted in place of a string.
redisReply *client_answer(struct client *client, int type, struct error *error);

// The text of a string reply; SLICE_NONE of anything else, NULL included.
struct slice client_text(const redisReply *reply);
