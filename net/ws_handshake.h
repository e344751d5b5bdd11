// The handshake of a WebSocket (RFC 6455, section 4): the request, and the check of the
// answer. Uses no socket.
//
// An answer is valid only if its Sec-WebSocket-Accept belongs to the key that was sent,
// and it names the requested subprotocol and no extension. Its head is at most
// WS_HEAD_MAX bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "net/http_answer.h"

struct buffer;

enum {
    WS_HEAD_MAX = 1 << 14,
    WS_RANDOM_SIZE = 16,
    WS_KEY_SIZE = 25,
    WS_ACCEPT_SIZE = 29
};

enum ws_handshake_state {
    WS_HANDSHAKE_MORE,    // the head is not complete
    WS_HANDSHAKE_DONE,    // frames follow
    WS_HANDSHAKE_REFUSED, // the body of answer follows
    WS_HANDSHAKE_BAD,     // neither: why contains the error
};

struct ws_handshake {
    char key[WS_KEY_SIZE];
    char accept[WS_ACCEPT_SIZE];
    struct slice subprotocol; // empty: none
    struct http_answer answer;
    enum ws_handshake_state state;
    const char *why;
    unsigned seen; // which headers, a bit each
    size_t total;
    size_t line_len;
    char line[WS_HEAD_MAX];
};

// random: fresh for each connection. Keeps subprotocol.
void ws_handshake_init(struct ws_handshake *handshake,
                       const uint8_t random[WS_RANDOM_SIZE], struct slice subprotocol);

// Appends the request, without further headers and the blank line at its end. host:
// with the port if it is not the scheme's own.
void ws_handshake_request(const struct ws_handshake *handshake, struct slice host,
                          struct slice path, struct buffer *request);

// Continues; *ret_used: how many bytes belonged to the head.
enum ws_handshake_state ws_handshake_feed(struct ws_handshake *handshake,
                                          struct slice bytes, size_t *ret_used);
