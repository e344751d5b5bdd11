#include "net/ws_protocol.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <wslay/wslay.h>

// The record before each message in the store.
struct head {
    uint32_t len;
    uint32_t is_binary;
};

// A frame of 3 bytes may need a head and 1 byte.
enum {
    STORE_MAX = WS_MESSAGE_MAX + (int)sizeof(struct head) + 3 * WS_READ_MAX,
    SKIPPED_MAX = WS_FRAME_MAX,
};

static ssize_t
on_input(struct wslay_event_context *wslay, uint8_t *to, size_t size, int flags,
         void *context)
{
    struct ws_protocol *protocol = context;
    (void)flags;
    if (protocol->input.len == 0) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size = size < protocol->input.len ? size : protocol->input.len;
    memcpy(to, protocol->input.ptr, size);
    protocol->input.ptr += size;
    protocol->input.len -= size;
    return (ssize_t)size;
}

static ssize_t
on_output(struct wslay_event_context *wslay, const uint8_t *bytes, size_t size,
          int flags, void *context)
{
    struct ws_protocol *protocol = context;
    size_t room = sizeof(protocol->output) - protocol->output_len;
    (void)flags;
    if (room == 0) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size = size < room ? size : room;
    memcpy(protocol->output + protocol->output_len, bytes, size);
    protocol->output_len += size;
    return (ssize_t)size;
}

static int
on_mask(struct wslay_event_context *wslay, uint8_t *to, size_t size, void *context)
{
    (void)wslay;
    (void)context;
    return getrandom(to, size, 0) == (ssize_t)size ? 0 : -1;
}

static void
on_frame(struct wslay_event_context *wslay,
         const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
    struct ws_protocol *protocol = context;
    (void)wslay;
    protocol->opcode = frame->opcode;
    protocol->has_code = frame->payload_length >= sizeof(protocol->code);
    protocol->code_len = 0;
    if (frame->opcode == WSLAY_TEXT_FRAME || frame->opcode == WSLAY_BINARY_FRAME) {
        protocol->end = protocol->whole + sizeof(struct head);
        protocol->is_long = false;
        protocol->skipped = 0;
    }
}

static void
note_code(struct ws_protocol *protocol,
          const struct wslay_event_on_frame_recv_chunk_arg *chunk)
{
    for (size_t i = 0; i < chunk->data_length && protocol->code_len < 2; i++) {
        protocol->code[protocol->code_len++] = chunk->data[i];
    }
}

static void
on_chunk(struct wslay_event_context *wslay,
         const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *context)
{
    struct ws_protocol *protocol = context;
    (void)wslay;
    if (protocol->opcode == WSLAY_CONNECTION_CLOSE) {
        note_code(protocol, chunk);
    }
    if (wslay_is_ctrl_frame(protocol->opcode) || chunk->data_length == 0) {
        return;
    }
    size_t len = protocol->end - protocol->whole - sizeof(struct head);
    if (protocol->is_long || len + chunk->data_length > WS_MESSAGE_MAX) {
        protocol->is_long = true;
        protocol->skipped += chunk->data_length;
        return;
    }
    assert(protocol->end + chunk->data_length <= STORE_MAX);
    memcpy(protocol->store + protocol->end, chunk->data, chunk->data_length);
    protocol->end += chunk->data_length;
}

static void
on_whole(struct wslay_event_context *wslay,
         const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    struct ws_protocol *protocol = context;
    (void)wslay;
    if (wslay_is_ctrl_frame(message->opcode)) {
        protocol->signs += message->opcode != WSLAY_CONNECTION_CLOSE;
        return;
    }
    size_t len = protocol->end - protocol->whole - sizeof(struct head);
    if (protocol->is_long) {
        protocol->too_long++;
        protocol->end = protocol->whole;
    } else if (len == 0) {
        protocol->signs++;
        protocol->end = protocol->whole;
    } else {
        const struct head head = {(uint32_t)len, message->opcode == WSLAY_BINARY_FRAME};
        memcpy(protocol->store + protocol->whole, &head, sizeof(head));
        protocol->whole = protocol->end;
    }
}

bool
ws_protocol_reset(struct ws_protocol *protocol)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_input,
        .send_callback = on_output,
        .genmask_callback = on_mask,
        .on_frame_recv_start_callback = on_frame,
        .on_frame_recv_chunk_callback = on_chunk,
        .on_msg_recv_callback = on_whole,
    };
    if (protocol->wslay != NULL) {
        wslay_event_context_free(protocol->wslay);
        protocol->wslay = NULL;
    }
    if (protocol->store == NULL) {
        protocol->store = calloc(1, STORE_MAX + WS_PADDING);
    }
    if (protocol->store == NULL ||
        wslay_event_context_client_init(&protocol->wslay, &callbacks, protocol) != 0) {
        return false;
    }
    wslay_event_config_set_no_buffering(protocol->wslay, 1);
    wslay_event_config_set_max_recv_msg_length(protocol->wslay, WS_FRAME_MAX);
    protocol->input = SLICE_NONE;
    protocol->ended = WS_OPEN;
    protocol->close_code = 0;
    protocol->next = protocol->whole = protocol->end = 0;
    protocol->is_long = false;
    protocol->skipped = 0;
    protocol->opcode = 0;
    protocol->code_len = 0;
    protocol->output_len = 0;
    return true;
}

