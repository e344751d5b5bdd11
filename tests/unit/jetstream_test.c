#include "ingest/sources/jetstream_hosts.h"
#include "ingest/sources/jetstream_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buffer.h"

#define S USEC_PER_S
#define T (1700000000 * S)

// ── which wire, and what is asked for ──────────────────────────────────────

static void
the_path_of_a_url_decides_the_wire(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum status status;
        enum jetstream_wire wire;
    } cases[] = {
        {"/subscribe", STATUS_OK, JETSTREAM_SUBSCRIBE},
        {"/subscribe?", STATUS_OK, JETSTREAM_SUBSCRIBE},
        {"/a/subscribe?wantedDids=did:plc:a", STATUS_OK, JETSTREAM_SUBSCRIBE},
        {"/xrpc/network.bsky.jetstream.subscribeEvents", STATUS_OK, JETSTREAM_EVENTS},
        {"", STATUS_RANGE, 0},
        {"/", STATUS_RANGE, 0},
        {"/?/subscribe", STATUS_RANGE, 0},
        {"/unsubscribe", STATUS_RANGE, 0},
        {"/subscribe?cursor=1", STATUS_RANGE, 0},
        {"/subscribe?a=b&compress=true", STATUS_RANGE, 0},
        {"/subscribe?requireHello=true", STATUS_RANGE, 0},
        {"/subscribe?precursor=1", STATUS_OK, JETSTREAM_SUBSCRIBE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum jetstream_wire wire = JETSTREAM_WIRE_COUNT;
        struct error error = {.code = STATUS_OK};
        assert_int_equal(jetstream_wire_of(slice_of(cases[i].path), &wire, &error),
                         cases[i].status);
        bool is_good = cases[i].status == STATUS_OK;
        assert_int_equal(wire, is_good ? cases[i].wire : JETSTREAM_WIRE_COUNT);
        assert_int_equal(error.text[0] == '\0', is_good);
    }
}

static void
expect_path(const char *path, enum jetstream_wire wire, struct jetstream_request ask,
            const char *expected)
{
    struct buffer text;
    buffer_init(&text, 4096);
    jetstream_wire_path(slice_of(path), wire, &ask, &text);
    assert_false(text.is_failed);
    buffer_append_byte(&text, '\0');
    assert_string_equal(buffer_text(&text).ptr, expected);
    buffer_fini(&text);
}

static void
the_query_has_what_the_wire_calls_it(void **state)
{
    (void)state;
    struct jetstream_request now = {.from = JETSTREAM_FROM_NOW};
    struct jetstream_request all = {JETSTREAM_BY_VALUE, 77, true, true, 1234};
    expect_path("/subscribe", JETSTREAM_SUBSCRIBE, now,
                "/subscribe?wantedCollections=app.bsky.feed.post"
                "&wantedCollections=app.bsky.feed.repost&maxMessageSizeBytes=8388608");
    expect_path("/subscribe?wantedDids=x&", JETSTREAM_SUBSCRIBE, all,
                "/subscribe?wantedDids=x&wantedCollections=app.bsky.feed.post"
                "&wantedCollections=app.bsky.feed.repost"
                "&wantedCollections=app.bsky.feed.like"
                "&maxMessageSizeBytes=8388608&compress=true&cursor=77");
    expect_path("/e?collections=a&kinds=identity", JETSTREAM_EVENTS, all,
                "/e?collections=a&kinds=identity&maxMessageSizeBytes=8388608"
                "&zstdDictionary=1234&cursor=77");
    expect_path("/e?", JETSTREAM_EVENTS, now,
                "/e?collections=app.bsky.feed.post&collections=app.bsky.feed.repost"
                "&kinds=commit&maxMessageSizeBytes=8388608");
}

// ── cursors ────────────────────────────────────────────────────────────────

static struct source_cursor
cursor_of(const char *host, enum jetstream_wire wire, uint64_t value, usec time)
{
    struct source_cursor cursor = {.value = value, .time = time};
    snprintf(cursor.host, sizeof(cursor.host), "%s", host);
    snprintf(cursor.wire, sizeof(cursor.wire), "%s", jetstream_wire_rows[wire].name);
    snprintf(cursor.kind, sizeof(cursor.kind), "%s", jetstream_wire_rows[wire].kind);
    return cursor;
}

