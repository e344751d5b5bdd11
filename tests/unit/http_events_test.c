#include "sinks/http/http_events.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "sinks/http/http_connections.h"
#include "sinks/http/http_server.h"

enum { TEXT_MAX = 1 << 16, PATIENCE_S = 60 };

#define GET "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct event_base *base;
static struct http_events *events;
static struct http_server *server;

static bool
find_board(void *context, struct slice name, uint16_t *ret_board)
{
    (void)context;
    *ret_board = slice_equal(name, SLICE_LIT("posts:1h")) ? 1 : 2;
    return slice_starts(name, SLICE_LIT("posts:"));
}

static void
start(usec beat)
{
    struct error error = {0};
    const struct http_options options = {
        .listen = "127.0.0.1:0", .max_body = 1024, .timeout = USEC_PER_S / 5};
    base = event_base_new();
    events =
        http_events_create(&(struct http_events_setup){base, beat, find_board, NULL});
    static struct http_pages pages[1];
    pages[0] = (struct http_pages){http_events_pages, events};
    const struct http_server_setup setup = {.base = base,
                                            .options = &options,
                                            .pages = pages,
                                            .pages_count = 1,
                                            .events = events};
    assert_int_equal(http_server_create(&setup, &server, &error), STATUS_OK);
}

static int
set_up(void **state)
{
    (void)state;
    start(HTTP_EVENTS_BEAT);
    event_ring_flush(http_events_ring(events), 1);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    http_server_destroy(&server);
    http_events_destroy(&events);
    event_base_free(base);
    return 0;
}

// Runs the loop for a moment.
static void
turn(void)
{
    const struct timeval moment = {0, 500};
    event_base_loopexit(base, &moment);
    event_base_dispatch(base);
}

static int
connect_and_send(const char *request)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)),
        0);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    return fd;
}

// What comes until the text is in it, or the connection ends; chunks are not removed.
static const char *
read_until(int fd, const char *wanted)
{
    static char text[TEXT_MAX];
    size_t used = 0;
    time_t end = time(NULL) + PATIENCE_S;
    text[0] = '\0';
    while (wanted == NULL || strstr(text, wanted) == NULL) {
        assert_true(time(NULL) < end);
        turn();
        ssize_t got = recv(fd, text + used, sizeof(text) - 1 - used, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            assert_null(wanted);
            break;
        }
        used += got > 0 ? (size_t)got : 0;
        text[used] = '\0';
    }
    return text;
}

static void
add(uint64_t flush, uint16_t board, const char *data)
{
    event_ring_flush(http_events_ring(events), flush);
    event_ring_add(http_events_ring(events), board, SLICE_LIT("top"), slice_of(data));
    http_events_wake(events);
}

static void
wait_for_feeds(uint64_t count)
{
    time_t end = time(NULL) + PATIENCE_S;
    while (http_server_metrics(server)->feeds != count) {
        assert_true(time(NULL) < end);
        turn();
    }
}

static void
a_client_gets_a_snapshot_and_then_each_event(void **state)
{
    (void)state;
    int fd = connect_and_send(GET);
    const char *text = read_until(fd, "snapshot\ndata: {\"flush\":1}\n\n");
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(text, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(text, "X-Accel-Buffering: no\r\n"));
    assert_non_null(strstr(text, "retry: 1000\n\n"));
    assert_null(strstr(text, "Content-Encoding"));
    add(2, 1, "{\"a\":1}");
    (void)read_until(fd, "id: 2\nevent: top\ndata: {\"a\":1}\n\n");
    close(fd);
}

static void
a_feed_has_no_deadline(void **state)
{
    (void)state;
    int fd = connect_and_send(GET);
    (void)read_until(fd, "snapshot");
    time_t end = time(NULL) + 2; // ten times http.timeout
    while (time(NULL) < end) {
        turn();
    }
    add(2, 1, "late");
    (void)read_until(fd, "data: late\n\n");
    close(fd);
}

static void
a_client_resumes_by_header_or_parameter(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 5\r\n\r\n",
        "GET /api/v1/events?last_event_id=5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    add(5, 1, "five");
    add(6, 1, "six");
    for (size_t i = 0; i < 2; i++) {
        int fd = connect_and_send(requests[i]);
        const char *text = read_until(fd, "data: six\n\n");
        assert_null(strstr(text, "snapshot"));
        assert_null(strstr(text, "five"));
        close(fd);
    }
}

static void
an_id_that_is_no_number_gives_a_snapshot(void **state)
{
    (void)state;
    int fd = connect_and_send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
                              "Last-Event-ID: 99999999999999999999999x\r\n\r\n");
    (void)read_until(fd, "snapshot");
    close(fd);
}

