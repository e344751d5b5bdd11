// The HTTP server: health and metrics for whoever watches the daemon, and posts pushed
// by programs that have a token.
//
//   GET  /healthz         200 as long as the loop turns
//   GET  /readyz          200, or 503 with one line that says what is missing
//   GET  /metrics         Prometheus
//   POST /api/v1/posts    NDJSON of any format, with "Authorization: Bearer TOKEN":
//                         202 {"accepted":N,"rejected":N} when all of it is taken,
//                         400 empty, 401 wrong token, 403 switched off, 413 too long,
//                         429 with Retry-After when there is no room
//
// After 429 a part may be in: posts are known by their ids, so sending the whole body
// again counts nothing twice.
//
// On loopback, requests that name another host are refused (421), so that no web page
// can reach the server through a name of its own. One thread, the caller's loop; every
// body is held in memory up to http.max_body, on at most HTTP_CONNECTIONS_MAX
// connections.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "sinks/http_options.h"

struct event_base;
struct http_server;

enum { HTTP_CONNECTIONS_MAX = 32, HTTP_IDLE_S = 10 };

struct http_metrics {
    uint64_t requests;
    uint64_t refused; // answered with 4xx
    uint64_t posts_accepted;
    uint64_t posts_rejected;
    uint64_t pushes_delayed; // 429
};

extern const struct metric http_metric_rows[];

struct http_posts_result {
    uint64_t accepted; // messages taken, control and duplicates included
    uint64_t rejected; // messages that could not be used
};

struct http_server_setup {
    struct event_base *base;            // kept
    const struct http_options *options; // copied; checked
    // True when the daemon does its work; else why not, one line.
    bool (*is_ready)(void *context, const char **ret_why);
    void (*write_metrics)(void *context, struct buffer *page);
    // A whole body, followed by a NUL. STATUS_AGAIN: there was no room for all of it.
    enum status (*on_posts)(void *context, struct slice body,
                            struct http_posts_result *ret_result);
    void *context;
};

// Listens at once. STATUS_IO: the address is taken. On failure *ret_server stays as it
// is.
enum status http_server_create(const struct http_server_setup *setup,
                               struct http_server **ret_server,
                               struct error *error) MUST_USE;
// Closes all connections. Accepts NULL.
void http_server_destroy(struct http_server **server);

uint16_t http_server_port(const struct http_server *server);
const struct http_metrics *http_server_metrics(const struct http_server *server);
