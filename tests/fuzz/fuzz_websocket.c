// A WebSocket's answer and frames: the same bytes cut in two ways, and their messages
// pulled at once or late, must come to the same end, with the same messages; and what a
// message says about its place must not depend on anything behind it.
//
// The first byte of the input steers the second cutting, the second says whether the
// handshake comes first; the rest is what the server sends.
#include "ingest/frames/lines.h"
#include "ingest/sources/jetstream_wire.h"
#include "net/ws_handshake.h"
#include "net/ws_protocol.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct digest {
    uint64_t messages;
    uint64_t sum;
    uint64_t signs;
    uint64_t too_long;
    uint64_t place;
    int ended;
    int code;
    int head;
};

// FNV-1a
static void
mix(struct digest *digest, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        digest->sum = (digest->sum ^ byte[i]) * 0x100000001b3u;
    }
}

static void
look(struct digest *digest, struct slice data)
{
    struct jetstream_place place;
    for (int wire = 0; wire < JETSTREAM_WIRE_COUNT; wire++) {
        jetstream_wire_read((enum jetstream_wire)wire, data, &place);
        digest->place +=
            place.time != USEC_NONE ? place.value : place.is_refused_cursor;
    }
    // A copy without anything behind it: whoever reads on is found out.
    char *copy = malloc(data.len + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data.ptr, data.len);
    jetstream_wire_read(JETSTREAM_SUBSCRIBE, (struct slice){copy, data.len}, &place);
    free(copy);
}

static void
pull(struct ws_protocol *protocol, struct digest *digest)
{
    struct ws_message message;
    while (ws_protocol_next(protocol, &message)) {
        digest->messages++;
        mix(digest, &message.is_binary, sizeof(message.is_binary));
        mix(digest, message.data.ptr, message.data.len);
        mix(digest, "|", 1);
        struct digest padding = {0};
        mix(&padding, message.data.ptr, message.data.len + LINES_PADDING);
        look(digest, message.data);
    }
}

struct way {
    size_t piece;
    bool has_head;
    bool is_late; // messages wait as long as there is room
};

static void
run(struct slice bytes, struct way way, struct digest *digest)
{
    static struct ws_handshake handshake;
    static struct ws_protocol protocol;
    static const uint8_t nonce[WS_RANDOM_SIZE + 1] = "the sample nonce";
    enum ws_handshake_state state = WS_HANDSHAKE_DONE;
    ws_handshake_init(&handshake, nonce, SLICE_LIT(""));
    if (way.has_head) {
        state = WS_HANDSHAKE_MORE;
    }
    protocol.signs = protocol.too_long = 0;
    if (!ws_protocol_reset(&protocol)) {
        abort();
    }
    while (bytes.len > 0 && protocol.ended == WS_OPEN) {
        struct slice part = {bytes.ptr, way.piece < bytes.len ? way.piece : bytes.len};
        size_t used = part.len;
        if (state == WS_HANDSHAKE_MORE) {
            state = ws_handshake_feed(&handshake, part, &used);
        } else if (state == WS_HANDSHAKE_DONE) {
            ws_protocol_feed(&protocol, part);
            if (!way.is_late || !ws_protocol_has_room(&protocol)) {
                pull(&protocol, digest);
            }
            ws_protocol_sent(&protocol, ws_protocol_output(&protocol).len);
        } else {
            http_answer_body(&handshake.answer, part);
        }
        bytes.ptr += used;
        bytes.len -= used;
    }
    pull(&protocol, digest);
    digest->signs = protocol.signs;
    digest->too_long = protocol.too_long;
    digest->ended = (int)protocol.ended;
    digest->code = protocol.close_code;
    digest->head = (int)state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct slice bytes = {(const char *)data + 2, size - 2};
    bool has_head = (data[1] & 1) != 0;
    struct digest whole = {0};
    struct digest cut = {0};
    run(bytes, (struct way){WS_READ_MAX, has_head, false}, &whole);
    run(bytes, (struct way){1 + (size_t)data[0], has_head, true}, &cut);
    if (memcmp(&whole, &cut, sizeof(cut)) != 0) {
        abort();
    }
    return 0;
}
