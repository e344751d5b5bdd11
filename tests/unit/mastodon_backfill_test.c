#include "ingest/sources/mastodon_backfill.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/json/json.h"
#include "ingest/sources/source.h"
#include "net/http_fetch.h"

#define S USEC_PER_S
#define WALL (1700000000 * S)
#define TIMELINE "https://harbour.example/api/v1/timelines/home?"

enum { TEXT_MAX = 1 << 15 };

static struct mastodon_backfill fill;
static struct source_metrics metrics;
static char url[MASTODON_BACKFILL_URL_MAX];
static char took[TEXT_MAX]; // ids of what was fed, each with a blank

static int
set_up(void **state)
{
    (void)state;
    metrics = (struct source_metrics){0};
    took[0] = '\0';
    return mastodon_backfill_init(&fill, TIMELINE, &metrics) == STATUS_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    mastodon_backfill_fini(&fill);
    return 0;
}

// What of the stream says, with the padding its messages have.
static struct source_message
message(const char *event, const char *data)
{
    static char room[512];
    snprintf(room, sizeof(room) - JSON_PADDING, "%s", data);
    return (struct source_message){slice_of(event), slice_of(room), false};
}

static struct source_message
post(uint64_t id)
{
    char data[64];
    snprintf(data, sizeof(data), "{\"id\":\"%" PRIu64 "\"}", id);
    return message("update", data);
}

static void
see(uint64_t id)
{
    const struct source_message seen = post(id);
    assert_true(mastodon_backfill_may_pass(&fill, &seen));
    mastodon_backfill_saw(&fill, &seen);
}

static void
answer(long status, const char *body, usec not_before, usec now)
{
    const struct http_fetch_answer told = {
        .status = status,
        .body = body != NULL ? slice_of(body) : SLICE_NONE,
        .not_before = not_before,
        .why = status == 200 ? NULL : "because",
    };
    mastodon_backfill_answer(&fill, &told, now, WALL);
}

static void
feed(usec now)
{
    struct slice next;
    while (mastodon_backfill_next(&fill, now, &next)) {
        size_t used = strlen(took);
        // {"id":"…"
        snprintf(took + used, sizeof(took) - used, "%.*s ", (int)next.len - 9,
                 next.ptr + 7);
        mastodon_backfill_taken(&fill);
    }
}

// A page of the ids from last down to first.
static const char *
page(uint64_t first, uint64_t last)
{
    static char body[TEXT_MAX];
    size_t used = (size_t)snprintf(body, sizeof(body), "[");
    for (uint64_t id = last; id >= first; id--) {
        used += (size_t)snprintf(body + used, sizeof(body) - used,
                                 "%s{\"id\":\"%" PRIu64 "\"}", used > 1 ? "," : "", id);
    }
    snprintf(body + used, sizeof(body) - used, "]");
    return body;
}

static void
ask_at(usec now)
{
    assert_int_equal(fill.phase, MASTODON_BACKFILL_WAITING);
    assert_int_equal(fill.next_at, now);
    mastodon_backfill_write_url(&fill, url);
}

static void
assert_over(const char *why)
{
    assert_int_equal(fill.phase, MASTODON_BACKFILL_OVER);
    assert_string_equal(fill.why, why);
    assert_false(fill.is_due);
}

// The stream was there up to `id`, and is there again at second 100.
static void
lose_after(uint64_t id)
{
    see(id);
    mastodon_backfill_suspend(&fill);
    assert_true(mastodon_backfill_begin(&fill, USEC_NONE, 100 * S));
}

