#include "ingest/frames/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TRANSCRIPT_MORE = 1 << 16, SEED = 20261122, ROUNDS = 400 };

// Every message as "number|event|data\n", an event that is none as "-".
struct transcript {
    char *text;
    size_t len;
    size_t room;
};

static void
note(struct transcript *transcript, const struct lines_message *message)
{
    char head[64 + LINES_EVENT_MAX];
    struct slice event =
        slice_is_none(message->event) ? SLICE_LIT("-") : message->event;
    int size = snprintf(head, sizeof(head), "%llu|%.*s|",
                        (unsigned long long)message->number, SLICE_ARG(event));
    assert_true(size > 0 && (size_t)size < sizeof(head));
    assert_true(transcript->len + (size_t)size + message->data.len + 1 <=
                transcript->room);
    memcpy(transcript->text + transcript->len, head, (size_t)size);
    transcript->len += (size_t)size;
    memcpy(transcript->text + transcript->len, message->data.ptr, message->data.len);
    transcript->len += message->data.len;
    transcript->text[transcript->len++] = '\n';
}

static void
pull(struct lines *lines, struct transcript *transcript)
{
    struct lines_message message;
    volatile char sum = 0;
    while (lines_next(lines, &message)) {
        note(transcript, &message);
        for (size_t i = 0; i < LINES_PADDING; i++) {
            sum = (char)(sum ^ message.data.ptr[message.data.len + i]);
        }
    }
}

// Feeds the bytes in pieces of 1 to `piece` bytes, of random length if seed is given.
static struct transcript
feed(struct lines *lines, struct slice bytes, size_t piece, unsigned *seed)
{
    struct transcript transcript = {malloc(bytes.len * 2 + TRANSCRIPT_MORE), 0,
                                    bytes.len * 2 + TRANSCRIPT_MORE};
    assert_non_null(transcript.text);
    while (bytes.len > 0) {
        size_t room;
        char *to = lines_room(lines, &room);
        assert_int_equal(room, LINES_ROOM);
        *seed = *seed * 1103515245u + 12345u;
        size_t size = 1 + (*seed >> 8) % piece;
        size = size < bytes.len ? size : bytes.len;
        memcpy(to, bytes.ptr, size);
        lines_filled(lines, size);
        bytes.ptr += size;
        bytes.len -= size;
        pull(lines, &transcript);
    }
    lines_end(lines);
    pull(lines, &transcript);
    return transcript;
}

static void
check_in(struct slice bytes, struct slice want, struct lines_metrics *ret_metrics)
{
    static const size_t pieces[] = {LINES_ROOM, 1, 7};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct lines_metrics metrics = {0};
        struct lines lines;
        unsigned seed = SEED;
        assert_true(lines_init(&lines, &metrics));
        struct transcript got = feed(&lines, bytes, pieces[i], &seed);
        if (!slice_equal((struct slice){got.text, got.len}, want)) {
            fail_msg("want \"%.*s\", got \"%.*s\"", SLICE_ARG(want), (int)got.len,
                     got.text);
        }
        if (i > 0 && ret_metrics != NULL) {
            assert_memory_equal(&metrics, ret_metrics, sizeof(metrics));
        }
        if (ret_metrics != NULL) {
            *ret_metrics = metrics;
        }
        free(got.text);
        lines_fini(&lines);
    }
}

#define CHECK(bytes, want, metrics) check_in(SLICE_LIT(bytes), SLICE_LIT(want), metrics)

static void
each_line_is_a_message(void **state)
{
    (void)state;
    CHECK("", "", NULL);
    CHECK("{}\n", "1|-|{}\n", NULL);
    CHECK("one\ntwo\r\nthree", "1|-|one\n2|-|two\n3|-|three\n", NULL);
    CHECK("a\rb\r\r\n\0\n", "1|-|a\rb\r\n2|-|\0\n", NULL);
    CHECK("last\r", "1|-|last\n", NULL);
    CHECK("data\nid\nretry\nevents: x\n dat: y\n",
          "1|-|data\n2|-|id\n3|-|retry\n4|-|events: x\n5|-| dat: y\n", NULL);
}

static void
blank_lines_and_comments_are_keep_alives(void **state)
{
    (void)state;
    struct lines_metrics metrics;
    CHECK("\n\r\n{}\n\n\r", "3|-|{}\n", &metrics);
    assert_int_equal(metrics.lines, 5);
    assert_int_equal(metrics.keep_alives, 4);
    CHECK(":thump\n\n:)\n:)\n\nevent: nothing\n\n", "", &metrics);
    assert_int_equal(metrics.lines, 7);
    assert_int_equal(metrics.keep_alives, 4);
    assert_int_equal(metrics.events, 0);
}

