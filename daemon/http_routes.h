// The daemon's HTTP server: answers with metrics, health and what is counted, and
// accepts pushed posts.
#pragma once

#include "daemon/persistence.h"
#include "daemon/settings.h"
#include "daemon/streams.h"

struct buffer;
struct campaign_words;
struct handover;
struct http_reply;
struct http_request;
struct http_routes;
struct person_text;
struct worker_metrics;

struct http_routes_setup {
    struct event_base *base; // kept, as all pointers here
    const struct settings *settings;
    struct pipeline *pipeline;
    const struct campaign_words *campaigns;
    const struct persistence *persistence;
    struct redis_sink *sink;
    struct handover *handover;        // of an ingest process; or NULL
    const struct streams *streams;    // NULL: of a replay, into which nothing is pushed
    const struct name_lookup *lookup; // NULL: there is none
    struct alert_delivery *delivery;
    const struct worker_metrics *worker; // NULL: of another role
    const struct loop_delay *delay;      // NULL: of a replay
    const bool *is_started;              // Redis answered, and the sources are started
    const bool *is_stopping;             // nothing is pushed any more
};

// NULL with error set, also when the address is in use.
struct http_routes *http_routes_create(const struct http_routes_setup *setup,
                                       struct error *error);
// A flush is about to start. Accepts NULL.
void http_routes_flushed(struct http_routes *routes);
// An alert that an earlier process published. Accepts NULL.
void http_routes_recalled(struct http_routes *routes, struct slice alert);
// Drops what is kept of alerts that name the person. Accepts NULL.
void http_routes_forget(struct http_routes *routes, const struct person_text *person);
// Drops all events of the live feed. Accepts NULL.
void http_routes_forget_feed(struct http_routes *routes);
// Answers as the server does to GET of that path, without a query; 404 for pages that
// are neither JSON nor metrics. body: empty; the reply may point into it.
void http_routes_get(struct http_routes *routes, struct slice path, struct buffer *body,
                     struct http_reply *ret_reply);
// Where it listens, with the port that was assigned: "http://127.0.0.1:7787".
enum { HTTP_ROUTES_ADDRESS_MAX = 600 };
void http_routes_address(const struct http_routes *routes,
                         char text[HTTP_ROUTES_ADDRESS_MAX]);
// The page /healthz, which needs no context.
void http_routes_answer_health(void *context, const struct http_request *request,
                               struct buffer *body, struct http_reply *reply);
// Accepts NULL.
void http_routes_destroy(struct http_routes **routes);
