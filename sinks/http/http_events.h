// The live feed: server-sent events for clients that stay connected.
//
//   GET /api/v1/events?boards=influence:1h,carriers    absent: all boards
//
// All clients read one ring (event_ring.h). A client that connects gets `snapshot`, or
// what it missed if it names the last id it received (Last-Event-ID, or the parameter
// last_event_id). A comment is sent at each heartbeat. At most HTTP_FEEDS_MAX
// clients; another one gets 503 with Retry-After.
//
// The library calls back only for connections that are not suspended, and notices
// neither the end nor a failure of a suspended one. A connection is suspended while
// there is nothing to send; it is resumed for an event it wants and at each heartbeat,
// and its next write finds out that the client is gone. A client that has read nothing
// during HTTP_EVENTS_STALLED heartbeats is closed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/usec.h"
#include "sinks/http/event_ring.h"
#include "sinks/http/http_metrics.h"
#include "sinks/http/http_reply.h"
#include "sinks/http/http_router.h"

struct MHD_Connection;
struct event_base;
struct http_events;
struct http_guest;

#define HTTP_EVENTS_BEAT (15 * USEC_PER_S)

enum { HTTP_EVENTS_STALLED = 4 };

struct http_events_setup {
    struct event_base *base; // kept
    usec beat;               // HTTP_EVENTS_BEAT, but in tests
    // The number of a board in the ring, from its name as the client writes it. False:
    // there is no such board.
    bool (*find_board)(void *context, struct slice name, uint16_t *ret_board);
    void *context;
};

// NULL when there is no memory.
struct http_events *http_events_create(const struct http_events_setup *setup);
// After the server. Accepts NULL.
void http_events_destroy(struct http_events **events);

// To add events to; http_events_wake follows.
struct event_ring *http_events_ring(struct http_events *events);
// True if a client wants the board; EVENT_RING_FOR_ALL: if there is a client.
bool http_events_is_wanted(const struct http_events *events, uint16_t board);
// Sends what was added, soon.
void http_events_wake(struct http_events *events);

// The page of the feed, for the server's tables; its context is the struct http_events.
extern const struct http_page http_events_pages[];

// ── for the server ─────────────────────────────────────────────────────────

// `run` lets the library process its connections. Keeps metrics and context.
void http_events_attach(struct http_events *events, void (*run)(void *context),
                        struct http_metrics *metrics, void *context);
// Ends all feeds: the library must be stopped next.
void http_events_detach(struct http_events *events);
// Sends a reply that has a feed.
bool http_events_send(struct MHD_Connection *connection, struct http_guest *guest,
                      const struct http_reply *reply);
