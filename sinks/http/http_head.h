// Checks the head of an HTTP request: if it is complete and has one meaning only.
//
// Refuses what RFC 9112 calls malformed, and what two readers could interpret in two
// ways: a second, different Content-Length; Content-Length beside Transfer-Encoding; a
// transfer coding other than "chunked"; a second Host; a blank before a colon; a line
// that continues the one before; control characters. Lines may end in LF alone. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "sinks/http/http_reply.h"

enum {
    HTTP_HEAD_MAX = 24 << 10, // bytes
    HTTP_TARGET_MAX = 8 << 10,
};

struct http_head {
    bool is_old; // HTTP/1.0
    bool has_host;
    bool has_token;
    bool has_coding;
    bool has_length;
    uint64_t length; // of the body
};

// One field; head must be zeroed before the first. HTTP_REFUSAL_NONE: continue.
enum http_refusal http_head_field(struct http_head *head, struct slice name,
                                  struct slice value);
// Call after the last field.
enum http_refusal http_head_end(const struct http_head *head);

// Reads the whole head from the first bytes of a request. False: more bytes are needed.
bool http_head_read(struct slice bytes, enum http_refusal *ret_refusal);
