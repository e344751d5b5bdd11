#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct {
    FILE *file; // stderr's stand-in
    int saved;
    char text[3 * 4 * LOG_TEXT_MAX];
} captured;

// Every test ends what it began before it asserts: cmocka itself speaks on stderr.
static void
capture_begin(void)
{
    captured.file = tmpfile();
    assert_non_null(captured.file);
    captured.saved = dup(STDERR_FILENO);
    assert_true(captured.saved >= 0);
    assert_int_equal(dup2(fileno(captured.file), STDERR_FILENO), STDERR_FILENO);
}

static const char *
capture_end(void)
{
    (void)dup2(captured.saved, STDERR_FILENO);
    (void)close(captured.saved);
    rewind(captured.file);
    size_t size = fread(captured.text, 1, sizeof(captured.text) - 1, captured.file);
    captured.text[size] = '\0';
    (void)fclose(captured.file);
    return captured.text;
}

static void
log_lines_carry_the_programs_name(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, false);
    capture_begin();
    log_error("cannot open %s: %d", "x.conf", 2);
    log_info("ready");
    assert_string_equal(capture_end(),
                        "cascaded: cannot open x.conf: 2\ncascaded: ready\n");
}

static void
log_lines_carry_the_level_for_a_journal(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_DEBUG, true);
    capture_begin();
    log_error("a");
    log_warn("b");
    log_info("c");
    log_debug("d");
    assert_string_equal(capture_end(), "<3>a\n<4>b\n<6>c\n<7>d\n");
}

static void
log_writes_nothing_below_its_threshold(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_WARN, true);
    capture_begin();
    log_warn("b");
    log_info("c");
    log_debug("d");
    assert_string_equal(capture_end(), "<4>b\n");
    assert_true(log_wants(LOG_LEVEL_ERROR));
    assert_true(log_wants(LOG_LEVEL_WARN));
    assert_false(log_wants(LOG_LEVEL_INFO));
}

static void
log_escapes_control_characters_but_tab(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, true);
    capture_begin();
    log_info("%s", "a\n<3>b\r\x1b[31m\tc\x7f\x01");
    assert_string_equal(capture_end(), "<6>a\\x0a<3>b\\x0d\\x1b[31m\tc\\x7f\\x01\n");
}

static void
log_escapes_the_control_characters_of_unicode_and_nothing_else(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, true);
    capture_begin();
    log_info("%s", "\xc2\x9b"
                   "31m \xc2\xa0 caf\xc3\xa9 \xf0\x9f\x8d\xb5");
    assert_string_equal(capture_end(), "<6>\\xc2\\x9b"
                                       "31m \xc2\xa0 caf\xc3\xa9 "
                                       "\xf0\x9f\x8d\xb5\n");
}

static void
log_escapes_bytes_that_are_no_character(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, true);
    capture_begin();
    log_info("%s", "\x9b"
                   "31m \xe2\x80 caf\xe9 \xed\xa0\x80 \xc0\x9b \xc2");
    assert_string_equal(capture_end(), "<6>\\x9b31m \\xe2\\x80 caf\\xe9 "
                                       "\\xed\\xa0\\x80 \\xc0\\x9b \\xc2\n");
}

static void
log_cuts_a_long_line(void **state)
{
    (void)state;
    static char text[2 * LOG_TEXT_MAX];
    memset(text, 1, sizeof(text) - 1);
    log_setup(LOG_LEVEL_INFO, false);
    capture_begin();
    log_info("%s", text);
    log_info("next");
    const char *written = capture_end();
    const char *end = strchr(written, '\n');
    assert_non_null(end);
    assert_int_equal(end - written, strlen("cascaded: ") + 4 * (size_t)LOG_TEXT_MAX);
    assert_string_equal(end, "\ncascaded: next\n");
}

static void
log_leaves_errno_as_it_was(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, false);
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    (void)close(STDERR_FILENO);
    errno = ENOENT;
    log_error("nobody hears this");
    int after = errno;
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    assert_int_equal(after, ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_lines_carry_the_programs_name),
        cmocka_unit_test(log_lines_carry_the_level_for_a_journal),
        cmocka_unit_test(log_writes_nothing_below_its_threshold),
        cmocka_unit_test(log_escapes_control_characters_but_tab),
        cmocka_unit_test(
            log_escapes_the_control_characters_of_unicode_and_nothing_else),
        cmocka_unit_test(log_escapes_bytes_that_are_no_character),
        cmocka_unit_test(log_cuts_a_long_line),
        cmocka_unit_test(log_leaves_errno_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
