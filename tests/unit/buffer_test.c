#include "base/buffer.h"
#include "base/percent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
buffer_holds_what_was_appended_in_order(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    buffer_append(&buffer, SLICE_LIT("a="));
    buffer_append_u64(&buffer, 0);
    buffer_append_byte(&buffer, ' ');
    buffer_append_u64(&buffer, UINT64_MAX);
    buffer_append_byte(&buffer, ' ');
    buffer_append_i64(&buffer, INT64_MIN);
    buffer_append_byte(&buffer, ' ');
    buffer_append_i64(&buffer, INT64_MAX);
    buffer_append(&buffer, SLICE_NONE);
    struct slice expected =
        SLICE_LIT("a=0 18446744073709551615 -9223372036854775808 9223372036854775807");
    assert_true(slice_equal(buffer_text(&buffer), expected));
    assert_false(buffer.is_failed);
    buffer_fini(&buffer);
}

static void
buffer_keeps_its_bytes_while_it_grows(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100000);
    for (int i = 0; i < 100000; i++) {
        buffer_append_byte(&buffer, (char)(i % 100));
    }
    assert_false(buffer.is_failed);
    struct slice text = buffer_text(&buffer);
    assert_int_equal(text.len, 100000);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(text.ptr[i], i % 100);
    }
    assert_true(buffer.capacity <= 100000);
    buffer_fini(&buffer);
}

static void
buffer_takes_an_append_whole_or_not_at_all(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    buffer_append(&buffer, SLICE_LIT("abc"));
    buffer_append(&buffer, SLICE_LIT("def"));
    assert_true(buffer.is_failed);
    buffer_append_byte(&buffer, 'g'); // would fit, but failure is sticky
    assert_true(slice_equal(buffer_text(&buffer), SLICE_LIT("abc")));
    buffer_reset(&buffer);
    buffer_append(&buffer, SLICE_LIT("abcde"));
    assert_false(buffer.is_failed);
    buffer_append_byte(&buffer, 'f');
    assert_true(buffer.is_failed);
    buffer_fini(&buffer);
}

static void
buffer_reset_keeps_the_memory(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1 << 16);
    assert_non_null(buffer_extend(&buffer, 5000));
    const char *bytes = buffer.bytes;
    buffer_reset(&buffer);
    assert_int_equal(buffer_text(&buffer).len, 0);
    assert_ptr_equal(buffer_extend(&buffer, 5000), bytes);
    buffer_fini(&buffer);
}

static void
buffer_refuses_a_size_that_overflows(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1 << 16);
    buffer_append_byte(&buffer, 'a');
    assert_null(buffer_extend(&buffer, SIZE_MAX));
    assert_true(buffer.is_failed);
    buffer_fini(&buffer);
}

static void
buffer_text_is_empty_before_the_first_append(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 0);
    assert_false(slice_is_none(buffer_text(&buffer)));
    assert_int_equal(buffer_text(&buffer).len, 0);
    buffer_append_byte(&buffer, 'a');
    assert_true(buffer.is_failed);
    buffer_fini(&buffer);
    buffer_fini(&buffer);
}

static void
all_but_unreserved_bytes_are_percent_encoded(void **state)
{
    (void)state;
    struct buffer buffer;
    char all[256];
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (char)i;
    }
    buffer_init(&buffer, 1 << 10);
    percent_put(&buffer, SLICE_LIT("aZ09-._~ /%\xc3\xa9"));
    assert_true(
        slice_equal(buffer_text(&buffer), SLICE_LIT("aZ09-._~%20%2F%25%C3%A9")));
    buffer_reset(&buffer);
    percent_put(&buffer, (struct slice){all, sizeof(all)});
    assert_int_equal(buffer.size, 66 + 190 * 3);
    buffer_fini(&buffer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_holds_what_was_appended_in_order),
        cmocka_unit_test(buffer_keeps_its_bytes_while_it_grows),
        cmocka_unit_test(buffer_takes_an_append_whole_or_not_at_all),
        cmocka_unit_test(buffer_reset_keeps_the_memory),
        cmocka_unit_test(buffer_refuses_a_size_that_overflows),
        cmocka_unit_test(buffer_text_is_empty_before_the_first_append),
        cmocka_unit_test(all_but_unreserved_bytes_are_percent_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