static void
pages_come_oldest_first_until_one_is_empty(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    assert_string_equal(url, TIMELINE "min_id=9&limit=40");
    answer(200, page(10, 49), USEC_NONE, 102 * S);
    feed(102 * S);
    ask_at(102 * S + MASTODON_BACKFILL_PAUSE);
    assert_string_equal(url, TIMELINE "min_id=49&limit=40");
    answer(200, page(50, 52), USEC_NONE, 103 * S);
    feed(103 * S);
    ask_at(103 * S + MASTODON_BACKFILL_PAUSE);
    answer(200, "[]", USEC_NONE, 104 * S);
    assert_over("");
    assert_int_equal(strncmp(took, "10 11 12 ", 9), 0);
    assert_string_equal(took + strlen(took) - 9, "50 51 52 ");
    assert_int_equal(fill.last, 52);
    assert_int_equal(metrics.fill_requests, 3);
    assert_int_equal(metrics.fill_messages, 43);
    assert_int_equal(metrics.fill_failures, 0);
}

static void
an_id_with_a_time_in_it_is_rewound_by_a_minute(void **state)
{
    (void)state;
    uint64_t ms = UINT64_C(1800000000000);
    lose_after((ms << 16) + 5);
    ask_at(101 * S);
    char expected[MASTODON_BACKFILL_URL_MAX];
    snprintf(expected, sizeof(expected), TIMELINE "min_id=%" PRIu64 "&limit=40",
             ((ms - 60000) << 16) + 5);
    assert_string_equal(url, expected);
}

static void
a_busy_stream_is_held_at_its_first_post_and_ends_the_fill_there(void **state)
{
    (void)state;
    lose_after(10);
    const struct source_message first = post(55);
    assert_false(mastodon_backfill_may_pass(&fill, &first));
    ask_at(101 * S);
    answer(200, page(10, 49), USEC_NONE, 102 * S);
    feed(102 * S);
    ask_at(102 * S + MASTODON_BACKFILL_PAUSE);
    // Not full, but not there yet: somebody filters on the server.
    answer(200, page(50, 53), USEC_NONE, 103 * S);
    feed(103 * S);
    ask_at(103 * S + MASTODON_BACKFILL_PAUSE);
    assert_false(mastodon_backfill_may_pass(&fill, &first));
    answer(200, page(54, 58), USEC_NONE, 104 * S);
    feed(104 * S);
    assert_over("");
    assert_true(mastodon_backfill_may_pass(&fill, &first));
}

static void
a_full_page_that_reaches_the_stream_is_not_the_end(void **state)
{
    (void)state;
    lose_after(10);
    const struct source_message first = post(30);
    assert_false(mastodon_backfill_may_pass(&fill, &first));
    ask_at(101 * S);
    answer(200, page(10, 49), USEC_NONE, 102 * S);
    feed(102 * S);
    assert_int_equal(fill.phase, MASTODON_BACKFILL_WAITING);
}

static void
a_post_deleted_during_the_fill_is_left_out(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    const struct source_message gone = message("delete", "12");
    assert_true(mastodon_backfill_may_pass(&fill, &gone));
    mastodon_backfill_saw(&fill, &gone);
    answer(200, page(10, 13), USEC_NONE, 102 * S);
    feed(102 * S);
    assert_string_equal(took, "10 11 13 ");
}

static void
what_is_no_post_passes_during_the_fill(void **state)
{
    (void)state;
    lose_after(10);
    static const char *const events[] = {"notification", "status.update", "delete", ""};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const struct source_message other = message(events[i], "{\"id\":\"99\"}");
        assert_true(mastodon_backfill_may_pass(&fill, &other));
        mastodon_backfill_saw(&fill, &other);
    }
    const struct source_message bad = message("update", "{\"id\":");
    assert_true(mastodon_backfill_may_pass(&fill, &bad));
    assert_int_equal(fill.last, 10);
}

static void
an_element_that_is_no_post_costs_nothing_else(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(200, "[{\"id\":\"12\"},null,7,[],{\"id\":\"11\"},{\"id\":\"10\"}]",
           USEC_NONE, 101 * S);
    struct slice next;
    size_t given = 0;
    for (; mastodon_backfill_next(&fill, 101 * S, &next); given++) {
        mastodon_backfill_taken(&fill);
    }
    assert_int_equal(given, 6);
    assert_int_equal(fill.last, 12);
    assert_int_equal(metrics.fill_failures, 0);
}

