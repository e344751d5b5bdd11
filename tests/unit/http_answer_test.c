#include "net/http_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct http_answer answer; // 64 KiB

static void
head(const char *const *lines)
{
    http_answer_reset(&answer);
    for (size_t i = 0; lines[i] != NULL; i++) {
        http_answer_header(&answer, slice_of(lines[i]));
    }
}

static void
the_head_contains_the_status_and_when_to_retry(void **state)
{
    (void)state;
    static const char *const lines[] = {"HTTP/1.1 429 Too Many\r\n",
                                        "X-Rate-Limit-Reset: 1700000000\r\n",
                                        "Retry-After: 7\r\n", "\r\n", NULL};
    head(lines);
    assert_int_equal(answer.status, 429);
    assert_true(answer.is_whole);
    assert_int_equal(http_answer_not_before(&answer, 0), 1700000000 * USEC_PER_S);
    usec wall = 1700000001 * USEC_PER_S;
    assert_int_equal(http_answer_not_before(&answer, wall), wall + 7 * USEC_PER_S);
}

static void
an_interim_answer_is_no_answer(void **state)
{
    (void)state;
    static const char *const lines[] = {"HTTP/1.1 100 Continue\r\n",
                                        "Retry-After: 7\r\n", "\r\n", NULL};
    head(lines);
    assert_false(answer.is_whole);
    http_answer_header(&answer, SLICE_LIT("HTTP/1.1 200\r\n"));
    http_answer_header(&answer, SLICE_LIT("\r\n"));
    assert_true(answer.is_whole);
    assert_int_equal(answer.status, 200);
    assert_true(http_answer_not_before(&answer, 0) == USEC_NONE);
}

static void
a_reset_may_be_a_date_as_mastodon_has_it(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "HTTP/1.1 429\r\n", "X-RateLimit-Reset: 2023-11-14T22:13:30.500Z\r\n", NULL};
    head(lines);
    assert_true(http_answer_not_before(&answer, 0) == 1700000010500 * USEC_PER_MS);
}

static void
retry_after_may_be_a_date_of_http(void **state)
{
    (void)state;
    static const char *const values[] = {
        "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n",
        "retry-after:Tuesday, 14-Nov-23 22:13:30 GMT \r\n",
        "Retry-After:  Tue Nov 14 22:13:30 2023\r\n",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *const lines[] = {"HTTP/1.1 503 Later\r\n", values[i], "\r\n", NULL};
        head(lines);
        assert_true(http_answer_not_before(&answer, 0) == 1700000010 * USEC_PER_S);
    }
}

static void
retry_after_may_be_any_text(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t seconds; // -1: as if there were none
    } rows[] = {
        {"7", 7},         {"0", 0},
        {"1.5", 2},       {"0.35", 1},
        {"2.0", 2},       {"2.", 2},
        {"7, 8", 7},      {"007", 7},
        {"-5", -1},       {"+5", -1},
        {".5", -1},       {"", -1},
        {"inf", -1},      {"soon", -1},
        {"0x10", 0},      {"Tue, 99 Nov 2023 22:13:30 GMT", -1},
        {"1e9", 1},       {"-1.5", -1},
        {"86400", 86400}, {"99999999999999999999999999", INT64_C(100000000000)},
    };
    usec wall = 1700000000 * USEC_PER_S;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[100];
        snprintf(line, sizeof(line), "Retry-After: %s\r\n", rows[i].value);
        const char *const lines[] = {"HTTP/1.1 503\r\n", line, "\r\n", NULL};
        head(lines);
        usec wanted =
            rows[i].seconds < 0 ? USEC_NONE : wall + rows[i].seconds * USEC_PER_S;
        if (http_answer_not_before(&answer, wall) != wanted) {
            fail_msg("%s", rows[i].value);
        }
    }
}

static void
a_date_counts_from_that_of_the_server(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "HTTP/1.1 429\r\n", "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n",
        "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n", "\r\n", NULL};
    head(lines);
    usec wall = 1600000000 * USEC_PER_S;
    assert_true(http_answer_not_before(&answer, wall) == wall + 10 * USEC_PER_S);
    // Another answer forgets both.
    http_answer_header(&answer, SLICE_LIT("HTTP/1.1 503\r\n"));
    assert_true(http_answer_not_before(&answer, wall) == USEC_NONE);
}

static void
headers_of_nonsense_do_no_harm(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "HTTP/1.1 5x3\r\n",           "HTTP/\r\n", "HTTP/1.1 503\r\n",
        "retry-after: Tue\r\n",       "",          "retry-after:",
        "x-rate-limit-reset: -1\r\n", NULL};
    head(lines);
    assert_int_equal(answer.status, 503);
    assert_true(http_answer_not_before(&answer, 0) == USEC_NONE);
    http_answer_header(&answer,
                       SLICE_LIT("x-rate-limit-reset: 99999999999999999999999999"));
    assert_true(http_answer_not_before(&answer, 0) > 0);
}

static void
a_body_keeps_only_its_beginning(void **state)
{
    (void)state;
    static const char bytes[1000];
    http_answer_reset(&answer);
    for (int i = 0; i < 100; i++) {
        http_answer_body(&answer, (struct slice){bytes, sizeof(bytes)});
    }
    assert_int_equal(http_answer_body_of(&answer).len, HTTP_ANSWER_BODY_MAX);
}

static void
a_person_reads_the_detail_or_the_title(void **state)
{
    (void)state;
    char text[HTTP_ANSWER_TEXT_MAX];
    static const char *const lines[] = {"HTTP/1.1 403 No\r\n", "\r\n", NULL};
    static const struct {
        const char *body;
        const char *expected;
    } rows[] = {
        {"", "the server answered 403"},
        {"{\"title\" : \"Forbidden\"}", "the server answered 403: Forbidden"},
        {"{\"title\":\"a\",\"detail\":\"b\"}", "the server answered 403: b"},
        {"{\"detail\":\"cut off", "the server answered 403: cut off"},
        {"{\"detail\":", "the server answered 403"},
        {"{\"detail\":5}", "the server answered 403"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(lines);
        http_answer_body(&answer, slice_of(rows[i].body));
        assert_string_equal(http_answer_text(&answer, text), rows[i].expected);
    }
}

static void
pages_and_codings_are_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool is_page;
        bool is_coded;
    } rows[] = {
        {"Content-Type: text/html\r\n", true, false},
        {"content-type:Text/HTML;charset=utf-8\r\n", true, false},
        {"Content-Type: application/json\r\n", false, false},
        {"Content-Encoding: gzip\r\n", false, true},
        {"Content-Encoding: identity\r\n", false, false},
        {"Content-Encoding:\r\n", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const lines[] = {"HTTP/1.1 200 OK\r\n", rows[i].header, "\r\n",
                                     NULL};
        head(lines);
        assert_int_equal(answer.is_page, rows[i].is_page);
        assert_int_equal(answer.is_coded, rows[i].is_coded);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_contains_the_status_and_when_to_retry),
        cmocka_unit_test(an_interim_answer_is_no_answer),
        cmocka_unit_test(a_reset_may_be_a_date_as_mastodon_has_it),
        cmocka_unit_test(retry_after_may_be_a_date_of_http),
        cmocka_unit_test(retry_after_may_be_any_text),
        cmocka_unit_test(a_date_counts_from_that_of_the_server),
        cmocka_unit_test(headers_of_nonsense_do_no_harm),
        cmocka_unit_test(a_body_keeps_only_its_beginning),
        cmocka_unit_test(a_person_reads_the_detail_or_the_title),
        cmocka_unit_test(pages_and_codings_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
