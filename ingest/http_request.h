// A GET, or a bare connection, as a user's options want it: an easy handle of curl,
// ready but for the callbacks.
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"

struct source_options;
struct source_url;

struct http_request {
    CURL *easy;
    struct curl_slist *headers;
    bool is_compressed;        // the answer may be
    char why[CURL_ERROR_SIZE]; // curl's own words on a failure
};

// The token is read from its file each time. url: the options', or another one of the
// same server. Borrows both; request stays where it is until http_request_fini.
enum status http_request_init(struct http_request *request,
                              const struct source_options *options, const char *url,
                              struct error *error) MUST_USE;
// The URL of a stream; with has_gap it asks for what was missed, where options say so.
enum { HTTP_REQUEST_URL_MAX = OPTION_TEXT_MAX + 64 };
void http_request_stream_url(const struct source_options *options, bool has_gap,
                             char url[HTTP_REQUEST_URL_MAX]);

// Only connects, through a proxy if there is one, to the host of url and with
// encryption if it wants that: for curl_easy_send and curl_easy_recv, which speak for
// themselves then. request->headers are what options put into a request's head.
enum status http_request_dial(struct http_request *request,
                              const struct source_options *options,
                              const struct source_url *url,
                              struct error *error) MUST_USE;
// Whether that many bytes are more than any text expands to. What curl counted may lag
// behind, so the first few MiB are believed.
bool http_request_is_bomb(const struct http_request *request, uint64_t decoded);

// Accepts zeroed. The handle must not be running.
void http_request_fini(struct http_request *request);