static void
without_an_id_there_is_nothing_to_begin(void **state)
{
    (void)state;
    mastodon_backfill_suspend(&fill);
    assert_false(mastodon_backfill_begin(&fill, USEC_NONE, 0));
    assert_string_equal(mastodon_backfill_hindrance(&fill), "");
    // Ids of other software are no numbers.
    const struct source_message strange = message("update", "{\"id\":\"01HQ2Z\"}");
    mastodon_backfill_saw(&fill, &strange);
    const struct source_message great =
        message("update", "{\"id\":\"18446744073709551616\"}");
    mastodon_backfill_saw(&fill, &great);
    mastodon_backfill_suspend(&fill);
    assert_false(mastodon_backfill_begin(&fill, USEC_NONE, 0));
    assert_string_equal(mastodon_backfill_hindrance(&fill), "fill_ids");
    see(7);
    assert_string_equal(mastodon_backfill_hindrance(&fill), "");
}

// The id of a post that many seconds after WALL.
static uint64_t
id_at(int seconds)
{
    return (uint64_t)(WALL / USEC_PER_MS + seconds * 1000) << 16;
}

static void
without_an_id_a_fill_begins_at_the_time_of_the_gap(void **state)
{
    (void)state;
    char wanted[MASTODON_BACKFILL_URL_MAX];
    mastodon_backfill_suspend(&fill);
    assert_true(mastodon_backfill_begin(&fill, WALL, 100 * S));
    ask_at(101 * S);
    snprintf(wanted, sizeof(wanted), TIMELINE "min_id=%" PRIu64 "&limit=40",
             id_at(-60));
    assert_string_equal(url, wanted);
    answer(200, page(id_at(5), id_at(5) + 2), USEC_NONE, 101 * S);
    mastodon_backfill_suspend(&fill); // and goes on where it was
    assert_true(mastodon_backfill_begin(&fill, WALL, 200 * S));
    ask_at(201 * S);
    assert_string_equal(url, wanted);
    answer(200, page(id_at(5), id_at(5) + 2), USEC_NONE, 201 * S);
    feed(201 * S);
    ask_at(201 * S + MASTODON_BACKFILL_PAUSE);
    answer(200, "[]", USEC_NONE, 202 * S);
    assert_over("");
    assert_int_equal(fill.last, id_at(5) + 2);
}

static void
a_guessed_id_needs_a_post_that_shows_that_ids_contain_times(void **state)
{
    (void)state;
    static const char *const pages[] = {"[]", "[{\"id\":\"77\"}]",
                                        "[{\"id\":\"01HQ2Z\"}]"};
    for (size_t i = 0; i < 3; i++) {
        mastodon_backfill_suspend(&fill);
        assert_true(mastodon_backfill_begin(&fill, WALL, 100 * S));
        ask_at(101 * S);
        answer(200, pages[i], USEC_NONE, 101 * S);
        assert_over("fill_ids");
        assert_int_equal(fill.last, 0);
    }
    mastodon_backfill_suspend(&fill);
    assert_true(mastodon_backfill_begin(&fill, WALL, 100 * S));
    const struct source_message live = post(id_at(90));
    assert_false(mastodon_backfill_may_pass(&fill, &live));
    ask_at(101 * S);
    answer(200, "[]", USEC_NONE, 101 * S);
    assert_over("");
    mastodon_backfill_saw(&fill, &live);
    assert_int_equal(fill.last, id_at(90));
}

