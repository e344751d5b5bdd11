// What cascadectl lets through to a terminal, and how wide it is.
#include "ingest/text/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
assert_shown(struct slice text, size_t width, const char *expected, size_t columns)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    assert_int_equal(cell_put(&out, text, width), columns);
    buffer_append_byte(&out, '\0');
    assert_string_equal(buffer_text(&out).ptr, expected);
    buffer_fini(&out);
}

static void
plain_text_passes_as_it_is(void **state)
{
    (void)state;
    assert_shown(SLICE_LIT("hello @bob #tea"), 20, "hello @bob #tea", 15);
    assert_shown(SLICE_LIT("नमस्ते"), 20, "नमस्ते", 4);
    assert_shown(SLICE_NONE, 5, "", 0);
    assert_shown(SLICE_LIT("abc"), 0, "", 0);
}

static void
text_is_cut_by_display_width(void **state)
{
    (void)state;
    assert_shown(SLICE_LIT("abcdef"), 6, "abcdef", 6);
    assert_shown(SLICE_LIT("abcdefg"), 6, "abcde…", 6);
    assert_shown(SLICE_LIT("日本語"), 6, "日本語", 6);
    assert_shown(SLICE_LIT("日本語"), 5, "日本…", 5);
    assert_shown(SLICE_LIT("日本語"), 4, "日…", 3); // half a glyph is no glyph
    assert_shown(SLICE_LIT("ab"), 1, "…", 1);
}

static void
controls_never_get_through(void **state)
{
    (void)state;
    assert_shown(SLICE_LIT("a\x1b[31mb\x07"), 20, "a[31mb", 6);
    assert_shown(SLICE_LIT("a\x7f\xc2\x9b\xc2\x90z"), 20, "az", 2);
    assert_shown(SLICE_LIT("a\0b"), 20, "ab", 2);
}

static void
white_space_runs_become_one_space(void **state)
{
    (void)state;
    assert_shown(SLICE_LIT("\r\n a \t\n\xe2\x80\xa8 b"), 20, "a b", 3);
}

static void
characters_that_mislead_the_eye_are_dropped(void **state)
{
    (void)state;
    // U+202E, U+2066, U+200B, U+200D, U+FEFF, U+FE0F, U+E0041, U+00AD, U+3164, U+061C
    assert_shown(
        SLICE_LIT("a\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf"
                  "\xef\xb8\x8f\xf3\xa0\x81\x81\xc2\xad\xe3\x85\xa4\xd8\x9cz"),
        20, "az", 2);
}

static void
a_letter_keeps_at_most_two_marks(void **state)
{
    (void)state;
    assert_shown(SLICE_LIT("e\xcc\x81\xcc\x82\xcc\x83\xcc\x84x"), 20,
                 "e\xcc\x81\xcc\x82x", 2);
    assert_shown(SLICE_LIT("\xcc\x81x"), 20, "x", 1); // no letter to stand on
}

static void
bytes_that_are_no_utf8_become_replacements(void **state)
{
    (void)state;
    assert_shown(SLICE_LIT("\xff"), 20, "\xef\xbf\xbd", 1);
    assert_shown(SLICE_LIT("\xc0\xafz"), 20, "\xef\xbf\xbd\xef\xbf\xbdz", 3);
    assert_shown(SLICE_LIT("\xe2\x82"), 20, "\xef\xbf\xbd\xef\xbf\xbd", 2);
    assert_shown(SLICE_LIT("\xed\xa0\x80"), 20, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
                 3);
    assert_shown(SLICE_LIT("\xf4\x90\x80\x80"), 1, "…", 1);
}

// Whatever the bytes: the output is clean, cleaning it again changes nothing, and it is
// as wide as said.
static void
any_bytes_come_out_clean(void **state)
{
    (void)state;
    srand(20261122);
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t len = (size_t)rand() % sizeof bytes;
        size_t width = (size_t)rand() % 12;
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)((rand() % 2) != 0 ? rand() % 256 : 0xe0 + rand() % 4);
        }
        struct buffer once;
        struct buffer twice;
        buffer_init(&once, 4096);
        buffer_init(&twice, 4096);
        size_t columns = cell_put(&once, (struct slice){bytes, len}, width);
        assert_true(columns <= width);
        assert_int_equal(cell_put(&twice, buffer_text(&once), width), columns);
        assert_true(slice_equal(buffer_text(&once), buffer_text(&twice)));
        for (size_t i = 0; i < once.size; i++) {
            unsigned char byte = (unsigned char)once.bytes[i];
            assert_true(byte >= 0x20 && byte != 0x7f);
        }
        buffer_fini(&once);
        buffer_fini(&twice);
    }
}

static void
aligned_cells_fill_their_width(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 100);
    cell_put_aligned(&out, SLICE_LIT("日"), 4, CELL_LEFT);
    cell_put_aligned(&out, SLICE_LIT("7"), 3, CELL_RIGHT);
    cell_put_aligned(&out, SLICE_LIT("12345"), 3, CELL_RIGHT);
    assert_true(slice_equal(buffer_text(&out), SLICE_LIT("日    712…")));
    buffer_fini(&out);
}

static void
numbers_are_grouped_by_thousands(void **state)
{
    (void)state;
    char text[CELL_NUMBER_MAX];
    assert_true(slice_equal(cell_number(SLICE_LIT("7"), text), SLICE_LIT("7")));
    assert_true(slice_equal(cell_number(SLICE_LIT("123"), text), SLICE_LIT("123")));
    assert_true(
        slice_equal(cell_number(SLICE_LIT("1234567"), text), SLICE_LIT("1,234,567")));
    assert_true(slice_equal(cell_number(SLICE_LIT("1.5e9"), text), SLICE_LIT("1.5e9")));
    struct slice empty = cell_number(SLICE_LIT(""), text);
    assert_int_equal(empty.len, 0);
}

static int
setup(void **state)
{
    (void)state;
    return cell_init();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_passes_as_it_is),
        cmocka_unit_test(text_is_cut_by_display_width),
        cmocka_unit_test(controls_never_get_through),
        cmocka_unit_test(white_space_runs_become_one_space),
        cmocka_unit_test(characters_that_mislead_the_eye_are_dropped),
        cmocka_unit_test(a_letter_keeps_at_most_two_marks),
        cmocka_unit_test(bytes_that_are_no_utf8_become_replacements),
        cmocka_unit_test(any_bytes_come_out_clean),
        cmocka_unit_test(aligned_cells_fill_their_width),
        cmocka_unit_test(numbers_are_grouped_by_thousands),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