static void
expect_resume(const struct source_cursor *cursor, const char *host,
              enum jetstream_wire wire, enum jetstream_from most,
              struct jetstream_request expected)
{
    struct jetstream_request ask = {.from = JETSTREAM_BY_VALUE, .cursor = 1};
    jetstream_wire_resume(cursor, host, wire, most, &ask);
    assert_int_equal(ask.from, expected.from);
    assert_int_equal(ask.cursor, expected.cursor);
}

static void
a_cursor_is_sent_only_to_the_host_and_the_wire_it_came_from(void **state)
{
    (void)state;
    const struct jetstream_request by_time = {.from = JETSTREAM_BY_TIME,
                                              .cursor = T - 15 * S};
    struct source_cursor seq = cursor_of("a", JETSTREAM_EVENTS, 4711, T);
    struct source_cursor time = cursor_of("a", JETSTREAM_SUBSCRIBE, T, T);
    expect_resume(
        &seq, "a", JETSTREAM_EVENTS, JETSTREAM_BY_VALUE,
        (struct jetstream_request){.from = JETSTREAM_BY_VALUE, .cursor = 4711});
    expect_resume(
        &time, "a", JETSTREAM_SUBSCRIBE, JETSTREAM_BY_VALUE,
        (struct jetstream_request){.from = JETSTREAM_BY_VALUE, .cursor = T - 5 * S});
    expect_resume(&seq, "b", JETSTREAM_EVENTS, JETSTREAM_BY_VALUE, by_time);
    expect_resume(&time, "b", JETSTREAM_SUBSCRIBE, JETSTREAM_BY_VALUE, by_time);
    expect_resume(&seq, "a", JETSTREAM_SUBSCRIBE, JETSTREAM_BY_VALUE, by_time);
    expect_resume(&time, "a", JETSTREAM_EVENTS, JETSTREAM_BY_VALUE, by_time);
    snprintf(seq.kind, sizeof(seq.kind), "time_us");
    expect_resume(&seq, "a", JETSTREAM_EVENTS, JETSTREAM_BY_VALUE, by_time);
}

static void
a_host_that_refused_gets_the_next_best(void **state)
{
    (void)state;
    const struct jetstream_request now = {.from = JETSTREAM_FROM_NOW};
    struct source_cursor seq = cursor_of("a", JETSTREAM_EVENTS, 4711, T);
    expect_resume(
        &seq, "a", JETSTREAM_EVENTS, JETSTREAM_BY_TIME,
        (struct jetstream_request){.from = JETSTREAM_BY_TIME, .cursor = T - 15 * S});
    expect_resume(&seq, "a", JETSTREAM_EVENTS, JETSTREAM_FROM_NOW, now);
    seq.time = USEC_NONE;
    expect_resume(&seq, "a", JETSTREAM_EVENTS, JETSTREAM_BY_VALUE, now);
    // Nearer to 1970 than the rewind.
    struct source_cursor early = cursor_of("a", JETSTREAM_SUBSCRIBE, 9, 9);
    expect_resume(&early, "b", JETSTREAM_SUBSCRIBE, JETSTREAM_BY_VALUE,
                  (struct jetstream_request){.from = JETSTREAM_BY_TIME, .cursor = 0});
}

// ── messages ───────────────────────────────────────────────────────────────

static void
expect_place(enum jetstream_wire wire, const char *message, uint64_t value, usec time)
{
    struct jetstream_place place;
    jetstream_wire_read(wire, slice_of(message), &place);
    if (place.time != time || (time != USEC_NONE && place.value != value)) {
        fail_msg("%s: %llu at %lld", message, (unsigned long long)place.value,
                 (long long)place.time);
    }
}

