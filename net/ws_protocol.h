// The frames of a WebSocket (RFC 6455) for a client: turns bytes into messages. Uses no
// socket.
//
// Fragments are joined, text is checked to be UTF-8, pings are answered. What the
// server must not send (masked frames, reserved bits and opcodes, fragmented or long
// control frames, unexpected continuations, invalid text) ends the connection with the
// close frame that the standard requires; so does a message over WS_FRAME_MAX. One over
// WS_MESSAGE_MAX is dropped and counted, without other effects. Empty messages are only
// signs of life.
//
// wslay reads frames and writes answers. Its own reader of messages is not used: it
// checks text byte by byte, which took a sixth of the time of a stream of Jetstream.
//
// Memory is fixed: whole messages and one partial one,
//
//     pulled │ whole messages, each behind its head │ partial │ room │ padding
//          next                                    whole      end
//
// and WS_OUTPUT_MAX bytes of answers: no bytes are accepted before those are sent. When
// messages that were not pulled exceed WS_AHEAD_MAX bytes, no more are accepted.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct wslay_event_context;
struct wslay_frame_context;

enum {
    WS_READ_MAX = 1 << 14, // bytes accepted at once
    WS_AHEAD_MAX = 1 << 20,
    WS_OUTPUT_MAX = 1 << 16, // more than the answers to as many bytes of pings
    WS_FRAME_MAX = 1 << 26,
    WS_MESSAGE_MAX = 1 << 23,
    WS_CONTROL_MAX = 125, // bytes of a control frame
    WS_PADDING = 64,      // readable bytes behind every message
};

enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_KIND = 1003,
    WS_CLOSE_NONE = 1005, // the frame contained no code
    WS_CLOSE_LOST = 1006, // there was no frame
    WS_CLOSE_UTF8 = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_LONG = 1009,
    WS_CLOSE_LATER = 1013,
};

enum ws_end {
    WS_OPEN,
    WS_CLOSED, // by the server, with a close frame
    WS_BROKEN, // by this client, because the server broke the protocol
};

struct ws_message {
    struct slice data; // with WS_PADDING readable bytes behind it
    bool is_binary;
};

// The frame that is arriving.
struct ws_frame {
    bool is_begun; // and not at its end
    bool is_final; // the last of its message
    uint8_t opcode;
    uint64_t left; // bytes of its payload that have not come
    size_t control_len;
    uint8_t control[WS_CONTROL_MAX]; // of a control frame, as far as it has come
};

// The message that is arriving.
struct ws_partial {
    bool is_begun; // and its last frame is not at its end
    bool is_text;
    size_t size;    // over WS_MESSAGE_MAX: it is dropped
    size_t checked; // so many bytes are whole characters
};

struct ws_protocol {
    struct wslay_event_context *sender;
    struct wslay_frame_context *receiver;
    struct slice input; // not yet passed to wslay
    enum ws_end ended;
    uint16_t close_code; // the server's, or this client's

    char *store;
    size_t next;
    size_t whole;
    size_t end;
    struct ws_frame frame;
    struct ws_partial partial;

    size_t output_len;
    char output[WS_OUTPUT_MAX];

    uint64_t too_long; // messages dropped
    uint64_t signs;    // pings, pongs and empty messages
};

// A connection begins; call it again for the next one. protocol must be zeroed before
// the first call. False when there is no memory.
bool ws_protocol_reset(struct ws_protocol *protocol);
// Accepts zeroed and half-built.
void ws_protocol_fini(struct ws_protocol *protocol);

// True if bytes may be fed: the protocol is open and has room for them, as always when
// there is no message.
bool ws_protocol_has_room(const struct ws_protocol *protocol);
// At most WS_READ_MAX bytes from the server, when there is room and all output is sent;
// check `ended` afterwards. Borrows bytes.
void ws_protocol_feed(struct ws_protocol *protocol, struct slice bytes);
// The next message, valid until the next call or until the protocol is reset; false:
// there is none.
bool ws_protocol_next(struct ws_protocol *protocol, struct ws_message *ret_message);

// The output, in order; and: the first `size` bytes of it were sent.
struct slice ws_protocol_output(const struct ws_protocol *protocol);
void ws_protocol_sent(struct ws_protocol *protocol, size_t size);
// Puts a ping into the output, unless the output is not empty.
void ws_protocol_ping(struct ws_protocol *protocol);
// The same with an unsolicited pong (RFC 6455, 5.5.3): a sign of life.
void ws_protocol_pong(struct ws_protocol *protocol);
// Puts a close frame into the output if there is room.
void ws_protocol_close(struct ws_protocol *protocol, enum ws_close code);
