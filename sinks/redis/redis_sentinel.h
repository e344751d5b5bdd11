// Asks the Sentinels of a URL for the address of the master, without blocking the loop.
//
// Each request has a connection of its own. If a Sentinel cannot be reached, does not
// answer, refuses or does not know the name, the next one is asked, until each was
// asked once. Each request begins with the Sentinel after the one that answered last,
// so that one with an outdated view is not used twice in a row. If Sentinels need a
// password (redis.sentinel_password_file) each connection begins with AUTH.
#pragma once

#include <openssl/types.h>

#include "base/status.h"
#include "base/usec.h"
#include "net/redis/redis_target.h"

struct event_base;
struct redis_sentinel;

// master: REDIS_URL_TCP, or TLS as its Sentinels, valid until return; or NULL and error
// contains the failure of each Sentinel.
typedef void (*redis_sentinel_fn)(void *context, const struct redis_url *master,
                                  const struct error *error);

struct redis_sentinel_setup {
    struct event_base *base;
    const struct redis_target *target; // of a REDIS_URL_SENTINEL
    SSL_CTX *tls;                      // NULL: none
    usec timeout;                      // for all of them: each gets an equal part
    redis_sentinel_fn on_done;
    void *context;
};

// base, target, tls and context are kept. NULL when memory is short.
struct redis_sentinel *redis_sentinel_create(const struct redis_sentinel_setup *setup);
void redis_sentinel_destroy(struct redis_sentinel **sentinel);

// Calls on_done once, perhaps before it returns. One request at a time.
void redis_sentinel_start(struct redis_sentinel *sentinel);
// Ends the current request, if any, without a callback.
void redis_sentinel_cancel(struct redis_sentinel *sentinel);
