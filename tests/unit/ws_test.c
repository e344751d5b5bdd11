#include "net/ws_handshake.h"
#include "net/ws_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "ingest/frames/lines.h"

// ── the handshake ──────────────────────────────────────────────────────────

// The example of RFC 6455, section 1.3.
static const uint8_t nonce[WS_RANDOM_SIZE + 1] = "the sample nonce";
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"

static struct ws_handshake handshake;

static enum ws_handshake_state
answer(const char *text, size_t piece, size_t *ret_used)
{
    struct slice rest = slice_of(text);
    enum ws_handshake_state state = WS_HANDSHAKE_MORE;
    *ret_used = 0;
    ws_handshake_init(&handshake, nonce, SLICE_LIT(""));
    while (rest.len > 0 && state == WS_HANDSHAKE_MORE) {
        size_t used = 0;
        const struct slice bytes = {rest.ptr, piece < rest.len ? piece : rest.len};
        state = ws_handshake_feed(&handshake, bytes, &used);
        *ret_used += used;
        rest.ptr += used;
        rest.len -= used;
    }
    return state;
}

static void
the_accept_of_a_key_is_that_of_the_standard(void **state)
{
    (void)state;
    ws_handshake_init(&handshake, nonce, SLICE_LIT(""));
    assert_string_equal(handshake.key, "dGhlIHNhbXBsZSBub25jZQ==");
    assert_string_equal(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void
a_request_has_what_the_standard_asks_for(void **state)
{
    (void)state;
    struct buffer request;
    buffer_init(&request, 4096);
    ws_handshake_init(&handshake, nonce, SLICE_LIT("xrpc.v1.json"));
    ws_handshake_request(&handshake, SLICE_LIT("h:81"), SLICE_LIT("/p?q"), &request);
    assert_true(slice_equal(
        buffer_text(&request),
        SLICE_LIT("GET /p?q HTTP/1.1\r\nHost: h:81\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  "Sec-WebSocket-Protocol: xrpc.v1.json\r\n"
                  "User-Agent: cascaded/" CASCADED_VERSION "\r\n")));
    buffer_fini(&request);
}

static void
an_answer_may_come_in_any_pieces_and_frames_follow_at_once(void **state)
{
    (void)state;
    const char text[] = SWITCH UPGRADE ACCEPT "X-Other: a\r\n\r\n";
    char with_frames[sizeof(text) + 2];
    snprintf(with_frames, sizeof(with_frames), "%s\x81\x01", text);
    for (size_t piece = 1; piece < sizeof(with_frames); piece++) {
        size_t used;
        assert_int_equal(answer(with_frames, piece, &used), WS_HANDSHAKE_DONE);
        assert_int_equal(used, sizeof(text) - 1);
    }
}

static void
an_interim_answer_is_passed_over(void **state)
{
    (void)state;
    size_t used;
    assert_int_equal(
        answer("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" SWITCH UPGRADE ACCEPT "\r\n", 9,
               &used),
        WS_HANDSHAKE_DONE);
}

static void
a_refusal_keeps_status_and_the_time_asked_for(void **state)
{
    (void)state;
    size_t used;
    assert_int_equal(
        answer("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n\r\nbody", 3, &used),
        WS_HANDSHAKE_REFUSED);
    assert_int_equal(handshake.answer.status, 429);
    assert_int_equal(http_answer_not_before(&handshake.answer, 0), 7 * USEC_PER_S);
}

static void
an_answer_to_another_key_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        SWITCH UPGRADE "\r\n",
        SWITCH ACCEPT "Upgrade: websocket\r\n\r\n",
        SWITCH ACCEPT "Connection: Upgrade\r\n\r\n",
        SWITCH UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK-xOo=\r\n\r\n",
        SWITCH UPGRADE ACCEPT ACCEPT "\r\n",
        SWITCH UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: a\r\n\r\n",
        SWITCH " folded\r\n" UPGRADE ACCEPT "\r\n",
        SWITCH "no colon\r\n" UPGRADE ACCEPT "\r\n",
        "HTTP/1.0 101 X\r\n" UPGRADE ACCEPT "\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 x\r\n\r\n",
        "HTTP/1.1 99\r\n\r\n",
        "\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t used;
        assert_int_equal(answer(bad[i], 5, &used), WS_HANDSHAKE_BAD);
        assert_non_null(handshake.why);
    }
}

static void
a_head_without_an_end_is_cut(void **state)
{
    (void)state;
    static char text[2 * WS_HEAD_MAX];
    size_t used;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, SWITCH, sizeof(SWITCH) - 1);
    assert_int_equal(answer(text, 1000, &used), WS_HANDSHAKE_BAD);
    assert_int_equal(used, WS_HEAD_MAX);
}

