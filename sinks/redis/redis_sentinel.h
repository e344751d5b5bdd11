// Asks the Sentinels of a URL for the address of the master, without blocking the loop.
//
// Each request has a connection of its own. If a Sentinel cannot be reached, does not
// answer, refuses or does not know the name, the next one is asked, until each was
// asked once. Each request begins with the Sentinel after the one that answered last,
// so that one with an outdated view is not used twice in a row. If Sentinels need a
// password (redis.sentinel_password_file) each connection begins with AUTH.
//
// The other way round, redis_sentinel_verify asks all of them about a server that is
// believed to be the master. Of their answers those of the greatest epoch count: a
// Sentinel that missed a failover has a lower one.
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

enum redis_sentinel_view {
    REDIS_SENTINEL_AGREED, // at least one answers, and it is the master
    REDIS_SENTINEL_OTHER,  // another server is the master
    REDIS_SENTINEL_UNSURE, // a failover may be under way, or no Sentinel answers
};

// error: NULL with AGREED.
typedef void (*redis_sentinel_view_fn)(void *context, enum redis_sentinel_view view,
                                       const struct error *error);

struct redis_sentinel_claim {
    const struct redis_url *server; // copied
    const char *run_id;             // kept; of its process: another address may be its
    redis_sentinel_view_fn on_done;
    void *context; // kept
};

// base, target, tls and context are kept. NULL when memory is short.
struct redis_sentinel *redis_sentinel_create(const struct redis_sentinel_setup *setup);
void redis_sentinel_destroy(struct redis_sentinel **sentinel);

// Calls on_done once, perhaps before it returns. One request at a time.
void redis_sentinel_start(struct redis_sentinel *sentinel);
// The same for claim->on_done.
void redis_sentinel_verify(struct redis_sentinel *sentinel,
                           const struct redis_sentinel_claim *claim);
// Ends the current request, if any, without a callback.
void redis_sentinel_cancel(struct redis_sentinel *sentinel);