static void
failures_wait_longer_each_time_and_end_after_so_many(void **state)
{
    (void)state;
    static const int waits[] = {1, 2, 4, 8, 16, 32, 60};
    static const struct {
        long status;
        const char *body;
        const char *why;
    } rows[] = {
        {500, NULL, "fill_http_500"},
        {206, NULL, "fill_http_206"},
        {0, NULL, "fill_network"},
        {200, "<html>", "fill_garbage"},
    };
    see(10);
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        mastodon_backfill_suspend(&fill);
        assert_true(mastodon_backfill_begin(&fill, USEC_NONE, 100 * S));
        usec now = 101 * S;
        for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
            ask_at(now);
            answer(rows[k].status, rows[k].body, USEC_NONE, now);
            now += waits[i] * S;
        }
        ask_at(now);
        answer(rows[k].status, rows[k].body, USEC_NONE, now);
        assert_over(rows[k].why);
    }
    assert_int_equal(metrics.fill_failures, 4 * MASTODON_BACKFILL_TRIES);
    assert_int_equal(fill.last, 10);
}

static void
a_page_resets_the_waits(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(503, NULL, USEC_NONE, 101 * S);
    ask_at(102 * S);
    answer(200, page(10, 49), USEC_NONE, 102 * S);
    feed(102 * S);
    // Not before the time that the failure set.
    ask_at(102 * S + MASTODON_BACKFILL_PAUSE);
    answer(503, NULL, USEC_NONE, 103 * S);
    ask_at(104 * S);
}

static void
the_time_a_server_asks_for_is_kept_also_over_a_new_stream(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(429, NULL, WALL + 200 * S, 110 * S);
    assert_int_equal(fill.next_at, 310 * S);
    mastodon_backfill_suspend(&fill);
    assert_true(mastodon_backfill_begin(&fill, USEC_NONE, 150 * S));
    ask_at(310 * S);
    answer(429, NULL, USEC_NONE, 310 * S); // does not say: a minute
    ask_at(370 * S);
    answer(429, NULL, WALL + 2 * USEC_PER_HOUR, 370 * S); // too long for a gap
    assert_over("fill_http_429");
}

static void
a_stream_flows_during_a_long_wait_and_is_held_again_after_it(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(503, NULL, USEC_NONE, 101 * S);
    const struct source_message first = post(55);
    assert_false(mastodon_backfill_may_pass(&fill, &first)); // a second is no long wait
    ask_at(102 * S);
    answer(429, NULL, WALL + 6 * S, 102 * S);
    see(55);
    see(56);
    assert_int_equal(fill.last, 10);
    ask_at(108 * S);
    const struct source_message next = post(57);
    assert_false(mastodon_backfill_may_pass(&fill, &next));
    answer(200, page(10, 30), USEC_NONE, 109 * S);
    feed(109 * S);
    ask_at(109 * S + MASTODON_BACKFILL_PAUSE);
    answer(200, page(31, 57), USEC_NONE, 110 * S); // up to the stream's first
    feed(110 * S);
    assert_over("");
    assert_int_equal(fill.last, 57);
}

static void
a_refusal_for_good_ends_it_at_once(void **state)
{
    (void)state;
    static const long codes[] = {301, 302, 400, 401, 403, 404, 410, 422};
    see(10);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char why[32];
        snprintf(why, sizeof(why), "fill_http_%ld", codes[i]);
        mastodon_backfill_suspend(&fill);
        assert_true(mastodon_backfill_begin(&fill, USEC_NONE, 100 * S));
        ask_at(101 * S);
        answer(codes[i], NULL, USEC_NONE, 102 * S);
        assert_over(why);
    }
}

static void
a_server_that_does_not_page_is_left(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(200, page(1, 9), USEC_NONE, 102 * S);
    assert_over("fill_order");
    lose_after(10);
    ask_at(101 * S);
    answer(200, "[{\"id\":\"x\"},{}]", USEC_NONE, 102 * S);
    assert_over("fill_order");
    assert_string_equal(took, "");
}

static void
pages_without_end_are_left_after_so_many_and_the_rest_is_not_asked_again(void **state)
{
    (void)state;
    lose_after(10);
    uint64_t next = 10;
    for (int i = 0; i < MASTODON_BACKFILL_PAGES; i++) {
        mastodon_backfill_write_url(&fill, url);
        answer(200, page(next, next + 39), USEC_NONE, 102 * S);
        took[0] = '\0';
        feed(102 * S);
        next += 40;
    }
    assert_over("fill_pages");
    assert_int_equal(fill.last, next - 1);
}