// ── frames ─────────────────────────────────────────────────────────────────

static struct ws_protocol protocol;

static void
feed(const void *bytes, size_t size)
{
    ws_protocol_feed(&protocol, (struct slice){bytes, size});
}

static void
expect_message(const char *text)
{
    struct ws_message message;
    assert_true(ws_protocol_next(&protocol, &message));
    assert_true(slice_equal(message.data, slice_of(text)));
}

static void
expect_none(void)
{
    struct ws_message message;
    assert_false(ws_protocol_next(&protocol, &message));
}

static void
several_messages_in_one_read_come_one_by_one(void **state)
{
    (void)state;
    assert_true(ws_protocol_reset(&protocol));
    feed("\x81\x02"
         "ab\x01\x01"
         "c\x89\x00\x80\x01"
         "d\x82\x01"
         "e\x81\x03"
         "f",
         18);
    struct ws_message message;
    expect_message("ab");
    expect_message("cd");
    assert_true(ws_protocol_next(&protocol, &message));
    assert_true(message.is_binary && slice_equal(message.data, SLICE_LIT("e")));
    expect_none();
    // The answer to the ping: masked, so its length and bit are all that is sure.
    struct slice output = ws_protocol_output(&protocol);
    assert_int_equal(output.len, 6);
    assert_memory_equal(output.ptr, "\x8a\x80", 2);
    ws_protocol_sent(&protocol, 4);
    assert_int_equal(ws_protocol_output(&protocol).len, 2);
    ws_protocol_sent(&protocol, 2);
    feed("gh", 2);
    expect_message("fgh");
    expect_none();
    assert_int_equal(protocol.ended, WS_OPEN);
}

static void
a_message_of_the_longest_length_comes_and_one_more_byte_is_dropped(void **state)
{
    (void)state;
    static char zeros[WS_READ_MAX];
    assert_true(ws_protocol_reset(&protocol));
    uint64_t before = protocol.too_long;
    for (int more = 0; more < 2; more++) {
        const unsigned char head[10] = {0x82, 127, 0,    0, 0,
                                        0,    0,   0x80, 0, (unsigned char)more};
        feed("\x81\x01x", 3);
        expect_message("x");
        feed(head, sizeof(head));
        for (size_t left = LINES_MAX; left > 0; left -= sizeof(zeros)) {
            expect_none();
            feed(zeros, sizeof(zeros));
        }
        if (more == 1) {
            expect_none();
            feed(zeros, 1);
        } else {
            struct ws_message message;
            assert_true(ws_protocol_next(&protocol, &message));
            assert_int_equal(message.data.len, LINES_MAX);
        }
        expect_none();
        assert_int_equal(protocol.too_long - before, more);
    }
    feed("\x81\x01y", 3);
    expect_message("y");
}

static void
messages_that_wait_stay_whole_and_leave_bounded_room(void **state)
{
    (void)state;
    static char filler[WS_READ_MAX] = "\x82\x7e\x3f\xfc"; // one message
    assert_true(ws_protocol_reset(&protocol));
    feed("\x81\x03"
         "one\x81\x03"
         "t",
         8);
    struct ws_message held;
    assert_true(ws_protocol_next(&protocol, &held));
    feed("wo\x89\x01?", 5);
    assert_int_equal(ws_protocol_output(&protocol).len, 7); // the ping is answered
    ws_protocol_sent(&protocol, 7);
    size_t fed = 0;
    while (ws_protocol_has_room(&protocol)) {
        feed(filler, sizeof(filler));
        fed++;
        assert_true(slice_equal(held.data, SLICE_LIT("one")));
    }
    assert_in_range(fed, WS_AHEAD_MAX / WS_READ_MAX, WS_AHEAD_MAX / WS_READ_MAX + 1);
    expect_message("two");
    assert_false(ws_protocol_has_room(&protocol));
    struct ws_message message;
    for (size_t i = 0; i < fed; i++) {
        assert_true(ws_protocol_next(&protocol, &message));
        assert_int_equal(message.data.len, 0x3ffc);
    }
    expect_none();
    assert_true(ws_protocol_has_room(&protocol));
    feed("\x88\x00", 2);
    assert_int_equal(protocol.ended, WS_CLOSED);
    assert_false(ws_protocol_has_room(&protocol));
}

