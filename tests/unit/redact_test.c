#include "base/redact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
addresses_are_left_out_however_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "redis://u:pw@host", "redis:/u:pw@host",        "u:pw@host",       ":pw@",
        "https://h/?key=pw", "redis.url:redis://:pw@h", "unix://:pw@host", "wss://h/ x",
        "a b :c d@e",
    };
    char shown[REDACT_MAX];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(redact(slice_of(texts[i]), shown), "(an address)");
    }
}

static void
everything_else_is_repeated(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "5m,1h", "12:30", "cascaded@one.conf", "/run/redis@1.sock", "@ann"};
    char shown[REDACT_MAX];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(redact(slice_of(texts[i]), shown), texts[i]);
    }
    char text[2 * REDACT_MAX];
    memset(text, 'x', sizeof(text));
    assert_int_equal(strlen(redact((struct slice){text, sizeof(text)}, shown)),
                     REDACT_MAX - 1);
}

static void
a_path_is_repeated_only_if_there_is_such_a_file(void **state)
{
    (void)state;
    char shown[REDACT_MAX];
    assert_string_equal(redact_path("/a/file", EACCES, shown), "/a/file");
    assert_string_equal(redact_path("/a", EISDIR, shown), "/a");
    assert_string_equal(redact_path("pw", ENOENT, shown), "that file");
    assert_string_equal(redact_path("/a/p/w", ENOTDIR, shown), "that file");
    assert_string_equal(redact_path("pw", ENAMETOOLONG, shown), "that file");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_left_out_however_malformed),
        cmocka_unit_test(everything_else_is_repeated),
        cmocka_unit_test(a_path_is_repeated_only_if_there_is_such_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
