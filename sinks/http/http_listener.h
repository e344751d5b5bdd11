// The HTTP server's listening socket: accepts connections, a few each turn of the loop.
//
// It works without a free file descriptor: it keeps a spare one and closes that for a
// new connection. Without the spare one, the caller closes a connection for the new
// one; if there is none, the listener pauses for 0.1 s, so that the loop does not spin.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"
#include "net/timer.h"
#include "sinks/http/http_options.h"

struct event;
struct event_base;

struct http_listener_calls {
    // Passes a connection; takes fd.
    void (*enter)(void *context, int fd, const struct sockaddr *address,
                  socklen_t length);
    // Closes a connection, so that its descriptor can be used. False: there is none.
    bool (*make_room)(void *context);
};

struct http_listener {
    struct http_listener_calls calls;
    void *context;
    int fd;
    int spare; // -1: closed
    uint16_t port;
    struct event *readable;
    struct timer rest;
    uint64_t starved; // connections that found no free descriptor
};

// Listens at once. STATUS_IO: errno contains why the address cannot be used;
// STATUS_NOMEM. Call http_listener_fini in both cases. Keeps base and context.
enum status http_listener_init(struct http_listener *listener, struct event_base *base,
                               const struct http_address *address,
                               const struct http_listener_calls *calls,
                               void *context) MUST_USE;
// Accepts a zeroed listener.
void http_listener_fini(struct http_listener *listener);

// Descriptors may have been closed: opens the spare one again.
void http_listener_refill(struct http_listener *listener);
