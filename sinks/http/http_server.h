// The HTTP server: pages that other modules add as tables (http_router.h), and posts
// pushed by programs that have a token.
//
//   GET, HEAD             the pages; 404 if there is none, 405 for another method
//   POST /api/v1/posts    posts of any format, with "Authorization: Bearer TOKEN":
//                         202 {"accepted":N,"rejected":N} when all of it is read,
//                         400 empty, 401 wrong token, 403 switched off, 413 too long,
//                         415 compressed, 429 with Retry-After when there is no room
//
// The numbers of an answer count messages. Accepted are posts that were counted or are
// known, and deletions and new names that were applied. Rejected are those that cannot
// be used, found a table full or are older than the longest window (these are also
// counted in "too_old":N). Messages that changed nothing, such as a limit notice or the
// deletion of an unknown post, are in neither ("ignored":N). A 429 contains the
// numbers, too, for the part that was read. Posts are recognised by their ids, so
// sending the whole body again counts nothing twice.
//
// Other answers: 400 malformed, 404, 405 with Allow, 414, 431, 501 and 505. The body of
// a refusal is {"error":…,"message":…}, except for /readyz. A push that is refused by
// its head is answered before its body is read.
//
// One deadline, http.timeout, is set for a request as a whole: from the connection, or
// the end of the request before, to the end of its answer; the live feed has none. A
// connection's first head is checked before the library reads it, and a new connection
// always gets a place (http_guests.h), also without a free file descriptor
// (http_listener.h). Of later requests on a connection the fields are checked; what the
// library itself cannot parse it refuses with its own text.
//
// On loopback, requests to another host name are refused (421), so that no web page can
// reach the server by a name of its own. One thread, the caller's loop. Every body is
// kept in memory up to http.max_body, for at most HTTP_PUSHES_MAX requests.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "sinks/http/http_events.h"
#include "sinks/http/http_metrics.h"
#include "sinks/http/http_options.h"
#include "sinks/http/http_push.h"
#include "sinks/http/http_router.h"

struct event_base;
struct http_server;

struct http_server_setup {
    struct event_base *base;            // kept
    const struct http_options *options; // copied; checked
    const struct http_pages *pages;     // kept; the first match answers
    size_t pages_count;
    struct http_events *events; // of one of these pages; kept; NULL: none
    http_push_fn on_posts;      // NULL: pushing is off
    void *context;              // for on_posts
};

// Listens at once. STATUS_IO: the address is in use. On failure *ret_server is
// untouched.
enum status http_server_create(const struct http_server_setup *setup,
                               struct http_server **ret_server,
                               struct error *error) MUST_USE;
// Closes all connections. Accepts NULL.
void http_server_destroy(struct http_server **server);

uint16_t http_server_port(const struct http_server *server);
const struct http_metrics *http_server_metrics(struct http_server *server);