static void
a_byte_order_mark_is_skipped_at_the_start_only(void **state)
{
    (void)state;
    CHECK("\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n", "1|-|{}\n2|-|\xef\xbb\xbf{}\n", NULL);
    CHECK("\xef\xbb\xbf"
          "data:x\n\n",
          "1||x\n", NULL);
    CHECK("\xef\xbb", "1|-|\xef\xbb\n", NULL);
    CHECK("\xef\xbb\xbf", "", NULL);
    CHECK("\xef\n", "1|-|\xef\n", NULL);
}

static void
an_event_is_a_message_at_its_blank_line(void **state)
{
    (void)state;
    struct lines_metrics metrics;
    CHECK("event: update\ndata: {\"a\":1}\n\nevent:delete\r\ndata:5\r\n\r\n",
          "1|update|{\"a\":1}\n4|delete|5\n", &metrics);
    assert_int_equal(metrics.events, 2);
    assert_int_equal(metrics.keep_alives, 0);
    CHECK("data: a\n:)\nid: 7\ndata:  b\nretry: 9\nevent: x\ndata\ndata:c\n\n",
          "7|-|data\n1|x|a\n b\nc\n", NULL);
    CHECK("data:\n\ndata\ndata:\ndata:\n\n", "1||\n3|-|data\n4||\n\n", NULL);
    CHECK("event: a\nevent: b\ndata: 1\n\ndata: 2\n\n", "1|b|1\n5||2\n", NULL);
}

static void
a_line_of_an_event_may_end_in_a_return_alone(void **state)
{
    (void)state;
    struct lines_metrics metrics;
    CHECK("event: update\rdata: {\"a\":1}\r\revent:delete\rdata:5\r\r",
          "1|update|{\"a\":1}\n4|delete|5\n", &metrics);
    assert_int_equal(metrics.lines, 6);
    assert_int_equal(metrics.events, 2);
    assert_int_equal(metrics.keep_alives, 0);
    CHECK(":)\r\r:thump\r:thump\r\r\r", "", &metrics);
    assert_int_equal(metrics.lines, 6);
    assert_int_equal(metrics.keep_alives, 4);
    // All three ends in one stream, and fields that are not known.
    CHECK("data: a\rdata: b\r\ndata: c\n\rdata: d\r\n\r\nnew: 1\rdata: e\n\r",
          "1||a\nb\nc\n5||d\n7|-|new: 1\n8||e\n", &metrics);
    assert_int_equal(metrics.lines, 9);
    // A return within a line of JSON is white space, also among events.
    CHECK("{\r\"a\":1}\r\n{\r}\n:)\r\r{\r}\n[\r]x\n",
          "1|-|{\r\"a\":1}\n2|-|{\r}\n5|-|{\r}\n6|-|[\r]x\n", NULL);
}

static void
lines_and_events_may_be_mixed(void **state)
{
    (void)state;
    CHECK("data: a\n{}\ndata: b\n\n{}\n", "2|-|{}\n1||a\nb\n5|-|{}\n", NULL);
}

static void
the_end_closes_the_last_event(void **state)
{
    (void)state;
    CHECK("event: a\ndata: 1", "1|a|1\n", NULL);
    CHECK("event: a\ndata: 1\n", "1|a|1\n", NULL);
    CHECK("event: a\ndata: 1\n\r", "1|a|1\n", NULL);
    CHECK("event: a\ndata: 1\n{}", "3|-|{}\n1|a|1\n", NULL);
}

static void
long_names_of_events_are_cut(void **state)
{
    (void)state;
    char bytes[256];
    char want[256];
    char name[LINES_EVENT_MAX + 2];
    memset(name, 'n', sizeof(name));
    int size = snprintf(bytes, sizeof(bytes), "event: %.*s\ndata: 1\n\n",
                        (int)sizeof(name), name);
    int len = snprintf(want, sizeof(want), "1|%.*s|1\n", LINES_EVENT_MAX, name);
    check_in((struct slice){bytes, (size_t)size}, (struct slice){want, (size_t)len},
             NULL);
}

// head, then `fill` times 'x', then tail.
static struct slice
padded(const char *head, size_t fill, const char *tail)
{
    size_t len = strlen(head) + fill + strlen(tail);
    char *bytes = malloc(len + 1);
    assert_non_null(bytes);
    memcpy(bytes, head, strlen(head));
    memset(bytes + strlen(head), 'x', fill);
    memcpy(bytes + strlen(head) + fill, tail, strlen(tail) + 1);
    return (struct slice){bytes, len};
}