static void
only_the_boards_that_are_named_are_sent(void **state)
{
    (void)state;
    int fd = connect_and_send(
        "GET /api/v1/events?boards=posts%3A1h HTTP/1.1\r\nHost: localhost\r\n\r\n");
    (void)read_until(fd, "snapshot");
    assert_true(http_events_is_wanted(events, 1));
    assert_false(http_events_is_wanted(events, 2));
    add(2, 2, "other");
    add(2, 1, "wanted");
    assert_null(strstr(read_until(fd, "data: wanted\n\n"), "other"));
    close(fd);
    fd = connect_and_send(
        "GET /api/v1/events?boards=nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    (void)read_until(fd, "404 Not Found");
    close(fd);
}

static void
there_is_a_heartbeat(void **state)
{
    tear_down(state);
    start(20 * USEC_PER_MS);
    int fd = connect_and_send(GET);
    (void)read_until(fd, "snapshot");
    (void)read_until(fd, ": \n\n");
    (void)read_until(fd, ": \n\n");
    close(fd);
}

static void
a_client_that_is_gone_frees_its_place(void **state)
{
    tear_down(state);
    start(20 * USEC_PER_MS);
    int fd = connect_and_send(GET);
    (void)read_until(fd, "snapshot");
    assert_int_equal(http_server_metrics(server)->feeds, 1);
    close(fd);
    wait_for_feeds(0);
    assert_false(http_events_is_wanted(events, EVENT_RING_FOR_ALL));
}

static void
a_client_that_does_not_read_falls_out_and_gets_a_snapshot(void **state)
{
    (void)state;
    static char data[8000];
    int fd = connect_and_send(GET);
    (void)read_until(fd, "snapshot");
    memset(data, 'x', sizeof(data) - 1);
    for (uint64_t i = 2; i < 2000; i++) { // 16 MB: more than sockets and ring have
        add(i, 1, data);
        turn();
    }
    time_t end = time(NULL) + PATIENCE_S;
    bool is_lost = false;
    static char text[TEXT_MAX];
    while (!is_lost) {
        assert_true(time(NULL) < end);
        turn();
        ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
        assert_true(got != 0);
        text[got > 0 ? got : 0] = '\0';
        is_lost = strstr(text, "snapshot") != NULL;
    }
    assert_int_equal(http_server_metrics(server)->feeds_lost, 1);
    close(fd);
}

static void
a_client_that_never_reads_is_closed(void **state)
{
    (void)state;
    static char data[8000];
    tear_down(state);
    start(20 * USEC_PER_MS);
    int fd = connect_and_send(GET);
    (void)read_until(fd, "snapshot");
    memset(data, 'x', sizeof(data) - 1);
    time_t end = time(NULL) + PATIENCE_S;
    for (uint64_t i = 2; http_server_metrics(server)->feeds != 0; i++) {
        assert_true(time(NULL) < end);
        add(i, 1, data);
        turn();
    }
    assert_int_equal(http_server_metrics(server)->feeds_stalled, 1);
    close(fd);
}

static void
clients_beyond_the_limit_are_asked_to_come_later(void **state)
{
    (void)state;
    static int fds[HTTP_FEEDS_MAX];
    for (size_t i = 0; i < HTTP_FEEDS_MAX; i++) {
        fds[i] = connect_and_send(GET);
        (void)read_until(fds[i], "snapshot");
    }
    int fd = connect_and_send(GET);
    const char *text = read_until(fd, "too_many_feeds");
    assert_non_null(strstr(text, "HTTP/1.1 503 "));
    assert_non_null(strstr(text, "Retry-After: "));
    close(fd);
    fd = connect_and_send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    (void)read_until(fd, "404 Not Found"); // others are answered
    close(fd);
    add(2, 1, "all");
    for (size_t i = 0; i < HTTP_FEEDS_MAX; i++) {
        (void)read_until(fds[i], "data: all\n\n");
        close(fds[i]);
    }
    wait_for_feeds(HTTP_FEEDS_MAX); // not noticed without something to send
    add(3, 1, "x");
    turn();
    add(4, 1, "y");
    wait_for_feeds(0);
    assert_int_equal(http_server_metrics(server)->feeds_refused, 1);
}

static void
a_head_request_and_an_old_client_are_answered(void **state)
{
    (void)state;
    int fd = connect_and_send("HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
                              "Connection: close\r\n\r\n");
    assert_non_null(strstr(read_until(fd, NULL), "200 OK"));
    close(fd);
    fd = connect_and_send("GET /api/v1/events HTTP/1.0\r\n\r\n");
    assert_null(strstr(read_until(fd, "data: {\"flush\":1}\n\n"), "chunked"));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_gets_a_snapshot_and_then_each_event),
        TEST(a_feed_has_no_deadline),
        TEST(a_client_resumes_by_header_or_parameter),
        TEST(an_id_that_is_no_number_gives_a_snapshot),
        TEST(only_the_boards_that_are_named_are_sent),
        TEST(there_is_a_heartbeat),
        TEST(a_client_that_is_gone_frees_its_place),
        TEST(a_client_that_does_not_read_falls_out_and_gets_a_snapshot),
        TEST(a_client_that_never_reads_is_closed),
        TEST(clients_beyond_the_limit_are_asked_to_come_later),
        TEST(a_head_request_and_an_old_client_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
