#include "net/ws_protocol.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <wslay/wslay.h>

#include "base/control.h"

// The record before each message in the store.
struct head {
    uint32_t len;
    uint32_t is_binary;
};

// A frame of 3 bytes may need a head and 1 byte.
enum {
    STORE_MAX = WS_MESSAGE_MAX + (int)sizeof(struct head) + 3 * WS_READ_MAX,
    CODE_SIZE = 2,
    CHARACTER_MAX = 4, // bytes
};

#define ASCII UINT64_C(0x8080808080808080) // none of these bits is set in eight of them

// ── what wslay calls ───────────────────────────────────────────────────────

static ssize_t
on_input(uint8_t *to, size_t size, int flags, void *context)
{
    struct ws_protocol *protocol = context;
    (void)flags;
    if (protocol->input.len == 0) {
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

// ── life ───────────────────────────────────────────────────────────────────

static void
free_contexts(struct ws_protocol *protocol)
{
    if (protocol->sender != NULL) {
        wslay_event_context_free(protocol->sender);
        protocol->sender = NULL;
    }
    if (protocol->receiver != NULL) {
        wslay_frame_context_free(protocol->receiver);
        protocol->receiver = NULL;
    }
}

bool
ws_protocol_reset(struct ws_protocol *protocol)
{
    static const struct wslay_event_callbacks sending = {
        .send_callback = on_output,
        .genmask_callback = on_mask,
    };
    static const struct wslay_frame_callbacks receiving = {.recv_callback = on_input};
    free_contexts(protocol);
    if (protocol->store == NULL) {
        protocol->store = calloc(1, STORE_MAX + WS_PADDING);
    }
    if (protocol->store == NULL ||
        wslay_event_context_client_init(&protocol->sender, &sending, protocol) != 0 ||
        wslay_frame_context_init(&protocol->receiver, &receiving, protocol) != 0) {
        return false;
    }
    protocol->input = SLICE_NONE;
    protocol->ended = WS_OPEN;
    protocol->close_code = 0;
    protocol->next = protocol->whole = protocol->end = 0;
    protocol->frame = (struct ws_frame){.left = 0};
    protocol->partial = (struct ws_partial){.size = 0};
    protocol->output_len = 0;
    return true;
}

void
ws_protocol_fini(struct ws_protocol *protocol)
{
    free_contexts(protocol);
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

// What the server must not send.
static void
break_off(struct ws_protocol *protocol, enum ws_close code)
{
    protocol->ended = WS_BROKEN;
    protocol->close_code = (uint16_t)code;
    ws_protocol_close(protocol, code);
}

// ── text ───────────────────────────────────────────────────────────────────

// How many bytes at the start are whole characters of UTF-8.
static size_t
utf8_length(struct slice text)
{
    size_t at = 0;
    size_t size = 1;
    while (size != 0 && at < text.len) {
        uint64_t eight;
        if (text.len - at >= sizeof(eight)) {
            memcpy(&eight, text.ptr + at, sizeof(eight));
            if ((eight & ASCII) == 0) {
                at += sizeof(eight);
                continue;
            }
        }
        size = control_utf8((struct slice){text.ptr + at, text.len - at});
        at += size;
    }
    return at;
}

// False: the message has bytes that are no UTF-8. Its last ones may be the beginning of
// a character whose rest is in the next piece.
static bool
check_text(struct ws_protocol *protocol, bool is_end)
{
    struct ws_partial *partial = &protocol->partial;
    size_t begin = protocol->whole + sizeof(struct head) + partial->checked;
    struct slice text = {protocol->store + begin, protocol->end - begin};
    size_t length = utf8_length(text);
    partial->checked += length;
    return text.len - length < (is_end ? 1 : CHARACTER_MAX);
}

// ── frames ─────────────────────────────────────────────────────────────────

static bool
is_known(uint8_t opcode)
{
    return opcode == WSLAY_CONTINUATION_FRAME || opcode == WSLAY_TEXT_FRAME ||
           opcode == WSLAY_BINARY_FRAME || opcode == WSLAY_CONNECTION_CLOSE ||
           opcode == WSLAY_PING || opcode == WSLAY_PONG;
}

// wslay has checked how the length is written, and that control frames are short and
// whole.
static bool
is_allowed(const struct ws_protocol *protocol, const struct wslay_frame_iocb *part)
{
    bool is_continued = part->opcode == WSLAY_CONTINUATION_FRAME;
    return is_known(part->opcode) && part->rsv == WSLAY_RSV_NONE && part->mask == 0 &&
           (wslay_is_ctrl_frame(part->opcode)
                ? part->payload_length <= WS_CONTROL_MAX
                : is_continued == protocol->partial.is_begun);
}

static void
begin_frame(struct ws_protocol *protocol, const struct wslay_frame_iocb *part)
{
    struct ws_partial *partial = &protocol->partial;
    if (!is_allowed(protocol, part)) {
        break_off(protocol, WS_CLOSE_PROTOCOL);
        return;
    }
    protocol->frame = (struct ws_frame){
        .is_begun = true,
        .is_final = part->fin != 0,
        .opcode = part->opcode,
        .left = part->payload_length,
    };
    if (wslay_is_ctrl_frame(part->opcode)) {
        return;
    }
    if (!partial->is_begun) {
        *partial = (struct ws_partial){.is_begun = true,
                                       .is_text = part->opcode == WSLAY_TEXT_FRAME};
        protocol->end = protocol->whole + sizeof(struct head);
    }
    if (part->payload_length > WS_FRAME_MAX - partial->size) {
        break_off(protocol, WS_CLOSE_LONG);
    }
}

static void
take_control(struct ws_protocol *protocol, const struct wslay_frame_iocb *part)
{
    struct ws_frame *frame = &protocol->frame;
    memcpy(frame->control + frame->control_len, part->data, part->data_length);
    frame->control_len += part->data_length;
}

static void
take_data(struct ws_protocol *protocol, const struct wslay_frame_iocb *part)
{
    struct ws_partial *partial = &protocol->partial;
    partial->size += part->data_length;
    if (partial->size > WS_MESSAGE_MAX) {
        return;
    }
    assert(protocol->end + part->data_length <= STORE_MAX);
    memcpy(protocol->store + protocol->end, part->data, part->data_length);
    protocol->end += part->data_length;
    if (partial->is_text && !check_text(protocol, false)) {
        break_off(protocol, WS_CLOSE_UTF8);
    }
}

static void
end_message(struct ws_protocol *protocol)
{
    struct ws_partial *partial = &protocol->partial;
    size_t size = partial->size;
    partial->is_begun = false;
    if (size > WS_MESSAGE_MAX) {
        protocol->too_long++;
        protocol->end = protocol->whole;
    } else if (size == 0) {
        protocol->signs++;
        protocol->end = protocol->whole;
    } else if (partial->is_text && !check_text(protocol, true)) {
        break_off(protocol, WS_CLOSE_UTF8);
    } else {
        const struct head head = {(uint32_t)size, !partial->is_text};
        memcpy(protocol->store + protocol->whole, &head, sizeof(head));
        protocol->whole = protocol->end;
    }
}

static void
end_close(struct ws_protocol *protocol)
{
    const struct ws_frame *frame = &protocol->frame;
    unsigned code = frame->control[0] * 256U + frame->control[1];
    size_t text_len =
        frame->control_len > CODE_SIZE ? frame->control_len - CODE_SIZE : 0;
    struct slice text = {(const char *)frame->control + CODE_SIZE, text_len};
    if (frame->control_len == 0) {
        protocol->ended = WS_CLOSED;
        protocol->close_code = WS_CLOSE_NONE;
        (void)wslay_event_queue_close(protocol->sender, 0, NULL, 0);
    } else if (frame->control_len < CODE_SIZE || !is_close_code(code)) {
        break_off(protocol, WS_CLOSE_PROTOCOL);
    } else if (utf8_length(text) != text.len) {
        break_off(protocol, WS_CLOSE_UTF8);
    } else {
        protocol->ended = WS_CLOSED;
        protocol->close_code = (uint16_t)code;
        (void)wslay_event_queue_close(protocol->sender, (uint16_t)code, NULL, 0);
    }
}

static void
end_frame(struct ws_protocol *protocol)
{
    struct ws_frame *frame = &protocol->frame;
    frame->is_begun = false;
    if (frame->opcode == WSLAY_CONNECTION_CLOSE) {
        end_close(protocol);
    } else if (wslay_is_ctrl_frame(frame->opcode)) {
        protocol->signs++;
        if (frame->opcode == WSLAY_PING) {
            const struct wslay_event_msg pong = {WSLAY_PONG, frame->control,
                                                 frame->control_len};
            (void)wslay_event_queue_msg(protocol->sender, &pong);
        }
    } else if (frame->is_final) {
        end_message(protocol);
    }
}

// A piece of a frame.
static void
take(struct ws_protocol *protocol, const struct wslay_frame_iocb *part)
{
    struct ws_frame *frame = &protocol->frame;
    if (!frame->is_begun) {
        begin_frame(protocol, part);
    }
    if (protocol->ended != WS_OPEN) {
        return;
    }
    frame->left -= part->data_length;
    if (part->data_length != 0 && wslay_is_ctrl_frame(frame->opcode)) {
        take_control(protocol, part);
    } else if (part->data_length != 0) {
        take_data(protocol, part);
    }
    if (frame->left == 0 && protocol->ended == WS_OPEN) {
        end_frame(protocol);
    }
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
    while (protocol->ended == WS_OPEN) {
        struct wslay_frame_iocb part = {.fin = 0};
        ssize_t got = wslay_frame_recv(protocol->receiver, &part);
        if (got == WSLAY_ERR_WANT_READ) {
            break;
        }
        if (got < 0) {
            break_off(protocol, WS_CLOSE_PROTOCOL);
        } else {
            take(protocol, &part);
        }
    }
    protocol->input = SLICE_NONE;
    (void)wslay_event_send(protocol->sender);
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
        wslay_event_queue_msg(protocol->sender, &message) == 0) {
        (void)wslay_event_send(protocol->sender);
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
    if (wslay_event_queue_close(protocol->sender, (uint16_t)code, NULL, 0) == 0) {
        (void)wslay_event_send(protocol->sender);
    }
}
