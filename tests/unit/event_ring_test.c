#include "sinks/http/event_ring.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { BYTES = 2048, TEXT_MAX = 16384, STEPS = 20000 };

static struct event_ring ring;
static struct event_ring_boards all;

static int
set_up(void **state)
{
    (void)state;
    event_ring_want_all(&all);
    return event_ring_init(&ring, BYTES) ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    event_ring_fini(&ring);
    return 0;
}

static void
add(uint64_t flush, uint16_t board, const char *data)
{
    event_ring_flush(&ring, flush);
    event_ring_add(&ring, board, SLICE_LIT("top"), slice_of(data));
}

// All that the client gets now, at most `size` bytes a time.
static const char *
read_parts(struct event_ring_cursor *cursor, size_t size)
{
    static char text[TEXT_MAX];
    size_t used = 0;
    size_t part;
    while (event_ring_read(&ring, cursor, text + used, size, &part) ==
           EVENT_RING_SENT) {
        used += part;
        assert_true(used + size < sizeof(text));
    }
    assert_false(event_ring_is_ready(&ring, cursor));
    text[used] = '\0';
    return text;
}

static const char *
read_all(struct event_ring_cursor *cursor)
{
    return read_parts(cursor, 1024);
}

static void
a_new_client_gets_a_snapshot_and_then_what_is_newer(void **state)
{
    (void)state;
    add(7, EVENT_RING_FOR_ALL, "{\"old\":1}");
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, NULL);
    assert_true(event_ring_is_ready(&ring, &cursor));
    assert_string_equal(read_all(&cursor),
                        "id: 7\nevent: snapshot\ndata: {\"flush\":7}\n\n");
    add(8, EVENT_RING_FOR_ALL, "{\"new\":1}\n");
    assert_string_equal(read_all(&cursor), "id: 8\nevent: top\ndata: {\"new\":1}\n\n");
}

static void
a_client_that_resumes_gets_what_it_missed(void **state)
{
    (void)state;
    add(7, EVENT_RING_FOR_ALL, "a");
    add(8, EVENT_RING_FOR_ALL, "b");
    add(9, EVENT_RING_FOR_ALL, "c");
    uint64_t last = 8;
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, &last);
    assert_string_equal(read_all(&cursor), "id: 9\nevent: top\ndata: c\n\n");
    last = 9;
    cursor = event_ring_join(&ring, &all, &last);
    assert_false(event_ring_is_ready(&ring, &cursor));
}

static void
a_client_cut_within_a_flush_gets_the_rest_of_it_again(void **state)
{
    (void)state;
    add(7, EVENT_RING_FOR_ALL, "a");
    add(8, EVENT_RING_FOR_ALL, "b");
    add(8, EVENT_RING_FOR_ALL, "c");
    uint64_t last = 8;
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, &last);
    assert_string_equal(read_all(&cursor), "id: 8\nevent: top\ndata: c\n\n");
}

static void
an_id_of_another_process_or_of_the_future_gives_a_snapshot(void **state)
{
    (void)state;
    uint64_t ids[] = {0, 1, 499, 501, UINT64_MAX};
    add(500, EVENT_RING_FOR_ALL, "a");
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct event_ring_cursor cursor = event_ring_join(&ring, &all, &ids[i]);
        assert_string_equal(read_all(&cursor),
                            "id: 500\nevent: snapshot\ndata: {\"flush\":500}\n\n");
    }
}

static void
a_client_gets_only_the_boards_it_wants(void **state)
{
    (void)state;
    struct event_ring_boards some = {0};
    event_ring_want(&some, 3);
    event_ring_want(&some, 200);
    event_ring_flush(&ring, 1);
    struct event_ring_cursor cursor = event_ring_join(&ring, &some, NULL);
    (void)read_all(&cursor);
    add(2, 4, "no");
    assert_false(event_ring_is_ready(&ring, &cursor));
    add(2, 200, "yes");
    add(2, 72, "no");
    add(3, EVENT_RING_FOR_ALL, "too");
    assert_string_equal(read_all(&cursor), "id: 2\nevent: top\ndata: yes\n\n"
                                           "id: 3\nevent: top\ndata: too\n\n");
}

static void
a_client_that_falls_out_gets_a_snapshot(void **state)
{
    (void)state;
    event_ring_flush(&ring, 1);
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, NULL);
    (void)read_all(&cursor);
    for (uint64_t i = 2; i < 200; i++) {
        add(i, EVENT_RING_FOR_ALL, "0123456789");
    }
    assert_true(event_ring_is_ready(&ring, &cursor));
    assert_string_equal(read_all(&cursor),
                        "id: 199\nevent: snapshot\ndata: {\"flush\":199}\n\n");
    uint64_t last = 2;
    cursor = event_ring_join(&ring, &all, &last);
    assert_true(cursor.is_lost);
}

