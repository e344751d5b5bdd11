#include "base/json_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct buffer text;

static void
expect(const char *wanted)
{
    assert_false(text.is_failed);
    struct slice written = buffer_text(&text);
    assert_int_equal(written.len, strlen(wanted));
    assert_memory_equal(written.ptr, wanted, written.len);
    buffer_reset(&text);
}

static void
separators_follow_from_what_was_written(void **state)
{
    (void)state;
    json_writer_open(&text, '{');
    json_writer_put_u64(&text, "a", 1);
    json_writer_put_text(&text, "none", SLICE_NONE);
    json_writer_put_text(&text, "b", SLICE_LIT("x,[{:"));
    json_writer_name(&text, SLICE_LIT("c"));
    json_writer_open(&text, '[');
    json_writer_open(&text, '[');
    json_writer_close(&text, ']');
    json_writer_open(&text, '{');
    json_writer_put_i64(&text, "d", -2);
    json_writer_close(&text, '}');
    json_writer_null(&text);
    json_writer_bool(&text, true);
    json_writer_string(&text, SLICE_LIT("["));
    json_writer_string(&text, SLICE_LIT(""));
    json_writer_number(&text, SLICE_LIT("0.5"));
    json_writer_close(&text, ']');
    json_writer_name(&text, SLICE_LIT("e"));
    json_writer_bool(&text, false);
    json_writer_close(&text, '}');
    expect("{\"a\":1,\"b\":\"x,[{:\",\"c\":[[],{\"d\":-2},null,true,\"[\",\"\",0.5],"
           "\"e\":false}");
}

static void
text_cannot_end_a_string_or_a_line(void **state)
{
    (void)state;
    json_writer_string(&text, (struct slice){"\"\\\n\r\t\b\f\0\x7f/", 10});
    expect("\"\\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u007F/\"");
    json_writer_string(&text, SLICE_LIT("\xe2\x80\xae\xe2\x80\xa8 \xf0\x9f\x8d\xb5"));
    expect("\"\\u202E\\u2028 \xf0\x9f\x8d\xb5\"");
    json_writer_string(&text, SLICE_LIT("a\xff\xc3"));
    expect("\"a??\"");
}

static void
a_number_of_64_bits_stays_readable(void **state)
{
    (void)state;
    json_writer_number(&text, SLICE_LIT("18446744073709551615"));
    expect("18446744073709551615.0");
    json_writer_number(&text, SLICE_LIT("123"));
    expect("123");
    static const char *const others[] = {"", "-", "01", ".5", "1.", "1e5", "+1", "1 "};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(json_writer_is_number(slice_of(others[i])));
    }
    assert_true(json_writer_is_number(SLICE_LIT("-0.25")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_follow_from_what_was_written),
        cmocka_unit_test(text_cannot_end_a_string_or_a_line),
        cmocka_unit_test(a_number_of_64_bits_stays_readable),
    };
    buffer_init(&text, 1 << 12);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buffer_fini(&text);
    return failed;
}
