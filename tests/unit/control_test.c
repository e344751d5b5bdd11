#include "base/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static size_t
length_of(uint32_t code, size_t *ret_len)
{
    char text[4];
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i > 1; i--) {
        text[i - 1] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    text[0] = (char)(first[len] | code);
    *ret_len = len;
    return control_length((struct slice){text, len});
}

static void
exactly_what_steers_is_found(void **state)
{
    (void)state;
    static const struct {
        uint32_t first;
        uint32_t last;
    } steers[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},
                  {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    for (uint32_t code = 0; code < 0x11000; code++) {
        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }
        bool is_one = false;
        for (size_t i = 0; i < sizeof(steers) / sizeof(steers[0]); i++) {
            is_one |= code >= steers[i].first && code <= steers[i].last;
        }
        size_t len;
        if (length_of(code, &len) != (is_one ? len : 0)) {
            fail_msg("U+%04X", (unsigned)code);
        }
    }
}

static void
what_is_cut_off_is_none(void **state)
{
    (void)state;
    assert_int_equal(control_length(SLICE_LIT("")), 0);
    assert_int_equal(control_length(SLICE_LIT("\xc2")), 0);
    assert_int_equal(control_length(SLICE_LIT("\xd8")), 0);
    assert_int_equal(control_length(SLICE_LIT("\xe2\x80")), 0);
    assert_int_equal(control_length(SLICE_LIT("a\n")), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_what_steers_is_found),
        cmocka_unit_test(what_is_cut_off_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
