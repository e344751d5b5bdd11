#include "sinks/http/http_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static enum http_refusal
refusal_of(const char *text)
{
    struct http_head head;
    enum http_refusal refusal = HTTP_REFUSAL_COUNT;
    assert_true(http_head_read(slice_of(text), &head, &refusal));
    return refusal;
}

// Of a head with a Host and these fields.
static enum http_refusal
refusal_with(const char *fields)
{
    char text[256];
    snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    return refusal_of(text);
}

static struct http_head
head_of(const char *text)
{
    struct http_head head;
    enum http_refusal refusal;
    assert_true(http_head_read(slice_of(text), &head, &refusal));
    assert_int_equal(refusal, HTTP_REFUSAL_NONE);
    return head;
}

static void
a_head_is_complete_at_its_empty_line_and_not_before(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
        "\r\n\nGET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        size_t size = strlen(heads[i]);
        for (size_t len = 0; len <= size; len++) {
            enum http_refusal refusal;
            struct http_head head;
            char *bytes = malloc(len + 1); // so that the sanitizer sees its end
            assert_non_null(bytes);
            memcpy(bytes, heads[i], len);
            bool is_whole = http_head_read((struct slice){bytes, len}, &head, &refusal);
            assert_int_equal(is_whole, len == size);
            assert_true(!is_whole || head.size == size);
            free(bytes);
        }
        assert_int_equal(refusal_of(heads[i]), HTTP_REFUSAL_NONE);
    }
}

static void
what_is_wrong_shows_at_the_end_of_its_line(void **state)
{
    (void)state;
    assert_int_equal(refusal_of("GET /\r\n"), HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_of("GET / HTTP/2.0\r\n"), HTTP_REFUSAL_VERSION);
    assert_int_equal(refusal_of("GET / HTTP/1.1 \r\n"), HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_of("GET  / HTTP/1.1\r\n"), HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_of("GET / HTTP/1.1\r\nX : y\r\n"), HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_of("GET / HTTP/1.1\r\n X: y\r\n"), HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_of("GET / HTTP/1.1\r\n: y\r\n"), HTTP_REFUSAL_MALFORMED);
}

static void
a_head_is_bounded(void **state)
{
    (void)state;
    static char bytes[HTTP_HEAD_MAX + 1];
    struct http_head head;
    enum http_refusal refusal;
    memset(bytes, 'a', sizeof(bytes));
    assert_false(
        http_head_read((struct slice){bytes, HTTP_TARGET_MAX}, &head, &refusal));
    assert_true(
        http_head_read((struct slice){bytes, HTTP_TARGET_MAX + 1}, &head, &refusal));
    assert_int_equal(refusal, HTTP_REFUSAL_LONG_TARGET);
    memcpy(bytes, SLICE_LIT("GET / HTTP/1.1\r\nX: ").ptr, 19);
    assert_false(http_head_read((struct slice){bytes, HTTP_HEAD_MAX}, &head, &refusal));
    assert_true(
        http_head_read((struct slice){bytes, HTTP_HEAD_MAX + 1}, &head, &refusal));
    assert_int_equal(refusal, HTTP_REFUSAL_LONG_HEAD);
}

static void
the_length_of_a_body_has_one_meaning(void **state)
{
    (void)state;
    struct http_head head = head_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12 "
                                    "\r\ncontent-length: 012\r\n\r\n");
    assert_int_equal(head.length, 12);
    assert_int_equal(refusal_with("Content-Length: 1\r\nContent-length: 2\r\n"),
                     HTTP_REFUSAL_MALFORMED);
    assert_int_equal(
        refusal_with("Content-Length: 1\r\nTransfer-Encoding: Chunked\r\n"),
        HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_with("Transfer-Encoding: Chunked\r\n"), HTTP_REFUSAL_NONE);
    assert_int_equal(
        refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        HTTP_REFUSAL_MALFORMED);
    assert_int_equal(refusal_with("Content-Length: 18446744073709551616\r\n"),
                     HTTP_REFUSAL_TOO_LONG);
    assert_int_equal(refusal_with("Transfer-Encoding: gzip\r\n"), HTTP_REFUSAL_CODING);
}