static void
check_padded(struct slice bytes, const char *want, uint64_t too_long)
{
    static const size_t pieces[] = {LINES_ROOM, 4096, LINES_ROOM - 1};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct lines_metrics metrics = {0};
        struct lines lines;
        unsigned seed = SEED;
        assert_true(lines_init(&lines, &metrics));
        struct transcript got = feed(&lines, bytes, pieces[i], &seed);
        assert_int_equal(metrics.too_long, too_long);
        assert_int_equal(metrics.keep_alives, 0);
        // The run of 'x' stands for itself.
        size_t len = 0;
        for (size_t at = 0; at < got.len; at++) {
            if (at == 0 || got.text[at] != 'x' || got.text[at - 1] != 'x') {
                got.text[len++] = got.text[at];
            }
        }
        assert_true(slice_equal((struct slice){got.text, len}, slice_of(want)));
        free(got.text);
        lines_fini(&lines);
    }
    free((char *)(uintptr_t)bytes.ptr);
}

static void
a_line_may_have_eight_mebibytes_and_no_more(void **state)
{
    (void)state;
    check_padded(padded("a\n", LINES_MAX, "\nb\n"), "1|-|a\n2|-|x\n3|-|b\n", 0);
    check_padded(padded("a\n", LINES_MAX, "\r\nb\n"), "1|-|a\n2|-|x\n3|-|b\n", 0);
    check_padded(padded("a\n", LINES_MAX, "\r"), "1|-|a\n2|-|x\n", 0);
    check_padded(padded("a\n", LINES_MAX + 1, "\nb\n"), "1|-|a\n3|-|b\n", 1);
    check_padded(padded("a\n", LINES_MAX + 1, "\r\nb\n"), "1|-|a\n3|-|b\n", 1);
    check_padded(padded("a\n", LINES_MAX + 1, ""), "1|-|a\n", 1);
    check_padded(padded("a\n", LINES_MAX, "\ry\nb\n"), "1|-|a\n3|-|b\n", 1);
    check_padded(padded("a\n", 3 * LINES_MAX, "\nb\n"), "1|-|a\n3|-|b\n", 1);
}

static void
too_long_a_line_takes_its_event_with_it(void **state)
{
    (void)state;
    check_padded(padded("event: e\ndata: 1\ndata:", LINES_MAX, "\ndata: 2\n\n{}\n"),
                 "6|-|{}\n", 1);
    check_padded(padded(":", LINES_MAX, "\ndata: 1\n\ndata: 2\n\n"), "4||2\n", 1);
    check_padded(padded("data: 1\n", LINES_MAX + 1, "\ndata: 2\n\n"), "1||1\n2\n", 1);
}

static void
data_is_bounded_when_joined(void **state)
{
    (void)state;
    // "data:" is part of the line: so the first one has LINES_MAX - 5 bytes at most.
    check_padded(padded("data:", LINES_MAX - 5, "\ndata:1234\n\n"), "1||x\n1234\n", 0);
    check_padded(padded("data:", LINES_MAX - 5, "\ndata:12345\n\n{}\n"), "4|-|{}\n", 1);
    check_padded(padded("data:", LINES_MAX - 5, "\ndata:12345\ndata:6\n\n{}\n"),
                 "5|-|{}\n", 1);
}

static void
give(struct lines *lines, char c, size_t count)
{
    while (count > 0) {
        size_t room;
        char *to = lines_room(lines, &room);
        size_t size = count < room ? count : room;
        memset(to, c, size);
        lines_filled(lines, size);
        count -= size;
        struct lines_message message;
        assert_false(lines_next(lines, &message));
    }
}

static void
a_read_may_part_the_longest_line_from_its_end(void **state)
{
    (void)state;
    struct lines_metrics metrics = {0};
    struct lines lines;
    assert_true(lines_init(&lines, &metrics));
    give(&lines, 'x', LINES_MAX);
    give(&lines, '\r', 1);
    size_t room;
    *lines_room(&lines, &room) = '\n';
    lines_filled(&lines, 1);
    struct lines_message message;
    assert_true(lines_next(&lines, &message));
    assert_int_equal(message.data.len, LINES_MAX);
    assert_false(lines_next(&lines, &message));
    assert_int_equal(metrics.lines, 1);
    lines_fini(&lines);
}

