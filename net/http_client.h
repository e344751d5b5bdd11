// HTTP for the whole process: libcurl's multi interface on the one event loop.
//
// curl functions must not be called from curl's callbacks. The owner of a transfer
// therefore only stores data in the callbacks of its easy handle and acts from an event
// of its own; on_done is safe.
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "base/status.h"

struct event_base;
struct http_client;

struct http_transfer {
    CURL *easy; // the owner's, set up except for CURLOPT_PRIVATE, which the client uses
    // It has ended; the client has removed it.
    void (*on_done)(void *context, CURLcode code);
    void *context;
    bool is_connect; // CURLOPT_CONNECT_ONLY is set: after on_done with OK, the
                     // connection is the owner's until http_client_stop
    bool is_running; // the client's
};

// Keeps base.
enum status http_client_create(struct event_base *base, struct http_client **ret_client,
                               struct error *error) MUST_USE;
// No transfer may be running. Accepts NULL.
void http_client_destroy(struct http_client **client);

// Keeps transfer until on_done or http_client_stop.
enum status http_client_start(struct http_client *client,
                              struct http_transfer *transfer,
                              struct error *error) MUST_USE;
// Ends a transfer without on_done; does nothing if it is not running. Not from a
// callback of curl.
void http_client_stop(struct http_client *client, struct http_transfer *transfer);
