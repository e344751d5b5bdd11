#include "sinks/http/http_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static enum http_refusal
refusal_of(const char *text)
{
    enum http_refusal refusal = HTTP_REFUSAL_COUNT;
    assert_true(http_head_read(slice_of(text), &refusal));
    return refusal;
}

static enum http_refusal
field(struct http_head *head, const char *name, const char *value)
{
    return http_head_field(head, slice_of(name), slice_of(value));
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
            char *bytes = malloc(len + 1); // so that the sanitizer sees its end
            assert_non_null(bytes);
            memcpy(bytes, heads[i], len);
            bool is_whole = http_head_read((struct slice){bytes, len}, &refusal);
            assert_int_equal(is_whole, len == size);
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
    enum http_refusal refusal;
    memset(bytes, 'a', sizeof(bytes));
    assert_false(http_head_read((struct slice){bytes, HTTP_TARGET_MAX}, &refusal));
    assert_true(http_head_read((struct slice){bytes, HTTP_TARGET_MAX + 1}, &refusal));
    assert_int_equal(refusal, HTTP_REFUSAL_LONG_TARGET);
    memcpy(bytes, SLICE_LIT("GET / HTTP/1.1\r\nX: ").ptr, 19);
    assert_false(http_head_read((struct slice){bytes, HTTP_HEAD_MAX}, &refusal));
    assert_true(http_head_read((struct slice){bytes, HTTP_HEAD_MAX + 1}, &refusal));
    assert_int_equal(refusal, HTTP_REFUSAL_LONG_HEAD);
}

static void
the_length_of_a_body_has_one_meaning(void **state)
{
    (void)state;
    struct http_head head = {.has_host = true};
    assert_int_equal(field(&head, "Content-Length", " 12 "), HTTP_REFUSAL_NONE);
    assert_int_equal(head.length, 12);
    assert_int_equal(field(&head, "content-length", "012"), HTTP_REFUSAL_NONE);
    assert_int_equal(field(&head, "content-length", "13"), HTTP_REFUSAL_MALFORMED);
    assert_int_equal(http_head_end(&head), HTTP_REFUSAL_NONE);
    assert_int_equal(field(&head, "Transfer-Encoding", "Chunked"), HTTP_REFUSAL_NONE);
    assert_int_equal(http_head_end(&head), HTTP_REFUSAL_MALFORMED);
    head = (struct http_head){.is_old = true};
    assert_int_equal(http_head_end(&head), HTTP_REFUSAL_NONE);
    assert_int_equal(field(&head, "Transfer-Encoding", "chunked"), HTTP_REFUSAL_NONE);
    assert_int_equal(http_head_end(&head), HTTP_REFUSAL_MALFORMED);
    head = (struct http_head){0};
    assert_int_equal(field(&head, "Content-Length", "18446744073709551616"),
                     HTTP_REFUSAL_TOO_LONG);
    assert_int_equal(field(&head, "Transfer-Encoding", "gzip"), HTTP_REFUSAL_CODING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_complete_at_its_empty_line_and_not_before),
        cmocka_unit_test(what_is_wrong_shows_at_the_end_of_its_line),
        cmocka_unit_test(a_head_is_bounded),
        cmocka_unit_test(the_length_of_a_body_has_one_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