// The event's data stays in the buffer while other lines pass through.
static void
an_open_event_leaves_room_for_everything_else(void **state)
{
    (void)state;
    struct lines_metrics metrics = {0};
    struct lines lines;
    assert_true(lines_init(&lines, &metrics));
    size_t room;
    memcpy(lines_room(&lines, &room), "data:", 5);
    lines_filled(&lines, 5);
    give(&lines, 'x', LINES_MAX - 5);
    for (size_t i = 0; i < 16; i++) {
        memcpy(lines_room(&lines, &room), "\n:", 2);
        lines_filled(&lines, 2);
        give(&lines, ')', LINES_MAX - 1);
    }
    memcpy(lines_room(&lines, &room), "\ndata:y\n\n", 10);
    lines_filled(&lines, 10);
    struct lines_message message;
    assert_true(lines_next(&lines, &message));
    assert_int_equal(message.data.len, LINES_MAX - 5 + 2);
    assert_memory_equal(message.data.ptr + LINES_MAX - 6, "x\ny", 3);
    assert_int_equal(metrics.keep_alives, 16);
    assert_int_equal(metrics.too_long, 0);
    lines_fini(&lines);
}

static void
a_reset_begins_a_new_stream(void **state)
{
    (void)state;
    struct lines_metrics metrics = {0};
    struct lines lines;
    unsigned seed = SEED;
    assert_true(lines_init(&lines, &metrics));
    size_t room;
    struct lines_message message;
    memcpy(lines_room(&lines, &room), "data: lost\nlost", 15);
    lines_filled(&lines, 15);
    assert_false(lines_next(&lines, &message));
    lines_reset(&lines);
    struct slice bytes = SLICE_LIT("\xef\xbb\xbf{}\n\n");
    struct transcript got = feed(&lines, bytes, LINES_ROOM, &seed);
    assert_true(slice_equal((struct slice){got.text, got.len}, SLICE_LIT("1|-|{}\n")));
    assert_int_equal(metrics.lines, 3);
    free(got.text);
    lines_fini(&lines);
    lines_fini(&lines);
}

static void
whole_lines_are_not_copied(void **state)
{
    (void)state;
    struct lines_metrics metrics = {0};
    struct lines lines;
    assert_true(lines_init(&lines, &metrics));
    size_t room;
    char *to = lines_room(&lines, &room);
    memcpy(to, "one\ndata: two\n\n", 15);
    lines_filled(&lines, 15);
    struct lines_message message;
    assert_true(lines_next(&lines, &message));
    assert_ptr_equal(message.data.ptr, to);
    assert_true(lines_next(&lines, &message));
    assert_ptr_equal(message.data.ptr, to + 10);
    assert_false(lines_next(&lines, &message));
    assert_ptr_equal(lines_room(&lines, &room), to);
    lines_fini(&lines);
}

// A stream of everything that means something to the framer, long lines included.
static void
the_elements_of_one_array_are_messages(void **state)
{
    (void)state;
    struct lines_metrics metrics;
    CHECK("[{\"a\":1},{\"b\":[2,{}]}]", "1|-|{\"a\":1}\n1|-|{\"b\":[2,{}]}\n", NULL);
    CHECK("[\n{\"a\":1},\r\n{\"b\":2}\n]\n", "2|-|{\"a\":1}\n3|-|{\"b\":2}\n",
          &metrics);
    assert_int_equal(metrics.lines, 4);
    assert_int_equal(metrics.keep_alives, 0);
    CHECK(" [ {\"a\":\"]},{\\\"\\\\\"}\n\n , [1] ]",
          "1|-|{\"a\":\"]},{\\\"\\\\\"}\n3|-|[1]\n", NULL);
    CHECK("\xef\xbb\xbf[{}]", "1|-|{}\n", NULL);
    CHECK("\r\n\n[\n\n{}]", "5|-|{}\n", &metrics);
    assert_int_equal(metrics.keep_alives, 2);
    CHECK("[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": 2\n  }\n]\n",
          "2|-|{\n    \"a\": 1\n  }\n5|-|{\n    \"b\": 2\n  }\n", NULL);
    CHECK("[\n{}\n,{}\n{}\n]", "2|-|{}\n3|-|{}\n4|-|{}\n", NULL);
    CHECK("[]", "", NULL);
    CHECK(" [ \n ] \n", "", NULL);
    CHECK("[[{}],[{}]]", "1|-|[{}]\n1|-|[{}]\n", NULL);
}

