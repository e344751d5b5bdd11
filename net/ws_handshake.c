#include "net/ws_handshake.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/buffer.h"

enum {
    SEEN_UPGRADE = 1 << 0,
    SEEN_CONNECTION = 1 << 1,
    SEEN_ACCEPT = 1 << 2,
    SEEN_PROTOCOL = 1 << 3,
};

void
ws_handshake_init(struct ws_handshake *handshake, const uint8_t random[WS_RANDOM_SIZE],
                  struct slice subprotocol)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char joined[WS_KEY_SIZE - 1 + sizeof(guid) - 1];
    unsigned char digest[SHA_DIGEST_LENGTH];
    EVP_EncodeBlock((unsigned char *)handshake->key, random, WS_RANDOM_SIZE);
    memcpy(joined, handshake->key, WS_KEY_SIZE - 1);
    memcpy(joined + WS_KEY_SIZE - 1, guid, sizeof(guid) - 1);
    SHA1(joined, sizeof(joined), digest);
    EVP_EncodeBlock((unsigned char *)handshake->accept, digest, sizeof(digest));
    handshake->subprotocol = subprotocol;
    http_answer_reset(&handshake->answer);
    handshake->state = WS_HANDSHAKE_MORE;
    handshake->why = NULL;
    handshake->seen = 0;
    handshake->total = 0;
    handshake->line_len = 0;
}

static void
append_header(struct buffer *request, struct slice name, struct slice value)
{
    buffer_append(request, name);
    buffer_append(request, value);
    buffer_append(request, SLICE_LIT("\r\n"));
}

void
ws_handshake_request(const struct ws_handshake *handshake, struct slice host,
                     struct slice path, struct buffer *request)
{
    buffer_append(request, SLICE_LIT("GET "));
    buffer_append(request, path);
    buffer_append(request, SLICE_LIT(" HTTP/1.1\r\n"));
    append_header(request, SLICE_LIT("Host: "), host);
    append_header(request, SLICE_LIT("Upgrade: "), SLICE_LIT("websocket"));
    append_header(request, SLICE_LIT("Connection: "), SLICE_LIT("Upgrade"));
    append_header(request, SLICE_LIT("Sec-WebSocket-Version: "), SLICE_LIT("13"));
    append_header(request, SLICE_LIT("Sec-WebSocket-Key: "), slice_of(handshake->key));
    if (handshake->subprotocol.len != 0) {
        append_header(request, SLICE_LIT("Sec-WebSocket-Protocol: "),
                      handshake->subprotocol);
    }
    append_header(request, SLICE_LIT("User-Agent: "),
                  SLICE_LIT("cascaded/" CASCADED_VERSION));
}

static struct slice
trimmed(struct slice text)
{
    return slice_trim(text, SLICE_LIT(" \t\r\n"));
}

// True if the list with commas contains the word.
static bool
lists(struct slice list, struct slice word)
{
    while (list.len > 0) {
        const char *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma != NULL ? (size_t)(comma - list.ptr) : list.len;
        if (slice_equal_nocase(trimmed((struct slice){list.ptr, len}), word)) {
            return true;
        }
        len += comma != NULL;
        list.ptr += len;
        list.len -= len;
    }
    return false;
}

static enum ws_handshake_state
fail(struct ws_handshake *handshake, const char *why)
{
    handshake->why = why;
    return WS_HANDSHAKE_BAD;
}

// A header may occur once, and only with this value.
static enum ws_handshake_state
expect(struct ws_handshake *handshake, unsigned header, bool is_right, const char *why)
{
    bool is_first = (handshake->seen & header) == 0;
    handshake->seen |= header;
    return is_first && is_right ? WS_HANDSHAKE_MORE : fail(handshake, why);
}

