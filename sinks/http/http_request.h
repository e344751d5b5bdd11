// A request for a page (GET or HEAD), as its answer function gets it. Uses no library.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"

enum { HTTP_WORDS_MAX = 4, HTTP_PARAMETERS_MAX = 8 };

// Of the query, percent-encoded.
struct http_parameter {
    struct slice name;
    struct slice value;
};

// The slices point into the request, and live until the answer function returns.
struct http_request {
    struct slice path; // as sent, percent-encoded, without the query
    struct http_parameter parameters[HTTP_PARAMETERS_MAX]; // the first ones
    size_t parameter_count;
    // What the stars of the page's pattern matched, decoded: any bytes, also NUL.
    struct slice words[HTTP_WORDS_MAX];
    size_t word_count;
    // Absent if the header is.
    struct slice none_match;      // If-None-Match
    struct slice accept_encoding; // Accept-Encoding
    struct slice last_event_id;   // Last-Event-ID
    bool is_head;
};

// True if If-None-Match names this entity tag (with its quotes) or is "*".
bool http_request_is_known(const struct http_request *request, struct slice tag);

// True if this content coding is accepted by Accept-Encoding, by name and not with q=0.
bool http_request_accepts(const struct http_request *request, struct slice coding);

// The decoded value of a parameter of the query; the first one if there are several.
// ret_value: absent if there is no such parameter; it points into text. STATUS_PARSE:
// its encoding is broken; STATUS_FULL: it is longer than size.
enum status http_request_parameter(const struct http_request *request,
                                   struct slice name, char *text, size_t size,
                                   struct slice *ret_value) MUST_USE;

// Decodes %XX in place. STATUS_PARSE: a "%" without two hexadecimal digits.
enum status http_request_decode(char *text, size_t *size) MUST_USE;