static void
a_client_that_falls_out_in_the_middle_of_an_event_is_ended(void **state)
{
    (void)state;
    char data[500];
    char bytes[EVENT_RING_HEAD_MAX];
    size_t size;
    memset(data, 'x', sizeof(data));
    data[sizeof(data) - 100] = '\0';
    event_ring_flush(&ring, 1);
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, NULL);
    (void)read_all(&cursor);
    add(2, EVENT_RING_FOR_ALL, data);
    assert_int_equal(event_ring_read(&ring, &cursor, bytes, sizeof(bytes), &size),
                     EVENT_RING_SENT);
    assert_int_equal(size, sizeof(bytes));
    for (uint64_t i = 3; i < 12; i++) {
        add(i, EVENT_RING_FOR_ALL, data);
    }
    assert_true(event_ring_is_ready(&ring, &cursor));
    assert_int_equal(event_ring_read(&ring, &cursor, bytes, sizeof(bytes), &size),
                     EVENT_RING_TORN);
}

static void
after_an_event_that_is_too_long_all_get_a_snapshot(void **state)
{
    (void)state;
    char data[BYTES / 4 + 1];
    memset(data, 'x', sizeof(data));
    data[sizeof(data) - 1] = '\0';
    event_ring_flush(&ring, 1);
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, NULL);
    (void)read_all(&cursor);
    add(2, 9, data);
    assert_string_equal(read_all(&cursor),
                        "id: 2\nevent: snapshot\ndata: {\"flush\":2}\n\n");
    uint64_t last = 2;
    cursor = event_ring_join(&ring, &all, &last);
    assert_true(cursor.is_lost);
}

static void
no_data_can_begin_a_field_or_an_event(void **state)
{
    (void)state;
    event_ring_flush(&ring, 1);
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, NULL);
    (void)read_all(&cursor);
    add(1, EVENT_RING_FOR_ALL, "a\n\nevent: alert\rid: 3\nb");
    assert_string_equal(read_all(&cursor), "id: 1\nevent: top\ndata: a\ndata: \n"
                                           "data: event: alert id: 3\ndata: b\n\n");
}

static void
at_most_a_number_of_events_is_kept(void **state)
{
    (void)state;
    struct event_ring large;
    assert_true(event_ring_init(&large, (size_t)1 << 20));
    for (uint64_t i = 1; i <= EVENT_RING_COUNT + 5; i++) {
        event_ring_flush(&large, i);
        event_ring_add(&large, 0, SLICE_LIT("top"), SLICE_LIT("x"));
    }
    assert_int_equal(large.next - large.first, EVENT_RING_COUNT);
    assert_int_equal(large.left, 5);
    event_ring_fini(&large);
}

// Sizes of data and of reads that are not those of the ring: what a client receives is
// every event in order, or a snapshot where some are missing.
static void
every_event_arrives_whole_or_a_snapshot_in_its_place(void **state)
{
    (void)state;
    uint32_t seed = 2463534242;
    uint64_t expected = 0; // the number that the next event must have; 0: any
    char data[400];
    event_ring_flush(&ring, 1);
    struct event_ring_cursor cursor = event_ring_join(&ring, &all, NULL);
    for (uint64_t i = 1; i <= STEPS; i++) {
        seed = seed * 1664525 + 1013904223;
        size_t pad = (seed >> 8) % 300;
        snprintf(data, sizeof(data), "%" PRIu64 " %0*d", i, (int)pad + 1, 0);
        add(i, EVENT_RING_FOR_ALL, data);
        if ((seed >> 20) % 5 > 1) {
            continue;
        }
        const char *text = read_parts(&cursor, EVENT_RING_HEAD_MAX + 400);
        while (*text != '\0') {
            uint64_t id;
            char name[16];
            uint64_t number = 0;
            assert_int_equal(sscanf(text, "id: %" SCNu64 "\nevent: %15s", &id, name),
                             2);
            text = strstr(text, "data: ");
            assert_non_null(text);
            if (strcmp(name, "snapshot") == 0) {
                expected = id + 1;
            } else {
                assert_int_equal(sscanf(text, "data: %" SCNu64 " ", &number), 1);
                assert_int_equal(number, id);
                assert_int_equal(number, expected);
                expected++;
            }
            text = strstr(text, "\n\n") + 2;
        }
        assert_int_equal(expected, i + 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_client_gets_a_snapshot_and_then_what_is_newer),
        TEST(a_client_that_resumes_gets_what_it_missed),
        TEST(a_client_cut_within_a_flush_gets_the_rest_of_it_again),
        TEST(an_id_of_another_process_or_of_the_future_gives_a_snapshot),
        TEST(a_client_gets_only_the_boards_it_wants),
        TEST(a_client_that_falls_out_gets_a_snapshot),
        TEST(a_client_that_falls_out_in_the_middle_of_an_event_is_ended),
        TEST(after_an_event_that_is_too_long_all_get_a_snapshot),
        TEST(no_data_can_begin_a_field_or_an_event),
        TEST(at_most_a_number_of_events_is_kept),
        TEST(every_event_arrives_whole_or_a_snapshot_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
