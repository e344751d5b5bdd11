// Connections to the HTTP server, from their first byte to their end.
//
//     waiting ─▶ admitted: the library has it ─▶ gone
//        └─────▶ answered: a refusal was sent ─▶ gone
//
// The head of the first request is checked here (http_head.h), before the library reads
// it, which answers some malformed heads twice and accepts others. What still arrives
// on a connection that was answered is discarded, because a client that sends would
// otherwise not receive the answer.
//
// One deadline is set for a request as a whole, and a new connection always gets a
// place (http_connections.h). A feed has no deadline.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/usec.h"
#include "net/timer.h"
#include "sinks/http/http_connections.h"
#include "sinks/http/http_metrics.h"
#include "sinks/http/http_reply.h"

struct event;
struct event_base;
struct http_guests;

struct http_guest {
    struct http_guests *guests;
    struct timer deadline;
    struct event *readable; // while it is not admitted
    struct sockaddr_storage address;
    socklen_t length;
    bool is_admitted;
    bool is_answered;
    bool is_ended; // shut down; the library has not noticed yet
};

struct http_guests_calls {
    // The connection has sent the head of a request: passes it to the library. Takes
    // the descriptor. False: it is closed.
    bool (*admit)(void *context, struct http_guest *guest, int fd);
    // Lets the library process its connections.
    void (*run)(void *context);
};

struct http_guests {
    struct event_base *base;
    struct http_guests_calls calls;
    void *context;
    usec timeout;
    struct http_metrics *metrics;
    struct http_connections connections;
    struct http_guest items[HTTP_PLACES_MAX]; // by their places
};

// In zeroed storage. Keeps base, metrics and context. False when there is no memory;
// call http_guests_fini in both cases.
bool http_guests_init(struct http_guests *guests, struct event_base *base,
                      const struct http_guests_calls *calls, void *context);
// Closes those that the library does not have. Accepts zeroed guests.
void http_guests_fini(struct http_guests *guests);

// Adds a connection; takes fd.
void http_guests_enter(struct http_guests *guests, int fd,
                       const struct sockaddr *address, socklen_t length);
// Closes the one whose request began first. False: there is none.
bool http_guests_make_room(struct http_guests *guests);

// For an admitted one: its answer is a feed. False: there are too many.
bool http_guests_feed(struct http_guest *guest);
// For an admitted one: shuts it down, so that the library closes it at its next write.
void http_guests_end(struct http_guest *guest);
// For an admitted one: its next request begins, or may begin, now.
void http_guests_renew(struct http_guest *guest);
// The library has closed it.
void http_guests_leave(struct http_guest *guest);
// Sends a refusal before the request is read; the library reads the rest of the request
// and must send nothing more.
void http_guests_answer(struct http_guest *guest, enum http_refusal refusal);