static void
the_place_of_a_message_is_among_its_own_keys(void **state)
{
    (void)state;
    const enum jetstream_wire v1 = JETSTREAM_SUBSCRIBE;
    expect_place(v1, "{\"did\":\"d\",\"time_us\":17,\"kind\":\"commit\"}", 17, 17);
    expect_place(v1, " { \"commit\" : {\"time_us\":3,\"a\":[{}]} , \"time_us\" : 17 }",
                 17, 17);
    expect_place(v1, "{\"a\":\"\\\"time_us\\\":5,\\\\\",\"time_us\":17}", 17, 17);
    expect_place(v1, "{\"a\":\"},\\\\\\\"\",\"b\":null,\"time_us\":17}", 17, 17);
    static const char *const none[] = {
        "",
        "{}",
        "[]",
        "7",
        "{\"record\":{\"time_us\":5}}",
        "{\"time_us\":\"17\"}",
        "{\"time_us\":-1}",
        "{\"time_us\":17.5}",
        "{\"time_us\":1e9}",
        "{\"time_us\":9223372036854775808}",
        "{\"time_us\":99999999999999999999999}",
        "{\"time_us\":17",
        "{\"a\":\"time_us\":17}",
        "{\"a\"",
        "{\"a\":\"\\",
        "{\"a\":{\"b\":[",
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        expect_place(v1, none[i], 0, USEC_NONE);
    }
}

static void
the_place_of_an_event_is_in_its_payload(void **state)
{
    (void)state;
    const enum jetstream_wire v2 = JETSTREAM_EVENTS;
    expect_place(v2,
                 "{\"$type\":\"message\",\"payload\":{\"record\":{\"seq\":1,\"time\":"
                 "\"1999-01-01T00:00:00Z\"},\"seq\":4711,"
                 "\"time\":\"2023-11-14T22:13:20.000007Z\"}}",
                 4711, T + 7);
    static const char *const none[] = {
        "{\"seq\":4711,\"time\":\"2023-11-14T22:13:20Z\"}",
        "{\"payload\":{\"seq\":4711}}",
        "{\"payload\":{\"time\":\"2023-11-14T22:13:20Z\"}}",
        "{\"payload\":{\"seq\":4711,\"time\":\"yesterday\"}}",
        "{\"payload\":{\"seq\":1000000000000000,\"time\":\"2023-11-14T22:13:20Z\"}}",
        "{\"payload\":[]}",
        "{\"payload\":{\"$type\":\"x#info\",\"name\":\"OutdatedCursor\"}}",
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        expect_place(v2, none[i], 0, USEC_NONE);
    }
}

static void
an_error_may_refuse_the_cursor(void **state)
{
    (void)state;
    struct jetstream_place place;
    jetstream_wire_read(JETSTREAM_EVENTS,
                        SLICE_LIT("{\"error\":\"FutureCursor\",\"message\":\"\"}"),
                        &place);
    assert_true(place.is_refused_cursor && place.time == USEC_NONE);
    jetstream_wire_read(JETSTREAM_EVENTS, SLICE_LIT("{\"error\":\"ConsumerTooSlow\"}"),
                        &place);
    assert_false(place.is_refused_cursor);
}

// ── hosts ──────────────────────────────────────────────────────────────────

static struct jetstream_hosts hosts;

static void
begin(const char *list)
{
    struct url url;
    assert_int_equal(url_parse(SLICE_LIT("wss://a.example/subscribe"), &url, NULL),
                     STATUS_OK);
    assert_int_equal(jetstream_hosts_init(&hosts, &url, list, 7, NULL), STATUS_OK);
    for (size_t i = 0; i < hosts.count; i++) {
        reconnect_init(&hosts.items[i].reconnect, 7, 0);
    }
    jetstream_hosts_start(&hosts, T);
}

static void
expect_next(enum reconnect_class class, bool may_stay, usec now, size_t host, usec at)
{
    usec found = jetstream_hosts_after(&hosts, class, may_stay, now, USEC_NONE);
    assert_int_equal(found, at);
    assert_int_equal(hosts.current, host);
}

static void
hosts_have_the_port_of_the_scheme_unless_they_name_one(void **state)
{
    (void)state;
    begin("b.example:8443, [::1] ");
    assert_int_equal(hosts.count, 3);
    assert_string_equal(hosts.items[0].name, "a.example");
    assert_string_equal(hosts.items[1].name, "b.example:8443");
    assert_string_equal(hosts.items[2].name, "::1");
    assert_true(slice_equal(hosts.items[2].url.path, SLICE_LIT("/subscribe")));
}

