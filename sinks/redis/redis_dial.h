// Gets a connected socket to an address, without ever blocking the loop.
//
// A name is looked up through the loop's own resolver (/etc/hosts, then DNS). It may
// have several addresses: each attempt takes the next one.
#pragma once

#include <event2/util.h>

#include "base/status.h"
#include "net/redis/redis_url.h"

struct event_base;
struct redis_dial;

// fd: connected, non-blocking, owned by the callee; or -1 with error set.
typedef void (*redis_dial_fn)(void *context, evutil_socket_t fd,
                              const struct error *error);

// base, url and context are kept. NULL when memory is short.
struct redis_dial *redis_dial_create(struct event_base *base,
                                     const struct redis_url *url, redis_dial_fn on_done,
                                     void *context);
void redis_dial_destroy(struct redis_dial **dial);

// Calls on_done once, perhaps before it returns. One attempt at a time.
void redis_dial_start(struct redis_dial *dial);
// Ends the current attempt, if any, without a callback.
void redis_dial_cancel(struct redis_dial *dial);
