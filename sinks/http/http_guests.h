// Connections to the HTTP server, from their first byte to their end.
//
//     waiting ─▶ admitted: the library has it ─▶ gone
//        │  ◀── its answer is sent
//        └─────▶ answered: a refusal was sent ─▶ gone
//
// The head of each request is checked here (http_head.h), before the library reads it,
// which answers some malformed heads itself and accepts others. What still arrives on a
// connection that was answered is discarded, because a client that sends would
// otherwise not receive the answer.
//
// The library reads what has arrived, and that can be more than one request. So a
// connection stays open after an answer only if nothing can have been read that was not
// checked: the system counts as many bytes as the requests have that were checked
// (http_guests_stay), or the rest is known to be malformed and is refused next. In all
// other cases, the answer is the last one.
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
struct MHD_Connection;
struct event_base;
struct http_guests;

struct http_guest {
    struct http_guests *guests;
    struct timer deadline;
    struct event *readable;
    struct MHD_Connection *connection; // the library's, of an admitted one
    struct sockaddr_storage address;
    socklen_t length;
    // Requests whose heads were checked, and that are not answered.
    uint32_t ahead;
    bool is_plain;            // the last of them is GET or HEAD, without a body
    bool is_last;             // the last of them is the last of the connection
    enum http_refusal behind; // of what follows them; HTTP_REFUSAL_NONE: not known
    // Bytes since the connection was made: with the requests that were checked, and
    // those that had arrived at the check.
    uint64_t checked;
    uint64_t seen;
    bool begins_with_feed; // by its path, the first request is for the live feed
    bool is_admitted;
    bool is_whole;   // the library has read the request to its end
    bool is_staying; // after the answer that is being sent
    bool is_waiting; // admitted, and suspended until a whole head has arrived
    bool is_idle;    // waiting, and nothing has arrived
    bool is_answered;
    bool is_ended; // shut down; the library has not noticed yet
};

struct http_guests_calls {
    // The connection has sent the head of a request: passes it to the library. Takes
    // the descriptor. False: it is closed.
    bool (*admit)(void *context, struct http_guest *guest, int fd);
    // Lets the library read a connection that was waiting, or close it.
    void (*resume)(void *context, struct http_guest *guest);
    // Lets the library process the connection, and others.
    void (*run)(void *context, struct http_guest *guest);
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
// Gives those that wait back to the library, which is stopped next.
void http_guests_release(struct http_guests *guests);
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
// For an admitted one whose request was read to its end: true if the connection may
// stay open after the answer to it.
bool http_guests_stay(struct http_guest *guest);
// For one that stays: its answer is sent. True: suspend it; its next request is not
// checked yet.
bool http_guests_next(struct http_guest *guest);
// The library has closed it.
void http_guests_leave(struct http_guest *guest);
// Sends a refusal before the request is read; the library reads the rest of the request
// and must send nothing more.
void http_guests_answer(struct http_guest *guest, enum http_refusal refusal);