static void
behind_an_array_may_be_another_or_lines(void **state)
{
    (void)state;
    CHECK("[{\"a\":1}]\n[{\"b\":2}]\n", "1|-|{\"a\":1}\n2|-|{\"b\":2}\n", NULL);
    CHECK("[{\"a\":1}][{\"b\":2}] \t[]\n\xef\xbb\xbf[{}]",
          "1|-|{\"a\":1}\n1|-|{\"b\":2}\n2|-|{}\n", NULL);
    CHECK("[{\"a\":1}]\r\n\n{\"b\":2}\n[{\"c\":3}]\n",
          "1|-|{\"a\":1}\n3|-|{\"b\":2}\n4|-|[{\"c\":3}]\n", NULL);
    CHECK("[{\"a\":1}]\ndata: {}\n\n", "1|-|{\"a\":1}\n2||{}\n", NULL);
    CHECK("[{\"a\":1}] {\"b\":2}\n{\"c\":3}\n:\n",
          "1|-|{\"a\":1}\n1|-|{\"b\":2}\n2|-|{\"c\":3}\n", NULL);
}

static void
arrays_may_be_separated_by_commas(void **state)
{
    (void)state;
    struct lines_metrics metrics;
    CHECK("[{\"a\":1}],[{\"b\":2}]\n", "1|-|{\"a\":1}\n1|-|{\"b\":2}\n", NULL);
    CHECK("[{\"a\":1}],\n[{\"b\":2},\n{\"c\":3}],\n\n[\n]\n{\"d\":4}\n",
          "1|-|{\"a\":1}\n2|-|{\"b\":2}\n3|-|{\"c\":3}\n7|-|{\"d\":4}\n", &metrics);
    assert_int_equal(metrics.lines, 7);
    CHECK("[{\"a\":1}],\n{\"b\":2},\n{\"c\":3}\ndata: {}\n\n",
          "1|-|{\"a\":1}\n2|-|{\"b\":2}\n3|-|{\"c\":3}\n4||{}\n", NULL);
}

static void
an_array_may_begin_in_any_line(void **state)
{
    (void)state;
    struct lines_metrics metrics;
    CHECK("{\"a\":1}\n[\n  {\n    \"b\": 2\n  },\n  [3]\n]\n\n{\"c\":3}\n",
          "1|-|{\"a\":1}\n3|-|{\n    \"b\": 2\n  }\n6|-|[3]\n9|-|{\"c\":3}\n",
          &metrics);
    assert_int_equal(metrics.lines, 9);
    assert_int_equal(metrics.keep_alives, 1);
    CHECK("{\"a\":1}\n[{\"b\":2}, {\"c\":\n{\"d\":4}\n",
          "1|-|{\"a\":1}\n2|-|{\"b\":2}\n2|-|{\"c\":\n{\"d\":4}\n\n4|-|[\n", NULL);
    CHECK("{}\n[\"a\",\n", "1|-|{}\n2|-|[\"a\",\n", NULL);
    CHECK("data: 1\n[{\n\n", "2|-|[{\n1||1\n", NULL);
}

static void
a_broken_array_within_one_loses_what_is_broken(void **state)
{
    (void)state;
    CHECK("[[{\"a\":1},{\"b\" 2},{\"c\":3}],[{\"d\":4}]]\n",
          "1|-|{\"a\":1}\n1|-|{\"b\" 2\n1|-|{\"c\":3}\n1|-|[{\"d\":4}]\n", NULL);
}

static void
a_long_line_of_many_documents_is_read_one_by_one(void **state)
{
    (void)state;
    const size_t long_line = 1 << 20;
    check_padded(padded("{\"a\":\"", long_line, "\"}{\"b\":2}, [{\"c\":3}]\n{}\n"),
                 "1|-|{\"a\":\"x\"}\n1|-|{\"b\":2}\n1|-|{\"c\":3}\n2|-|{}\n", 0);
    check_padded(padded("{\"b\":2} {\"a\":\"", LINES_MAX, "\"}{\"b\":2}\n{}\n"),
                 "1|-|{\"b\":2}\n1|-|{\"b\":2}\n2|-|{}\n", 1);
}

static void
what_only_begins_like_an_array_is_a_line(void **state)
{
    (void)state;
    CHECK("[1,2\n{}\n[{}]\n", "1|-|[1,2\n2|-|{}\n3|-|[{}]\n", NULL);
    CHECK("[", "1|-|[\n", NULL);
    CHECK("[\n\n", "1|-|[\n", NULL);
    CHECK("[\"a\",{}]\n", "1|-|[\"a\",{}]\n", NULL);
    CHECK("{}\n[{}]\n", "1|-|{}\n2|-|[{}]\n", NULL);
}

