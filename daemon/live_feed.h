// What the live feed (sinks/http/http_events.h) sends: the status once a second, and
// when Redis goes or returns; twice a second the boards that changed; alerts at once.
// The data are the answers of the HTTP interface for reading. Nothing is written while
// no client is connected, and no board that no client wants.
#pragma once

#include "base/slice.h"

struct api;
struct event_base;
struct http_events;
struct live_feed;
struct pipeline;
struct redis_sink;

struct live_feed_needs {
    struct event_base *base; // kept, as all pointers here
    const struct pipeline *pipeline;
    struct api *api;
    const struct redis_sink *sink;
};

// NULL when there is no memory.
struct live_feed *live_feed_create(const struct live_feed_needs *needs);
// After the server. Accepts NULL.
void live_feed_destroy(struct live_feed **feed);

struct http_events *live_feed_events(struct live_feed *feed);
// An alert was published. Accepts NULL.
void live_feed_alerted(struct live_feed *feed, struct slice json);
// Overwrites all events: clients fetch everything again. Accepts NULL.
void live_feed_forget(struct live_feed *feed);