static void
a_head_shows_if_another_request_may_follow(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_read;
        bool is_last;
        bool has_body;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false},
        {"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", true, false,
         false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\n\r\n", true, true,
         false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: "
         "keep-alive\r\n\r\n",
         true, true, false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, true, false},
        {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", true, true, false},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", true, false, true},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", false,
         false, true},
        {"get / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_head head = head_of(rows[i].text);
        assert_int_equal(head.is_read, rows[i].is_read);
        assert_int_equal(head.is_last, rows[i].is_last);
        assert_int_equal(http_head_has_body(&head), rows[i].has_body);
    }
}

static void
a_head_is_refused_for_which_the_library_has_no_memory(void **state)
{
    (void)state;
    static const struct {
        const char *begin;
        const char *element;
        const char *end;
        int most; // elements
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n", "a:\r\n", "\r\n", 463},
        {"GET /?a", "&", " HTTP/1.1\r\nHost: a\r\n\r\n", 470},
        {"GET / HTTP/1.1\r\nHost: a\r\nCookie: a", ";a=\",\"", "\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nCookie: a", ",a", "\r\n\r\n", 447},
        {"GET / HTTP/1.1\r\nHost: a\r\nCookie: a", "a", "\r\n\r\n", 15221},
    };
    static char text[HTTP_HEAD_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int more = 0; more < 2; more++) {
            int used = snprintf(text, sizeof(text), "%s", rows[i].begin);
            for (int n = 0; n < rows[i].most + more; n++) {
                used += snprintf(text + used, sizeof(text) - (size_t)used, "%s",
                                 rows[i].element);
            }
            snprintf(text + used, sizeof(text) - (size_t)used, "%s", rows[i].end);
            assert_int_equal(refusal_of(text),
                             more ? HTTP_REFUSAL_LONG_HEAD : HTTP_REFUSAL_NONE);
        }
    }
}

static void
each_cookie_has_a_name(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a=b", "a=b; c",
                                       "a=\";,;\"; b = ", "a ,b="};
    static const char *const bad[] = {"",  ";",    "a=b;",    "a=b; =c",
                                      "=", "a,,b", "a=\"\";;"};
    char fields[64];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(fields, sizeof(fields), "Cookie: %s\r\n", good[i]);
        assert_int_equal(refusal_with(fields), HTTP_REFUSAL_NONE);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(fields, sizeof(fields), "Cookie: %s\r\n", bad[i]);
        assert_int_equal(refusal_with(fields), HTTP_REFUSAL_COOKIE);
    }
}

static void
chunks_are_wrong_as_soon_as_that_shows(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "5",
        "5\r",
        "5\r\n",
        "5\r\nhel",
        "5\r\nhello",
        "5\r\nhello\r",
        "5\r\nhello\r\n",
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\nA",
        "5\nhello\n0\n\n",
        "0\r\nX: y\r\n\r\n",
        "000000000000000f\r\n",
    };
    static const char *const bad[] = {
        "x",
        "-5",
        " 5",
        "0x5\r\n",
        "5\r\nhelloX",
        "5\r\nhello\rX",
        "5\r\nhello\r\nx",
        "5\r\nhello\r\n\r\n",
        "\r\n",
        "5,\r\n",
        "00000000000000005",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_false(http_head_has_wrong_chunks(slice_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(http_head_has_wrong_chunks(slice_of(bad[i])));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_complete_at_its_empty_line_and_not_before),
        cmocka_unit_test(what_is_wrong_shows_at_the_end_of_its_line),
        cmocka_unit_test(a_head_is_bounded),
        cmocka_unit_test(the_length_of_a_body_has_one_meaning),
        cmocka_unit_test(a_head_shows_if_another_request_may_follow),
        cmocka_unit_test(a_head_is_refused_for_which_the_library_has_no_memory),
        cmocka_unit_test(each_cookie_has_a_name),
        cmocka_unit_test(chunks_are_wrong_as_soon_as_that_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
