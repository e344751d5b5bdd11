// A GET, or a bare connection: an easy handle of curl, ready but for the callbacks.
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct url;

// What a user may set. Empty: none.
struct http_request_options {
    const char *token_file; // of a bearer token; read for each request
    const char *ca_file;    // trusted instead of the system's authorities
    bool is_compressed;     // ask for a compressed answer
};

struct http_request {
    CURL *easy;
    struct curl_slist *headers;
    bool is_compressed;        // the answer may be
    char why[CURL_ERROR_SIZE]; // curl's own words on a failure
};

// Borrows options and url; request stays where it is until http_request_fini.
enum status http_request_init(struct http_request *request,
                              const struct http_request_options *options,
                              const char *url, struct error *error) MUST_USE;

// Only connects, through a proxy if there is one, to the host of url and with
// encryption if it wants that: for curl_easy_send and curl_easy_recv, which speak for
// themselves then. request->headers are what options put into a request's head.
enum status http_request_dial(struct http_request *request,
                              const struct http_request_options *options,
                              const struct url *url, struct error *error) MUST_USE;
// Whether that many bytes are more than any text expands to. What curl counted may lag
// behind, so the first few MiB are believed.
bool http_request_is_bomb(const struct http_request *request, uint64_t decoded);

// Accepts zeroed. The handle must not be running.
void http_request_fini(struct http_request *request);