static void
a_timeline_that_no_longer_reaches_back_is_reported(void **state)
{
    (void)state;
    for (int is_anchored = 0; is_anchored <= 1; is_anchored++) {
        fill.last = 0;
        lose_after(1000);
        uint64_t next = is_anchored ? 1000 : 1001;
        for (int i = 0; i < MASTODON_BACKFILL_KEPT / MASTODON_BACKFILL_LIMIT; i++) {
            mastodon_backfill_write_url(&fill, url);
            answer(200, page(next, next + 39), USEC_NONE, 102 * S);
            took[0] = '\0';
            feed(102 * S);
            next += 40;
        }
        mastodon_backfill_write_url(&fill, url);
        answer(200, "[]", USEC_NONE, 102 * S);
        assert_over(is_anchored ? "" : "fill_cut");
    }
}

static void
a_stream_that_breaks_again_continues_from_the_last_page(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(200, page(10, 49), USEC_NONE, 102 * S);
    feed(102 * S);
    ask_at(102 * S + MASTODON_BACKFILL_PAUSE);
    answer(200, page(50, 89), USEC_NONE, 103 * S);
    struct slice next;
    assert_true(mastodon_backfill_next(&fill, 103 * S, &next)); // half a page
    mastodon_backfill_taken(&fill);
    mastodon_backfill_suspend(&fill);
    assert_false(mastodon_backfill_next(&fill, 103 * S, &next));
    see(95); // was waiting meanwhile: no reason to leave out what is before it
    assert_int_equal(fill.last, 49);
    assert_true(mastodon_backfill_begin(&fill, USEC_NONE, 200 * S));
    ask_at(201 * S);
    assert_string_equal(url, TIMELINE "min_id=48&limit=40");
    answer(200, "[]", USEC_NONE, 202 * S);
    assert_over("");
    assert_int_equal(fill.last, 95);
}

static void
a_stop_from_within_a_post_is_no_harm(void **state)
{
    (void)state;
    lose_after(10);
    ask_at(101 * S);
    answer(200, page(10, 12), USEC_NONE, 102 * S);
    struct slice next;
    assert_true(mastodon_backfill_next(&fill, 102 * S, &next));
    mastodon_backfill_suspend(&fill);
    mastodon_backfill_taken(&fill);
    assert_false(mastodon_backfill_next(&fill, 102 * S, &next));
    assert_int_equal(metrics.fill_messages, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pages_come_oldest_first_until_one_is_empty),
        CASE(an_id_with_a_time_in_it_is_rewound_by_a_minute),
        CASE(a_busy_stream_is_held_at_its_first_post_and_ends_the_fill_there),
        CASE(a_full_page_that_reaches_the_stream_is_not_the_end),
        CASE(an_element_that_is_no_post_costs_nothing_else),
        CASE(a_post_deleted_during_the_fill_is_left_out),
        CASE(what_is_no_post_passes_during_the_fill),
        CASE(without_an_id_there_is_nothing_to_begin),
        CASE(without_an_id_a_fill_begins_at_the_time_of_the_gap),
        CASE(a_guessed_id_needs_a_post_that_shows_that_ids_contain_times),
        CASE(failures_wait_longer_each_time_and_end_after_so_many),
        CASE(a_page_resets_the_waits),
        CASE(the_time_a_server_asks_for_is_kept_also_over_a_new_stream),
        CASE(a_stream_flows_during_a_long_wait_and_is_held_again_after_it),
        CASE(a_refusal_for_good_ends_it_at_once),
        CASE(a_server_that_does_not_page_is_left),
        CASE(pages_without_end_are_left_after_so_many_and_the_rest_is_not_asked_again),
        CASE(a_timeline_that_no_longer_reaches_back_is_reported),
        CASE(a_stream_that_breaks_again_continues_from_the_last_page),
        CASE(a_stop_from_within_a_post_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
