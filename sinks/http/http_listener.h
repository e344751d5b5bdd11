// The HTTP server's listening socket: accepts connections, a few each turn of the loop.
//
// It goes on when the process has no file descriptor left: it keeps a spare one and
// gives it up for a connection. Without it, the caller closes a connection for the new
// one; if there is none, the listener rests for a tenth of a second, so that a loop
// that cannot accept does not spin.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"
#include "sinks/http/http_options.h"

struct event;
struct event_base;

struct http_listener_calls {
    // A connection; takes fd.
    void (*enter)(void *context, int fd, const struct sockaddr *address,
                  socklen_t length);
    // Closes a connection, so that its descriptor can be used. False: there is none.
    bool (*make_room)(void *context);
};

struct http_listener {
    struct http_listener_calls calls;
    void *context;
    int fd;
    int spare; // -1: given up
    uint16_t port;
    struct event *readable;
    struct event *rest;
    uint64_t starved; // connections that found no descriptor left
};

// Listens at once. STATUS_IO: errno says why the address cannot be used; STATUS_NOMEM.
// http_listener_fini is due either way. Keeps base and context.
enum status http_listener_init(struct http_listener *listener, struct event_base *base,
                               const struct http_address *address,
                               const struct http_listener_calls *calls,
                               void *context) MUST_USE;
// Accepts a zeroed listener.
void http_listener_fini(struct http_listener *listener);

// Descriptors may have been closed: gets the spare one back.
void http_listener_refill(struct http_listener *listener);
