// One daemon of libmicrohttpd in the event loop.
//
// It has no listening socket: connections are added to it. Its epoll descriptor and its
// next deadline are events of the loop.
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "net/timer.h"

struct event;
struct event_base;

struct http_library_calls {
    MHD_AccessHandlerCallback request;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection;
    // It has processed its connections, and closed some perhaps.
    void (*ran)(void *context);
};

struct http_library {
    struct MHD_Daemon *daemon;
    struct event *readable; // the epoll descriptor
    struct timer timer;
    void (*ran)(void *context);
    void *context;
};

// In zeroed storage. Keeps base and context. False when there is no memory; call
// http_library_fini in both cases.
bool http_library_init(struct http_library *library, struct event_base *base,
                       const struct http_library_calls *calls, void *context);
// Stops the daemon, which closes its connections. None may be suspended. Accepts a
// zeroed library.
void http_library_fini(struct http_library *library);

// Processes its connections.
void http_library_run(struct http_library *library);
// Adds a connection; takes fd. False: it is closed.
bool http_library_add(struct http_library *library, int fd,
                      const struct sockaddr_storage *address, socklen_t length);