static void
a_broken_element_costs_itself(void **state)
{
    (void)state;
    // A quote, a bracket or the end of a line is missing; one element a line.
    CHECK("[\n{\"a\":\"1},\n{\"b\":2},\n{\"c\":3}\n]\n",
          "2|-|{\"a\":\"1},\n\n3|-|{\"b\":2}\n4|-|{\"c\":3}\n", NULL);
    CHECK("[\n{\"a\":{\"x\":1},\n{\"b\":2}\n]\n",
          "2|-|{\"a\":{\"x\":1},\n{\n3|-|{\"b\":2}\n", NULL);
    CHECK("[\n{\"a\":1}},\n{\"b\":2}\n]\n", "2|-|{\"a\":1}}\n3|-|{\"b\":2}\n", NULL);
    CHECK("[\n{\"a\":1} x,\n{\"b\":2}\n]\n", "2|-|{\"a\":1} x\n3|-|{\"b\":2}\n", NULL);
    CHECK("[\n{\"a\":[1},\n{\"b\":2}\n]\n", "2|-|{\"a\":[1}\n3|-|{\"b\":2}\n", NULL);
    CHECK("[\n{\"a\":\n{\"b\":2}\n]\n{}\n",
          "2|-|{\"a\":\n{\"b\":2}\n]\n3|-|{\"b\":2}\n5|-|{}\n", NULL);
    // Spread over lines: nested objects have another indent.
    CHECK("[\n  {\n    \"a: [\n      {\n      }\n    ]\n  },\n  {\n    \"b\": 2\n  "
          "}\n]\n",
          "2|-|{\n    \"a: [\n\n8|-|{\n    \"b\": 2\n  }\n", NULL);
    // All in one line: the first key is the same.
    CHECK("[{\"a\":1,\"b\":[{\"c\":1},{\"d\":2},{\"e\":\"x},{\"a\":2,\"b\":[]}, "
          "{\"a\":3}]\n",
          "1|-|{\"a\":1,\"b\":[{\"c\":1},{\"d\":2},{\"e\":\"x},{\"a\n1|-|{\"a\":2,"
          "\"b\":[]}\n"
          "1|-|{\"a\":3}\n",
          NULL);
    // What is no object is handed out, to be counted.
    CHECK("[{},1,\"x\",null\n,{}]", "1|-|{}\n1|-|1\n1|-|\"x\"\n1|-|null\n2|-|{}\n",
          NULL);
    CHECK("[{\"a\":1}],\"x\":2},{\"b\":2}]",
          "1|-|{\"a\":1}\n1|-|\"x\":2}\n1|-|{\"b\":2}\n", NULL);
}

// Elements a=1, then the broken one, then a=2 and a=3, all in one line.
static void
check_among(const char *broken, const char *expected)
{
    char text[512];
    char messages[512];
    struct lines_metrics metrics = {0};
    snprintf(text, sizeof(text), "[{\"a\":1},%s,{\"a\":2},{\"b\":3}]\n", broken);
    snprintf(messages, sizeof(messages),
             "1|-|{\"a\":1}\n%s1|-|{\"a\":2}\n1|-|{\"b\":3}\n", expected);
    check_in(slice_of(text), slice_of(messages), &metrics);
    assert_int_equal(metrics.unread_bytes, 0);
}

static void
a_broken_element_in_one_line_ends_where_its_brackets_close(void **state)
{
    (void)state;
    check_among("{id:1}", "1|-|{id:\n");
    check_among("{'id':1}", "1|-|{'id':\n");
    check_among("{\"x\":[1}", "1|-|{\"x\":[1}\n");
    check_among("{\"x\":1]}", "1|-|{\"x\":1]\n");
    check_among("{\"x\" {\"y\":[{\"z\":1},{\"z\":2}]}}", "1|-|{\"x\" {\n");
    check_among("{\"x\":1", "1|-|{\"x\":1,{\n");
    check_among("{\"x\":\"y}", "1|-|{\"x\":\"y},{\"a\n");
    check_among("{\"x\" \"},{\\\"\"}", "1|-|{\"x\" \"\n");
}

static void
an_element_that_is_nested_too_deep_ends_where_its_brackets_close(void **state)
{
    (void)state;
    char deep[141] = {0};
    char expected[128];
    memset(deep, '[', 70);
    memset(deep + 70, ']', 70);
    snprintf(expected, sizeof(expected), "1|-|%.65s\n", deep);
    check_among(deep, expected);
}

static void
what_cannot_be_read_behind_a_broken_element_is_counted(void **state)
{
    (void)state;
    struct lines_metrics metrics = {0};
    CHECK("[{\"a\":\"x},{b:1},{c:2}]\n", "1|-|{\"a\":\"x},{b:1},{c:2}]\n\n", &metrics);
    assert_int_equal(metrics.unread_bytes, strlen("{b:1},{c:2}"));
    CHECK("[{\"a\":\"x},{b:1},{c:", "1|-|{\"a\":\"x},{b:1},{c:\n", &metrics);
    // The last one: nothing is lost but itself.
    CHECK("[{\"a\":1},{\"a\":\"x}]\n", "1|-|{\"a\":1}\n1|-|{\"a\":\"x}]\n\n", &metrics);
    assert_int_equal(metrics.unread_bytes, 0);
}

