// One WebSocket connection at a time: dials, shakes hands, brings messages.
//
// curl looks up, connects, goes through proxies and encrypts; from then on the socket
// is read here. While a message waits for room no more than WS_AHEAD_MAX bytes are
// read ahead, so that pings among them are answered, and nothing while answers wait to
// be sent: a slow owner or peer grows no memory. Each phase before the first frame has
// a deadline; whether an open connection lives is for the owner to judge.
//
// Each callback may call ws_client_close, and nothing else.
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
    // That many bytes came, of which `signs` were whole signs of life.
    void (*on_bytes)(void *context, size_t size, uint64_t signs);
    // True: taken. False: no room; offered again after ws_client_resume. Borrows.
    bool (*on_message)(void *context, const struct ws_message *message);
    // All messages before it were taken.
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

// Dials. path: with its query. Borrows all but subprotocol, which is kept. On failure
// nothing is open.
enum status ws_client_open(struct ws_client *client, const struct url *url,
                           struct slice path, struct slice subprotocol,
                           struct error *error) MUST_USE;
// At once, with a close frame if there is room for one; calls back no more.
void ws_client_close(struct ws_client *client);
// There is room again; and: is the server there? While nothing can be read the answer
// to a ping could not be seen, so a pong tells the server that we are. Both from an
// event of the owner's, as they may call back.
void ws_client_resume(struct ws_client *client);
void ws_client_ping(struct ws_client *client);

// Messages over WS_MESSAGE_MAX, dropped, since the client was created.
uint64_t ws_client_too_long(const struct ws_client *client);