static void
a_dropped_stream_keeps_its_host_and_a_stalled_one_changes_it(void **state)
{
    (void)state;
    begin("b.example");
    jetstream_hosts_flow(&hosts);
    expect_next(RECONNECT_NETWORK, true, T, 0, T);
    // It hung up again: the other is asked at once, not in 250 ms.
    expect_next(RECONNECT_NETWORK, false, T, 1, T);
    jetstream_hosts_flow(&hosts);
    // Both may be asked by now, and this one stalled.
    expect_next(RECONNECT_NETWORK, false, T + S, 0, T + S);
}

static void
hosts_that_are_all_down_are_asked_in_turn_each_by_its_own_waits(void **state)
{
    (void)state;
    const usec ms = USEC_PER_MS;
    begin("b.example");
    expect_next(RECONNECT_NETWORK, false, T, 1, T);
    expect_next(RECONNECT_NETWORK, false, T, 0, T + 250 * ms);
    expect_next(RECONNECT_NETWORK, false, T + 250 * ms, 1, T + 250 * ms);
    expect_next(RECONNECT_NETWORK, false, T + 250 * ms, 0, T + 750 * ms);
    // An HTTP error there: the other one's half second is over sooner than 5 s.
    expect_next(RECONNECT_SERVER, false, T + 750 * ms, 1, T + 750 * ms);
    expect_next(RECONNECT_SERVER, false, T + 750 * ms, 0, T + 750 * ms + 5 * S);
}

static void
a_host_that_refuses_for_good_is_left_out_until_the_next_start(void **state)
{
    (void)state;
    begin("b.example");
    expect_next(RECONNECT_FATAL, false, T, 1, T);
    expect_next(RECONNECT_SERVER, false, T, 1, T + 5 * S);
    expect_next(RECONNECT_FATAL, false, T + 5 * S, 1, USEC_NONE);
    jetstream_hosts_start(&hosts, T + 9 * S);
    expect_next(RECONNECT_NETWORK, false, T + 9 * S, 0, T + 9 * S);
}

static void
a_wait_for_one_host_does_not_delay_the_other(void **state)
{
    (void)state;
    begin("b.example");
    assert_int_equal(
        jetstream_hosts_after(&hosts, RECONNECT_RATE, false, T, T + 900 * S), T);
    assert_int_equal(hosts.current, 1);
    assert_int_equal(hosts.items[0].ready_at, T + 900 * S);
}

static void
a_refused_cursor_is_sent_again_once_the_stream_flows(void **state)
{
    (void)state;
    begin("");
    jetstream_hosts_refuse_cursor(&hosts, JETSTREAM_BY_VALUE);
    assert_int_equal(jetstream_hosts_current(&hosts)->from, JETSTREAM_BY_TIME);
    jetstream_hosts_refuse_cursor(&hosts, JETSTREAM_BY_VALUE);
    assert_int_equal(jetstream_hosts_current(&hosts)->from, JETSTREAM_BY_TIME);
    jetstream_hosts_refuse_cursor(&hosts, JETSTREAM_BY_TIME);
    jetstream_hosts_refuse_cursor(&hosts, JETSTREAM_FROM_NOW);
    assert_int_equal(jetstream_hosts_current(&hosts)->from, JETSTREAM_FROM_NOW);
    jetstream_hosts_flow(&hosts);
    assert_int_equal(jetstream_hosts_current(&hosts)->from, JETSTREAM_BY_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_of_a_url_decides_the_wire),
        cmocka_unit_test(the_query_has_what_the_wire_calls_it),
        cmocka_unit_test(a_cursor_is_sent_only_to_the_host_and_the_wire_it_came_from),
        cmocka_unit_test(a_host_that_refused_gets_the_next_best),
        cmocka_unit_test(the_place_of_a_message_is_among_its_own_keys),
        cmocka_unit_test(the_place_of_an_event_is_in_its_payload),
        cmocka_unit_test(an_error_may_refuse_the_cursor),
        cmocka_unit_test(hosts_have_the_port_of_the_scheme_unless_they_name_one),
        cmocka_unit_test(a_dropped_stream_keeps_its_host_and_a_stalled_one_changes_it),
        cmocka_unit_test(
            hosts_that_are_all_down_are_asked_in_turn_each_by_its_own_waits),
        cmocka_unit_test(a_host_that_refuses_for_good_is_left_out_until_the_next_start),
        cmocka_unit_test(a_wait_for_one_host_does_not_delay_the_other),
        cmocka_unit_test(a_refused_cursor_is_sent_again_once_the_stream_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
