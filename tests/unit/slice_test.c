// Comparing without case, and removing what surrounds a text.
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
letters_of_ascii_are_equal_in_both_cases(void **state)
{
    (void)state;
    assert_true(
        slice_equal_nocase(SLICE_LIT("Content-Length"), SLICE_LIT("cONTENT-lENGTH")));
    assert_true(slice_equal_nocase(SLICE_NONE, SLICE_LIT("")));
    assert_false(slice_equal_nocase(SLICE_LIT("host"), SLICE_LIT("hos")));
    assert_false(slice_equal_nocase(SLICE_LIT("host"), SLICE_LIT("hosts")));
    assert_false(slice_equal_nocase(SLICE_LIT("@"), SLICE_LIT("`")));
    assert_false(slice_equal_nocase(SLICE_LIT("\xc3\x84"), SLICE_LIT("\xc3\xa4")));
    assert_true(slice_starts_nocase(SLICE_LIT("Date: x"), SLICE_LIT("date:")));
    assert_false(slice_starts_nocase(SLICE_LIT("Dat"), SLICE_LIT("date:")));
    assert_true(slice_starts_nocase(SLICE_NONE, SLICE_LIT("")));
}

static void
only_the_named_bytes_are_removed_from_both_ends(void **state)
{
    (void)state;
    assert_true(slice_equal(slice_trim(SLICE_LIT(" \t a b\t"), SLICE_LIT(" \t")),
                            SLICE_LIT("a b")));
    assert_true(slice_equal(slice_trim(SLICE_LIT(" a\r\n"), SLICE_LIT(" \t")),
                            SLICE_LIT("a\r\n")));
    assert_true(slice_equal(slice_trim(SLICE_LIT(" a\r\n"), SLICE_LIT(" \r\n")),
                            SLICE_LIT("a")));
    assert_int_equal(slice_trim(SLICE_LIT(" \t "), SLICE_LIT(" \t")).len, 0);
    assert_int_equal(slice_trim(SLICE_NONE, SLICE_LIT(" \t")).len, 0);
    assert_int_equal(slice_trim(SLICE_LIT("\0a\0"), SLICE_LIT(" ")).len, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_of_ascii_are_equal_in_both_cases),
        cmocka_unit_test(only_the_named_bytes_are_removed_from_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