static void
an_array_that_is_cut_off_gives_what_it_has(void **state)
{
    (void)state;
    static const char text[] = "[{\"a\":1},\n{\"b\":[{\"b\":2},{\"b\":3}";
    struct lines_metrics metrics = {0};
    struct lines lines;
    struct lines_message message;
    struct lines_place place;
    size_t room;
    assert_true(lines_init(&lines, &metrics));
    memcpy(lines_room(&lines, &room), text, sizeof(text) - 1);
    lines_filled(&lines, sizeof(text) - 1);
    assert_true(lines_next(&lines, &message));
    assert_false(message.is_cut);
    assert_true(lines_place(&lines, &place));
    assert_int_equal(place.offset, 8);
    assert_int_equal(place.form, LINES_ARRAY);
    assert_false(lines_next(&lines, &message));
    lines_end(&lines);
    assert_true(lines_next(&lines, &message));
    assert_true(message.is_cut);
    assert_int_equal(message.number, 2);
    assert_int_equal(message.data.len, sizeof(text) - 1 - 10);
    assert_false(lines_next(&lines, &message));
    assert_true(lines_is_open(&lines));
    // Gone on with where the first one ended.
    lines_resume(&lines, &place);
    memcpy(lines_room(&lines, &room), text + 8, sizeof(text) - 1 - 8);
    lines_filled(&lines, sizeof(text) - 1 - 8);
    memcpy(lines_room(&lines, &room), "]}]\n", 4);
    lines_filled(&lines, 4);
    assert_true(lines_next(&lines, &message));
    assert_false(message.is_cut);
    assert_int_equal(message.number, 2);
    lines_end(&lines);
    assert_false(lines_next(&lines, &message));
    assert_false(lines_is_open(&lines));
    lines_fini(&lines);
}

static void
a_place_is_never_between_a_return_and_its_feed(void **state)
{
    (void)state;
    struct lines_metrics metrics = {0};
    struct lines lines;
    struct lines_message message;
    struct lines_place place;
    size_t room;
    assert_true(lines_init(&lines, &metrics));
    memcpy(lines_room(&lines, &room), "data: a\r\r\ndata: b\r\r", 19);
    lines_filled(&lines, 19);
    assert_true(lines_next(&lines, &message));
    assert_true(lines_place(&lines, &place));
    assert_int_equal(place.offset, 10);
    assert_true(lines_next(&lines, &message));
    assert_false(lines_place(&lines, &place));
    memcpy(lines_room(&lines, &room), "\n", 1);
    lines_filled(&lines, 1);
    assert_true(lines_place(&lines, &place));
    assert_int_equal(place.offset, 20);
    assert_false(lines_next(&lines, &message));
    assert_true(lines_place(&lines, &place));
    assert_int_equal(place.offset, 20);
    assert_int_equal(place.number, 4);
    lines_fini(&lines);
}

static void
an_element_may_have_eight_mebibytes_and_no_more(void **state)
{
    (void)state;
    check_padded(padded("[{\"a\":\"", LINES_MAX - 8, "\"}, {\"b\":2}]\n"),
                 "1|-|{\"a\":\"x\"}\n1|-|{\"b\":2}\n", 0);
    check_padded(padded("[{\"a\":\"", LINES_MAX - 7, "\"}, {\"a\":2}]\n"),
                 "1|-|{\"a\":2}\n", 1);
    check_padded(padded("[\n{\"a\":\"", 2 * LINES_MAX, "\"},\n{\"b\":2}]\n"),
                 "3|-|{\"b\":2}\n", 1);
}

static struct slice
random_stream(unsigned *seed)
{
    static const char *const parts[] = {
        "[",     "]",         "[\n",   "[{\"b\":1},",  " {\"a\":2}",
        "\n",    "\r\n",      "\r",    "{\"a\":1}",    "data: x",
        "data:", "event: e",  "id: 1", "retry:",       ":thump",
        "\n\n",  "data: y\n", "e",     "\xef\xbb\xbf", "d",
        "[",     "]",         "[\n",   "[{\"b\":1},",  " {\"c\":2}",
    };
    size_t len = 0;
    static char bytes[2 * LINES_MAX + (1 << 16)];
    for (size_t i = 0; i < 60; i++) {
        *seed = *seed * 1103515245u + 12345u;
        unsigned roll = (*seed >> 8) % 20000;
        if (roll == 0 && len < LINES_MAX) {
            memset(bytes + len, 'x', LINES_MAX);
            len += LINES_MAX;
            continue;
        }
        const char *part = parts[roll % (sizeof(parts) / sizeof(parts[0]))];
        memcpy(bytes + len, part, strlen(part));
        len += strlen(part);
    }
    return (struct slice){bytes, len};
}

