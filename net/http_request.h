// A GET, or a bare connection: an easy handle of curl, ready except for the callbacks.
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct url;

// The options. Empty: none.
struct http_request_options {
    const char *token_file; // of a bearer token; read for each request
    const char *ca_file;    // trusted instead of the system's authorities
    bool is_compressed;     // request a compressed answer
};

struct http_request {
    CURL *easy;
    struct curl_slist *headers;
    bool is_compressed;        // the answer may be
    char why[CURL_ERROR_SIZE]; // curl's own text about a failure
};

// Borrows options and url; request must not move until http_request_fini.
enum status http_request_init(struct http_request *request,
                              const struct http_request_options *options,
                              const char *url, struct error *error) MUST_USE;

// Only connects, through a proxy if there is one, to the host of url, encrypted if the
// scheme requires it: the caller then uses curl_easy_send and curl_easy_recv.
// request->headers are the headers from the options.
enum status http_request_dial(struct http_request *request,
                              const struct http_request_options *options,
                              const struct url *url, struct error *error) MUST_USE;
// True if that many bytes are more than any text expands to. curl's own count may lag
// behind, so the first few MiB are always accepted.
bool http_request_is_bomb(const struct http_request *request, uint64_t decoded);

// Accepts zeroed. The handle must not be running.
void http_request_fini(struct http_request *request);
