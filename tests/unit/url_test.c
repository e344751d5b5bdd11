// The parts of a URL that all who read one share.
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_url_is_split_at_the_last_at_sign_of_its_authority(void **state)
{
    (void)state;
    struct url_parts parts = url_split(SLICE_LIT("x://u:p@q@[::1]:7/a@b?c"), "/?#");
    assert_true(slice_equal(parts.scheme, SLICE_LIT("x")));
    assert_true(slice_equal(parts.user, SLICE_LIT("u:p@q")));
    assert_true(slice_equal(parts.host, SLICE_LIT("[::1]:7")));
    assert_true(slice_equal(parts.rest, SLICE_LIT("/a@b?c")));
    parts = url_split(SLICE_LIT("x://h?c"), "/");
    assert_true(slice_is_none(parts.user));
    assert_true(slice_equal(parts.host, SLICE_LIT("h?c")));
    assert_int_equal(parts.rest.len, 0);
    assert_true(slice_is_none(url_split(SLICE_LIT("x:/h"), "/").scheme));
}

static void
a_fault_of_a_host_is_named_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum url_fault fault;
    } rows[] = {
        {"", URL_NO_HOST},        {":1", URL_NO_HOST},      {"::1", URL_NO_HOST},
        {"a b", URL_BAD_NAME},    {"a@b", URL_BAD_NAME},    {"[", URL_BAD_SIX},
        {"[]", URL_BAD_SIX},      {"[::1", URL_BAD_SIX},    {"[h]", URL_BAD_SIX},
        {"[1.2.3]", URL_BAD_SIX}, {"[::1]x", URL_BAD_PORT}, {"[::1]1", URL_BAD_PORT},
        {"h:", URL_BAD_PORT},     {"h:0", URL_BAD_PORT},    {"h:65536", URL_BAD_PORT},
        {"h:1x", URL_BAD_PORT},   {"h:1:2", URL_BAD_PORT},  {"h:-1", URL_BAD_PORT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char host[URL_HOST_MAX] = "before";
        uint16_t port = 4711;
        if (url_host_parse(slice_of(rows[i].text), host, &port) != rows[i].fault) {
            fail_msg("\"%s\" is judged otherwise", rows[i].text);
        }
        assert_string_equal(host, "before");
        assert_int_equal(port, 4711);
    }
}

static void
a_host_is_written_as_it_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"h:1", "127.0.0.1:65535", "[2001:db8::1]:99"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char host[URL_HOST_MAX];
        char text[URL_TEXT_MAX];
        uint16_t port;
        assert_int_equal(url_host_parse(slice_of(texts[i]), host, &port), URL_GOOD);
        url_host_format(host, port, text);
        assert_string_equal(text, texts[i]);
    }
}

static void
a_text_is_decoded_as_far_as_it_has_room(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(url_decode(SLICE_LIT("%41%2f%"), out, sizeof(out)), STATUS_PARSE);
    assert_int_equal(url_decode(SLICE_LIT("a%00"), out, sizeof(out)), STATUS_RANGE);
    assert_int_equal(url_decode(SLICE_LIT("abcd"), out, sizeof(out)), STATUS_RANGE);
    assert_int_equal(url_decode(SLICE_LIT("%41%2Fc"), out, sizeof(out)), STATUS_OK);
    assert_string_equal(out, "A/c");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_split_at_the_last_at_sign_of_its_authority),
        cmocka_unit_test(a_fault_of_a_host_is_named_and_changes_nothing),
        cmocka_unit_test(a_host_is_written_as_it_is_read),
        cmocka_unit_test(a_text_is_decoded_as_far_as_it_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
