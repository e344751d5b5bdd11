// How an HTTP connection becomes a WebSocket (RFC 6455, section 4): the request, and
// whether the answer to it is one. Knows no socket.
//
// An answer counts only if its Sec-WebSocket-Accept belongs to the key that was sent,
// and it names the subprotocol asked for, and no extension. Its head is at most
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
    WS_HANDSHAKE_MORE,    // the head goes on
    WS_HANDSHAKE_DONE,    // what follows are frames
    WS_HANDSHAKE_REFUSED, // what follows is the body of answer
    WS_HANDSHAKE_BAD,     // neither: why says what is wrong
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

// Appends the request but for further headers and the blank line behind them.
// host: with the port if it is not the scheme's own.
void ws_handshake_request(const struct ws_handshake *handshake, struct slice host,
                          struct slice path, struct buffer *request);

// Reads on; *ret_used: how many bytes belonged to the head.
enum ws_handshake_state ws_handshake_feed(struct ws_handshake *handshake,
                                          struct slice bytes, size_t *ret_used);