static enum ws_handshake_state
read_header(struct ws_handshake *handshake, struct slice line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL || line.ptr[0] == ' ' || line.ptr[0] == '\t') {
        return fail(handshake, "a line of its head is not a header");
    }
    struct slice name = {line.ptr, (size_t)(colon - line.ptr)};
    struct slice value = trimmed((struct slice){colon + 1, line.len - name.len - 1});
    if (slice_equal_nocase(name, SLICE_LIT("Upgrade"))) {
        return expect(handshake, SEEN_UPGRADE,
                      slice_equal_nocase(value, SLICE_LIT("websocket")),
                      "its Upgrade is not websocket");
    }
    if (slice_equal_nocase(name, SLICE_LIT("Connection"))) {
        return expect(handshake, SEEN_CONNECTION, lists(value, SLICE_LIT("upgrade")),
                      "its Connection is not Upgrade");
    }
    if (slice_equal_nocase(name, SLICE_LIT("Sec-WebSocket-Accept"))) {
        return expect(handshake, SEEN_ACCEPT,
                      slice_equal(value, slice_of(handshake->accept)),
                      "its Sec-WebSocket-Accept does not match the key of the request");
    }
    if (slice_equal_nocase(name, SLICE_LIT("Sec-WebSocket-Protocol"))) {
        return expect(handshake, SEEN_PROTOCOL,
                      handshake->subprotocol.len != 0 &&
                          slice_equal(value, handshake->subprotocol),
                      "it uses a subprotocol that was not requested");
    }
    if (slice_equal_nocase(name, SLICE_LIT("Sec-WebSocket-Extensions"))) {
        return fail(handshake, "it uses an extension that was not requested");
    }
    return WS_HANDSHAKE_MORE;
}

static enum ws_handshake_state
finish(struct ws_handshake *handshake)
{
    unsigned wanted = SEEN_UPGRADE | SEEN_CONNECTION | SEEN_ACCEPT;
    if ((handshake->seen & wanted) != wanted) {
        return fail(handshake, "it lacks Upgrade, Connection or Sec-WebSocket-Accept");
    }
    if (handshake->subprotocol.len != 0 && (handshake->seen & SEEN_PROTOCOL) == 0) {
        return fail(handshake, "it does not use the requested subprotocol");
    }
    return WS_HANDSHAKE_DONE;
}

// A line with its end.
static enum ws_handshake_state
read_line(struct ws_handshake *handshake, struct slice line)
{
    struct http_answer *answer = &handshake->answer;
    bool is_blank = trimmed(line).len == 0;
    bool is_first = answer->status == 0;
    if (is_first && !slice_starts(line, SLICE_LIT("HTTP/1.1 "))) {
        return fail(handshake, "it is not HTTP/1.1");
    }
    http_answer_header(answer, line);
    if (answer->status < 100 || answer->status > 599) {
        return fail(handshake, "it has no status");
    }
    if (is_first) {
        return WS_HANDSHAKE_MORE;
    }
    if (answer->status == 101) {
        return is_blank ? finish(handshake) : read_header(handshake, line);
    }
    if (is_blank && answer->status < 200) {
        http_answer_reset(answer);
    }
    return answer->is_whole ? WS_HANDSHAKE_REFUSED : WS_HANDSHAKE_MORE;
}

enum ws_handshake_state
ws_handshake_feed(struct ws_handshake *handshake, struct slice bytes, size_t *ret_used)
{
    size_t used = 0;
    while (handshake->state == WS_HANDSHAKE_MORE && used < bytes.len) {
        if (handshake->total == WS_HEAD_MAX) {
            handshake->state = fail(handshake, "its head has no end");
            break;
        }
        char byte = bytes.ptr[used++];
        handshake->total++;
        handshake->line[handshake->line_len++] = byte;
        if (byte == '\n') {
            const struct slice line = {handshake->line, handshake->line_len};
            handshake->line_len = 0;
            handshake->state = read_line(handshake, line);
        }
    }
    *ret_used = used;
    return handshake->state;
}
