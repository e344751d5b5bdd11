// Checks the head of an HTTP request: if it is complete and has one meaning only.
//
// Refuses what RFC 9112 calls malformed, and what two readers could interpret in two
// ways: a second, different Content-Length; Content-Length beside Transfer-Encoding; a
// transfer coding other than "chunked"; a second Host; a blank before a colon; a line
// that continues the one before; control characters. Lines may end in LF alone. Bounds
// also the memory that the library needs: of what it has no room for, or cannot read,
// it would send an answer of its own. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "sinks/http/http_reply.h"

#define HTTP_EVENTS_PATH "/api/v1/events" // of the live feed

enum {
    HTTP_HEAD_MAX = 24 << 10, // bytes
    HTTP_TARGET_MAX = 8 << 10,
    HTTP_HEAD_MEMORY = 30 << 10, // that the library needs for a head
};

struct http_head {
    size_t size;      // with blank lines before it
    bool is_read;     // GET or HEAD
    bool is_old;      // HTTP/1.0
    bool is_for_feed; // its path is that of the live feed
    // No further request follows it, or perhaps none: not HTTP/1.1, or a Connection
    // other than keep-alive.
    bool is_last;
    size_t memory; // that the library needs for it
    bool has_host;
    bool has_token;
    bool has_coding;
    bool has_length;
    uint64_t length; // of the body
};

// Reads the whole head from the first bytes of a request. False: more bytes are needed.
bool http_head_read(struct slice bytes, struct http_head *ret_head,
                    enum http_refusal *ret_refusal);

// True if the chunks of a body are wrong as far as they have arrived: a size is no
// hexadecimal number, or no line ends behind the data. Of what arrives later only the
// library knows; it refuses the request with a text of its own.
bool http_head_has_wrong_chunks(struct slice body);

// True if it has a body, of no bytes perhaps.
bool http_head_has_body(const struct http_head *head);