void
ws_protocol_fini(struct ws_protocol *protocol)
{
    if (protocol->wslay != NULL) {
        wslay_event_context_free(protocol->wslay);
        protocol->wslay = NULL;
    }
    free(protocol->store);
    protocol->store = NULL;
}

// Moves the partial message to the front; the messages before it were pulled.
static void
make_room(struct ws_protocol *protocol)
{
    size_t len = protocol->end - protocol->whole;
    if (protocol->whole != 0 && len != 0) {
        memmove(protocol->store, protocol->store + protocol->whole, len);
    }
    protocol->next = protocol->whole = 0;
    protocol->end = len;
}

static bool
is_close_code(unsigned code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != WS_CLOSE_NONE &&
            code != WS_CLOSE_LOST) ||
           (code >= 3000 && code <= 4999);
}

// wslay knows the codes of 2011, ignores half a code, and validates the text in the
// pieces in which it arrives; so this is done here. The text is not used. If its first
// piece is invalid, wslay does not return the code either.
static void
note_close(struct ws_protocol *protocol)
{
    unsigned code = protocol->code[0] * 256U + protocol->code[1];
    protocol->ended = WS_CLOSED;
    if (protocol->code_len == 0 && protocol->has_code) {
        protocol->ended = WS_BROKEN;
        protocol->close_code = WS_CLOSE_UTF8;
    } else if (protocol->code_len == 0) {
        protocol->close_code = WS_CLOSE_NONE;
    } else if (protocol->code_len == 2 && is_close_code(code)) {
        protocol->close_code = (uint16_t)code;
    } else {
        protocol->ended = WS_BROKEN;
        protocol->close_code = WS_CLOSE_PROTOCOL;
    }
}

static void
note_end(struct ws_protocol *protocol)
{
    if (protocol->opcode == WSLAY_CONNECTION_CLOSE) {
        note_close(protocol);
        return;
    }
    uint16_t sent = wslay_event_get_status_code_sent(protocol->wslay);
    bool is_told = sent != 0 && sent != WS_CLOSE_NONE;
    protocol->ended = WS_BROKEN;
    protocol->close_code = is_told ? sent : (uint16_t)WS_CLOSE_PROTOCOL;
}

bool
ws_protocol_has_room(const struct ws_protocol *protocol)
{
    return protocol->ended == WS_OPEN && protocol->whole <= WS_AHEAD_MAX &&
           protocol->end <= WS_MESSAGE_MAX + sizeof(struct head);
}

void
ws_protocol_feed(struct ws_protocol *protocol, struct slice bytes)
{
    assert(bytes.len <= WS_READ_MAX && protocol->output_len == 0);
    assert(ws_protocol_has_room(protocol));
    protocol->input = bytes;
    int failed = wslay_event_recv(protocol->wslay);
    protocol->input = SLICE_NONE;
    if (failed == 0) {
        failed = wslay_event_send(protocol->wslay);
    } else {
        (void)wslay_event_send(protocol->wslay);
    }
    if (failed != 0 || wslay_event_get_read_enabled(protocol->wslay) == 0) {
        note_end(protocol);
    } else if (protocol->skipped > SKIPPED_MAX) {
        protocol->ended = WS_BROKEN;
        protocol->close_code = WS_CLOSE_LONG;
        ws_protocol_close(protocol, WS_CLOSE_LONG);
    }
}

bool
ws_protocol_next(struct ws_protocol *protocol, struct ws_message *ret_message)
{
    struct head head;
    if (protocol->next == protocol->whole) {
        make_room(protocol);
        return false;
    }
    memcpy(&head, protocol->store + protocol->next, sizeof(head));
    ret_message->data =
        (struct slice){protocol->store + protocol->next + sizeof(head), head.len};
    ret_message->is_binary = head.is_binary != 0;
    protocol->next += sizeof(head) + head.len;
    return true;
}

struct slice
ws_protocol_output(const struct ws_protocol *protocol)
{
    return (struct slice){protocol->output, protocol->output_len};
}

void
ws_protocol_sent(struct ws_protocol *protocol, size_t size)
{
    assert(size <= protocol->output_len);
    protocol->output_len -= size;
    memmove(protocol->output, protocol->output + size, protocol->output_len);
}

static void
send_empty(struct ws_protocol *protocol, uint8_t opcode)
{
    const struct wslay_event_msg message = {opcode, NULL, 0};
    if (protocol->output_len == 0 && protocol->ended == WS_OPEN &&
        wslay_event_queue_msg(protocol->wslay, &message) == 0) {
        (void)wslay_event_send(protocol->wslay);
    }
}

void
ws_protocol_ping(struct ws_protocol *protocol)
{
    send_empty(protocol, WSLAY_PING);
}

void
ws_protocol_pong(struct ws_protocol *protocol)
{
    send_empty(protocol, WSLAY_PONG);
}

void
ws_protocol_close(struct ws_protocol *protocol, enum ws_close code)
{
    if (wslay_event_queue_close(protocol->wslay, (uint16_t)code, NULL, 0) == 0) {
        (void)wslay_event_send(protocol->wslay);
    }
}
