#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

static usec now;

static usec
read_now(void)
{
    return now;
}

// 2026-11-30T10:00:00.250Z
static usec
read_system(void)
{
    return 1796032800250 * USEC_PER_MS;
}

static void
set_up(enum log_level threshold, enum log_form form, bool has_journal)
{
    log_setup(&(struct log_setup){
        .threshold = threshold,
        .form = form,
        .has_journal = has_journal,
        .monotonic = read_now,
        .system = read_system,
    });
    now = USEC_PER_DAY;
}

static void
log_lines_carry_the_programs_name(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    capture_begin();
    log_error("test", "cannot open %s: %d", "x.conf", 2);
    log_info("test", "ready");
    assert_string_equal(capture_end(),
                        "cascaded: cannot open x.conf: 2\ncascaded: ready\n");
}

static void
log_lines_carry_the_level_for_a_journal(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, true);
    capture_begin();
    log_error("test", "a");
    log_warn("test", "b");
    log_info("test", "c");
    assert_string_equal(capture_end(), "<3>a\n<4>b\n<6>c\n");
}

static void
log_writes_nothing_below_its_threshold(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_WARN, LOG_TEXT, true);
    capture_begin();
    log_warn("test", "b");
    log_info("test", "c");
    assert_string_equal(capture_end(), "<4>b\n");
    assert_true(log_wants(LOG_LEVEL_ERROR));
    assert_true(log_wants(LOG_LEVEL_WARN));
    assert_false(log_wants(LOG_LEVEL_INFO));
}

static void
log_escapes_control_characters_but_tab(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, true);
    capture_begin();
    log_info("test", "%s", "a\n<3>b\r\x1b[31m\tc\x7f\x01");
    assert_string_equal(capture_end(), "<6>a\\x0a<3>b\\x0d\\x1b[31m\tc\\x7f\\x01\n");
}

static void
log_escapes_the_control_characters_of_unicode_and_nothing_else(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, true);
    capture_begin();
    log_info("test", "%s",
             "\xc2\x9b"
             "31m \xc2\xa0 caf\xc3\xa9 \xf0\x9f\x8d\xb5");
    assert_string_equal(capture_end(), "<6>\\xc2\\x9b"
                                       "31m \xc2\xa0 caf\xc3\xa9 "
                                       "\xf0\x9f\x8d\xb5\n");
}

static void
log_escapes_bytes_that_are_no_character(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, true);
    capture_begin();
    log_info("test", "%s",
             "\x9b"
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
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    capture_begin();
    log_info("test", "%s", text);
    log_info("test", "next");
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
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    (void)close(STDERR_FILENO);
    errno = ENOENT;
    log_error("test", "nobody hears this");
    int after = errno;
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    assert_int_equal(after, ENOENT);
}

static void
log_fields_follow_the_sentence(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_FIELDS, false);
    capture_begin();
    log_info("started", "started: %d sources", 2);
    log_warn_of("source_state", "source", "x", "live");
    log_warn_of("source_state", "source", "my \"x\" \\ \x1b event=y", "live");
    log_warn_of("source_state", "source", "", "live");
    assert_string_equal(
        capture_end(),
        "cascaded: started: 2 sources event=started\n"
        "cascaded: live event=source_state source=x\n"
        "cascaded: live event=source_state source=\"my \\\"x\\\" \\\\ \\\\x1b "
        "event=y\"\n"
        "cascaded: live event=source_state source=\"\"\n");
}

static void
log_in_json_is_one_object_a_line(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_JSON, false);
    capture_begin();
    log_warn_of("file_failed", "file", "a \"b\".json", "cannot read\t%s", "\\ \n\xff");
    const char *text = capture_end();
    assert_string_equal(text, "{\"time\":\"2026-11-30T10:00:00.250Z\",\"level\":"
                              "\"warning\",\"event\":\"file_failed\",\"file\":"
                              "\"a \\\"b\\\".json\",\"message\":\"cannot read\\t"
                              "\\\\ \\\\x0a\\\\xff\"}\n");
}

