// One WebSocket connection at a time: connects, performs the handshake, passes messages
// on.
//
// curl looks up, connects, uses proxies and encrypts; from then on the socket is read
// here. While a message waits for room, at most WS_AHEAD_MAX bytes are read ahead, so
// that pings among them are answered; nothing is read while answers wait to be sent. A
// slow owner or peer therefore uses no further memory. Each phase before the first
// frame has a deadline; the owner decides if an open connection is alive.
//
// A callback may call ws_client_close, and no other function.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

struct event_base;
struct http_client;
struct http_request_options;
struct outcome;
struct url;
struct ws_client;
struct ws_message;

struct ws_client_callbacks {
    void (*on_open)(void *context);
    // That many bytes were received, with `signs` complete signs of life.
    void (*on_bytes)(void *context, size_t size, uint64_t signs);
    // True: accepted. False: no room; offered again after ws_client_resume. Borrows.
    bool (*on_message)(void *context, const struct ws_message *message);
    // All messages before it were accepted.
    void (*on_end)(void *context, const struct outcome *outcome);
    void *context;
};

struct ws_client_setup {
    struct event_base *base; // kept, as all pointers here
    struct http_client *http;
    const struct http_request_options *options; // copied; its texts are kept
    usec connect_timeout;
    usec (*wall)(void);
    struct ws_client_callbacks callbacks;
};

enum status ws_client_create(const struct ws_client_setup *setup,
                             struct ws_client **ret_client,
                             struct error *error) MUST_USE;
// Accepts NULL; not from inside a callback.
void ws_client_destroy(struct ws_client **client);

// Connects. path: with its query. Borrows all but subprotocol, which is kept. On
// failure nothing is open.
enum status ws_client_open(struct ws_client *client, const struct url *url,
                           struct slice path, struct slice subprotocol,
                           struct error *error) MUST_USE;
// Closes at once, with a close frame if there is room for one; no more callbacks.
void ws_client_close(struct ws_client *client);
// There is room again; and: checks that the server is alive. While nothing can be read
// the answer to a ping could not be received, so a pong is sent as a sign of life. Call
// both from an event of the owner, since they may call back.
void ws_client_resume(struct ws_client *client);
void ws_client_ping(struct ws_client *client);

// Messages over WS_MESSAGE_MAX, dropped, since the client was created.
uint64_t ws_client_too_long(const struct ws_client *client);