static void
fragments_without_end_are_left_in_the_end(void **state)
{
    (void)state;
    static char frame[10 + WS_READ_MAX - 10] = "\x00\x7e\x3f\xf0";
    assert_true(ws_protocol_reset(&protocol));
    feed("\x02\x00", 2);
    for (int i = 0; i < 5000 && protocol.ended == WS_OPEN; i++) {
        feed(frame, 4 + 0x3ff0);
    }
    assert_int_equal(protocol.ended, WS_BROKEN);
    assert_int_equal(protocol.close_code, WS_CLOSE_LONG);
}

static void
as_many_pings_as_fit_a_read_fit_the_output(void **state)
{
    (void)state;
    static char pings[WS_READ_MAX];
    for (size_t i = 0; i < sizeof(pings); i += 2) {
        memcpy(pings + i, "\x89\x00", 2);
    }
    assert_true(ws_protocol_reset(&protocol));
    for (int i = 0; i < 3; i++) {
        feed(pings, sizeof(pings));
        assert_int_equal(ws_protocol_output(&protocol).len, sizeof(pings) / 2 * 6);
        ws_protocol_sent(&protocol, sizeof(pings) / 2 * 6);
    }
    assert_int_equal(protocol.ended, WS_OPEN);
}

static void
messages_before_a_breach_are_still_there(void **state)
{
    (void)state;
    assert_true(ws_protocol_reset(&protocol));
    feed("\x81\x01"
         "a\x83\x00",
         5);
    assert_int_equal(protocol.ended, WS_BROKEN);
    assert_int_equal(protocol.close_code, WS_CLOSE_PROTOCOL);
    expect_message("a");
    expect_none();
    // A close frame with that code, masked.
    assert_int_equal(ws_protocol_output(&protocol).len, 8);
}

static void
close_codes_of_the_server_are_reported(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        size_t len;
        enum ws_end ended;
        uint16_t code;
    } cases[] = {
        {"", 0, WS_CLOSED, 1005},         {"\x03\xe8", 2, WS_CLOSED, 1000},
        {"\x03\xf4", 2, WS_CLOSED, 1012}, {"\x03\xf6z", 3, WS_CLOSED, 1014},
        {"\x13\x87", 2, WS_CLOSED, 4999}, {"\x03", 1, WS_BROKEN, 1002},
        {"\x03\xf7", 2, WS_BROKEN, 1002}, {"\x03\xee", 2, WS_BROKEN, 1002},
        {"\x0b\xb7", 2, WS_BROKEN, 1002}, {"\x03\xe8\xff", 3, WS_BROKEN, 1007},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char frame[8] = {(char)0x88, (char)cases[i].len};
        memcpy(frame + 2, cases[i].payload, cases[i].len);
        assert_true(ws_protocol_reset(&protocol));
        feed(frame, 2 + cases[i].len);
        assert_int_equal(protocol.ended, cases[i].ended);
        assert_int_equal(protocol.close_code, cases[i].code);
    }
}

static void
a_ping_of_ours_waits_for_what_is_to_be_sent(void **state)
{
    (void)state;
    assert_true(ws_protocol_reset(&protocol));
    ws_protocol_ping(&protocol);
    assert_int_equal(ws_protocol_output(&protocol).len, 6);
    ws_protocol_ping(&protocol);
    assert_int_equal(ws_protocol_output(&protocol).len, 6);
}

static int
finish(void **state)
{
    (void)state;
    ws_protocol_fini(&protocol);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_accept_of_a_key_is_that_of_the_standard),
        cmocka_unit_test(a_request_has_what_the_standard_asks_for),
        cmocka_unit_test(an_answer_may_come_in_any_pieces_and_frames_follow_at_once),
        cmocka_unit_test(an_interim_answer_is_passed_over),
        cmocka_unit_test(a_refusal_keeps_status_and_the_time_asked_for),
        cmocka_unit_test(an_answer_to_another_key_is_refused),
        cmocka_unit_test(a_head_without_an_end_is_cut),
        cmocka_unit_test(several_messages_in_one_read_come_one_by_one),
        cmocka_unit_test(
            a_message_of_the_longest_length_comes_and_one_more_byte_is_dropped),
        cmocka_unit_test(messages_that_wait_stay_whole_and_leave_bounded_room),
        cmocka_unit_test(fragments_without_end_are_left_in_the_end),
        cmocka_unit_test(as_many_pings_as_fit_a_read_fit_the_output),
        cmocka_unit_test(messages_before_a_breach_are_still_there),
        cmocka_unit_test(close_codes_of_the_server_are_reported),
        cmocka_unit_test(a_ping_of_ours_waits_for_what_is_to_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