static void
log_in_json_carries_the_level_for_a_journal(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_JSON, true);
    capture_begin();
    log_error("a", "b");
    assert_string_equal(capture_end(),
                        "<3>{\"time\":\"2026-11-30T10:00:00.250Z\",\"level\":"
                        "\"error\",\"event\":\"a\",\"message\":\"b\"}\n");
}

static void
log_counts_repetitions_within_10_s(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_FIELDS, false);
    capture_begin();
    for (int i = 0; i < 5; i++) {
        log_warn("late", "late by %d s", i);
        now += USEC_PER_S;
    }
    now += 5 * USEC_PER_S;
    log_warn("late", "late by 9 s");
    log_warn("late", "late by 10 s");
    now += LOG_SAME - 1;
    log_settle(false);
    now++;
    log_settle(false);
    log_settle(true);
    assert_string_equal(capture_end(), "cascaded: late by 0 s event=late\n"
                                       "cascaded: late by 9 s event=late repeated=4\n"
                                       "cascaded: late by 10 s event=late\n");
}

static void
log_counts_repetitions_that_nothing_follows(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    capture_begin();
    log_error_of("e", "file", "f", "no");
    log_error_of("e", "file", "f", "no");
    log_error_of("e", "file", "f", "no");
    log_settle(true);
    assert_string_equal(capture_end(),
                        "cascaded: no\ncascaded: no (and 1 like it not shown)\n");
}

static void
log_writes_what_differs_and_all_information(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    capture_begin();
    log_warn_of("e", "file", "1", "no");
    log_warn_of("e", "file", "2", "no");
    log_warn_of("f", "file", "2", "no");
    log_warn_of("f", "file", "2", "nor");
    log_info("g", "yes");
    log_info("g", "yes");
    log_settle(true);
    assert_string_equal(capture_end(),
                        "cascaded: no\ncascaded: no\ncascaded: no\ncascaded: nor\n"
                        "cascaded: yes\ncascaded: yes\n");
}

static void
log_reports_the_count_of_a_line_that_many_others_push_out(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    capture_begin();
    log_warn("e", "first");
    log_warn("e", "first");
    log_warn("e", "first");
    for (int i = 0; i < 64; i++) {
        char file[2] = {(char)('0' + i), '\0'};
        now++;
        log_warn_of("e", "file", file, "no");
    }
    const char *text = capture_end();
    assert_non_null(strstr(text, "cascaded: first (and 1 like it not shown)\n"));
}

static void
log_now_writes_the_same_lines(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_ERROR, LOG_FIELDS, true);
    capture_begin();
    log_now(LOG_LEVEL_WARN, LOG_EVENT("late"), "a %s");
    assert_string_equal(capture_end(), "<4>a %s event=late\n");
}

// As on a full disk: a file can grow to that size.
static void
limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
log_reports_how_many_lines_could_not_be_written(void **state)
{
    (void)state;
    set_up(LOG_LEVEL_INFO, LOG_TEXT, false);
    signal(SIGXFSZ, SIG_IGN);
    capture_begin();
    log_info("one", "one");
    limit_files(20);
    log_info("two", "two is cut");
    log_info("three", "three");
    limit_files(RLIM_INFINITY);
    log_info("four", "four");
    log_info("five", "five");
    assert_string_equal(
        capture_end(), "cascaded: one\ncascad\n"
                       "cascaded: 2 log messages before this one could not be written\n"
                       "cascaded: four\ncascaded: five\n");
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
        cmocka_unit_test(log_fields_follow_the_sentence),
        cmocka_unit_test(log_in_json_is_one_object_a_line),
        cmocka_unit_test(log_in_json_carries_the_level_for_a_journal),
        cmocka_unit_test(log_counts_repetitions_within_10_s),
        cmocka_unit_test(log_counts_repetitions_that_nothing_follows),
        cmocka_unit_test(log_writes_what_differs_and_all_information),
        cmocka_unit_test(log_reports_the_count_of_a_line_that_many_others_push_out),
        cmocka_unit_test(log_now_writes_the_same_lines),
        cmocka_unit_test(log_reports_how_many_lines_could_not_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