// Whole and broken elements in every layout.
static struct slice
random_array(unsigned *seed)
{
    static const char *const parts[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "\n",
        "\n  ",
        "{\"a\":1}",
        "\\",
        ":",
        "\r",
        "x",
        "1,",
        "\n]",
        "\n{\"a\":1}",
        "{\"a\":\"x\"}",
        ",{\"a\":[{}]}",
    };
    static char bytes[1 << 12];
    bytes[0] = '[';
    size_t len = 1;
    for (size_t i = 0; i < 90; i++) {
        *seed = *seed * 1103515245u + 12345u;
        const char *part = parts[(*seed >> 8) % (sizeof(parts) / sizeof(parts[0]))];
        memcpy(bytes + len, part, strlen(part));
        len += strlen(part);
    }
    return (struct slice){bytes, len};
}

static void
any_chunking_gives_the_same_messages(void **state)
{
    (void)state;
    unsigned seed = SEED;
    print_message("seed %u\n", seed);
    struct lines_metrics whole_metrics;
    struct lines lines;
    assert_true(lines_init(&lines, &whole_metrics));
    for (size_t round = 0; round < ROUNDS; round++) {
        struct slice bytes =
            round % 2 == 0 ? random_stream(&seed) : random_array(&seed);
        struct lines_metrics cut_metrics = {0};
        whole_metrics = (struct lines_metrics){0};
        lines.metrics = &whole_metrics;
        lines_reset(&lines);
        struct transcript whole = feed(&lines, bytes, LINES_ROOM, &seed);
        lines.metrics = &cut_metrics;
        lines_reset(&lines);
        size_t piece = bytes.len > LINES_MAX ? 9999 : 1 + round % 16;
        struct transcript cut = feed(&lines, bytes, piece, &seed);
        assert_int_equal(whole.len, cut.len);
        assert_memory_equal(whole.text, cut.text, whole.len);
        assert_memory_equal(&whole_metrics, &cut_metrics, sizeof(cut_metrics));
        free(whole.text);
        free(cut.text);
    }
    lines_fini(&lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_message),
        cmocka_unit_test(blank_lines_and_comments_are_keep_alives),
        cmocka_unit_test(a_byte_order_mark_is_skipped_at_the_start_only),
        cmocka_unit_test(an_event_is_a_message_at_its_blank_line),
        cmocka_unit_test(a_line_of_an_event_may_end_in_a_return_alone),
        cmocka_unit_test(lines_and_events_may_be_mixed),
        cmocka_unit_test(the_end_closes_the_last_event),
        cmocka_unit_test(long_names_of_events_are_cut),
        cmocka_unit_test(a_line_may_have_eight_mebibytes_and_no_more),
        cmocka_unit_test(too_long_a_line_takes_its_event_with_it),
        cmocka_unit_test(data_is_bounded_when_joined),
        cmocka_unit_test(a_read_may_part_the_longest_line_from_its_end),
        cmocka_unit_test(an_open_event_leaves_room_for_everything_else),
        cmocka_unit_test(a_reset_begins_a_new_stream),
        cmocka_unit_test(whole_lines_are_not_copied),
        cmocka_unit_test(the_elements_of_one_array_are_messages),
        cmocka_unit_test(behind_an_array_may_be_another_or_lines),
        cmocka_unit_test(arrays_may_be_separated_by_commas),
        cmocka_unit_test(an_array_may_begin_in_any_line),
        cmocka_unit_test(a_broken_array_within_one_loses_what_is_broken),
        cmocka_unit_test(a_long_line_of_many_documents_is_read_one_by_one),
        cmocka_unit_test(what_only_begins_like_an_array_is_a_line),
        cmocka_unit_test(a_broken_element_costs_itself),
        cmocka_unit_test(a_broken_element_in_one_line_ends_where_its_brackets_close),
        cmocka_unit_test(
            an_element_that_is_nested_too_deep_ends_where_its_brackets_close),
        cmocka_unit_test(what_cannot_be_read_behind_a_broken_element_is_counted),
        cmocka_unit_test(an_array_that_is_cut_off_gives_what_it_has),
        cmocka_unit_test(a_place_is_never_between_a_return_and_its_feed),
        cmocka_unit_test(an_element_may_have_eight_mebibytes_and_no_more),
        cmocka_unit_test(any_chunking_gives_the_same_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
