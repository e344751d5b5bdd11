#include "base/usec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

typedef enum status (*parse_fn)(struct slice text, int64_t *ret_value);

static void
assert_reads(parse_fn parse, const char *text, int64_t expected)
{
    int64_t value = -77;
    enum status status = parse(slice_of(text), &value);
    if (status != STATUS_OK || value != expected) {
        fail_msg("\"%s\" is %s, %lld instead of %lld", text, status_name(status),
                 (long long)value, (long long)expected);
    }
}

// Also: the result is untouched.
static void
assert_refuses(parse_fn parse, const char *text, enum status expected)
{
    int64_t value = -77;
    enum status status = parse(slice_of(text), &value);
    if (status != expected || value != -77) {
        fail_msg("\"%s\" is %s, %lld", text, status_name(status), (long long)value);
    }
}

static const usec NOON = 1790596800 * USEC_PER_S; // 2026-09-28T12:00:00Z

static void
usec_reads_rfc3339_in_every_shape_networks_use(void **state)
{
    (void)state;
    parse_fn parse = usec_parse_rfc3339;
    assert_reads(parse, "2026-09-28T12:00:00Z", NOON);
    assert_reads(parse, "2026-09-28t12:00:00z", NOON);
    assert_reads(parse, "2026-09-28 12:00:00+00:00", NOON);
    assert_reads(parse, "2026-09-28T06:30:00-05:30", NOON);
    assert_reads(parse, "2026-09-28T06:30:00-0530", NOON);
    assert_reads(parse, "2026-09-29T01:00:00+13:00", NOON);
    assert_reads(parse, "2026-09-28T12:00:00.1Z", NOON + 100000);
    assert_reads(parse, "2026-09-28T12:00:00.123Z", NOON + 123000);
    assert_reads(parse, "2026-09-28T12:00:00.123456Z", NOON + 123456);
    assert_reads(parse, "2026-09-28T12:00:00.123456999999Z", NOON + 123456);
    assert_reads(parse, "2016-12-31T23:59:60Z", 1483228800 * USEC_PER_S - 1);
    assert_reads(parse, "2016-12-31T23:59:60.5Z", 1483228800 * USEC_PER_S - 1);
    assert_reads(parse, "1970-01-01T00:00:00Z", 0);
    assert_reads(parse, "1969-12-31T23:59:59.999999Z", -1);
    assert_reads(parse, "0001-01-01T00:00:00Z", -62135596800 * USEC_PER_S);
    assert_reads(parse, "9999-12-31T23:59:59Z", 253402300799 * USEC_PER_S);
    assert_reads(parse, "2024-02-29T00:00:00Z", 1709164800 * USEC_PER_S);
    assert_reads(parse, "2000-02-29T00:00:00Z", 951782400 * USEC_PER_S);
}

static void
usec_reads_the_three_forms_of_http_dates(void **state)
{
    (void)state;
    parse_fn parse = usec_parse_http_date;
    static const usec time = 784111777 * USEC_PER_S;
    assert_reads(parse, "Sun, 06 Nov 1994 08:49:37 GMT", time);
    assert_reads(parse, "Sunday, 06-Nov-94 08:49:37 GMT", time);
    assert_reads(parse, "Sun Nov  6 08:49:37 1994", time);
    assert_reads(parse, "Mon Sep 28 12:00:00 2026", NOON);
    assert_reads(parse, "Mon, 28 Sep 2026 12:00:00 UTC", NOON);
    assert_reads(parse, "Monday, 28-Sep-26 12:00:00 GMT", NOON);
    static const char *const texts[] = {
        "",
        "Sun",
        "Sun,",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06-Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Su, 06 Nov 1994 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "120",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refuses(parse, texts[i], STATUS_PARSE);
    }
    assert_refuses(parse, "Sun, 31 Nov 1994 08:49:37 GMT", STATUS_RANGE);
    assert_refuses(parse, "Sun, 06 Nov 1994 24:00:00 GMT", STATUS_RANGE);
}

static void
usec_refuses_rfc3339_that_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026",
        "2026-09-28",
        "2026-09-28T12:00:00",
        "2026-09-28T12:00:00.Z",
        "2026-09-28T12:00Z",
        "2026-09-28T12:00:00ZZ",
        "2026-09-28T12:00:00Z ",
        " 2026-09-28T12:00:00Z",
        "2026-9-28T12:00:00Z",
        "2026-09-28T12:00:00+",
        "2026-09-28T12:00:00+0",
        "2026-09-28T12:00:00+00",
        "2026-09-28T12:00:00+00:",
        "2026-09-28T12:00:00+00:0",
        "2026-09-28T12:00:00 0000",
        "2026/09/28T12:00:00Z",
        "20260928T120000Z",
        "-026-09-28T12:00:00Z",
        "2026-+9-28T12:00:00Z",
        "2026-09-28_12:00:00Z",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refuses(usec_parse_rfc3339, texts[i], STATUS_PARSE);
    }
    usec time;
    assert_int_equal(usec_parse_rfc3339(SLICE_NONE, &time), STATUS_PARSE);
    struct slice nul = SLICE_LIT("2026-09-28\0"
                                 "12:00:00Z");
    assert_int_equal(usec_parse_rfc3339(nul, &time), STATUS_PARSE);
}

static void
usec_refuses_a_date_that_does_not_exist(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0000-01-01T00:00:00Z",      "2026-00-10T00:00:00Z",
        "2026-13-10T00:00:00Z",      "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",      "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z",      "1900-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z",      "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",      "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00-00:60", "9999-12-31T23:59:59-00:01",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refuses(usec_parse_rfc3339, texts[i], STATUS_RANGE);
    }
}

static void
usec_never_reads_past_the_end_of_the_text(void **state)
{
    (void)state;
    static const char rfc[] = "2026-11-22T20:49:00.123+00:00";
    static const char x1[] = "Wed Oct 10 20:19:24 +0000 2018";
    for (size_t len = 0; len < sizeof(rfc) - 1; len++) {
        char *exact = malloc(len + (len == 0));
        assert_non_null(exact);
        memcpy(exact, rfc, len);
        usec time;
        assert_int_equal(usec_parse_rfc3339((struct slice){exact, len}, &time),
                         STATUS_PARSE);
        memcpy(exact, x1, len);
        assert_int_equal(usec_parse_x1((struct slice){exact, len}, &time),
                         STATUS_PARSE);
        free(exact);
    }
}

static void
usec_reads_the_form_of_x(void **state)
{
    (void)state;
    parse_fn parse = usec_parse_x1;
    assert_reads(parse, "Wed Oct 10 20:19:24 +0000 2018", 1539202764 * USEC_PER_S);
    assert_reads(parse, "Wed Oct 10 15:19:24 -0500 2018", 1539202764 * USEC_PER_S);
    assert_reads(parse, "Thu Jan 01 00:00:00 +0000 1970", 0);
    assert_reads(parse, "Sun Dec 31 23:59:60 +0000 2016", 1483228800 * USEC_PER_S - 1);
    assert_refuses(parse, "", STATUS_PARSE);
    assert_refuses(parse, "Wes Oct 10 20:19:24 +0000 2018", STATUS_PARSE);
    assert_refuses(parse, "Wed oct 10 20:19:24 +0000 2018", STATUS_PARSE);
    assert_refuses(parse, "Wed Oct 1 20:19:24 +0000 2018", STATUS_PARSE);
    assert_refuses(parse, "Wed Oct 10 20:19:24 2018", STATUS_PARSE);
    assert_refuses(parse, "Wed Oct 10 20:19:24 Z 2018", STATUS_PARSE);
    assert_refuses(parse, "Wed Oct 10 20:19:24 +0000 20180", STATUS_PARSE);
    assert_refuses(parse, "Wed Feb 30 20:19:24 +0000 2018", STATUS_RANGE);
    assert_refuses(parse, "Wed Oct 10 25:19:24 +0000 2018", STATUS_RANGE);
}

static void
usec_reads_durations(void **state)
{
    (void)state;
    parse_fn parse = usec_parse_duration;
    assert_reads(parse, "250ms", 250 * USEC_PER_MS);
    assert_reads(parse, "5s", 5 * USEC_PER_S);
    assert_reads(parse, "90m", 90 * USEC_PER_MIN);
    assert_reads(parse, "24h", USEC_PER_DAY);
    assert_reads(parse, "7d", 7 * USEC_PER_DAY);
    assert_reads(parse, "0s", 0);
    assert_reads(parse, "007s", 7 * USEC_PER_S);
    assert_reads(parse, "36500d", 36500 * USEC_PER_DAY);
    assert_refuses(parse, "36501d", STATUS_RANGE);
    assert_refuses(parse, "3153600001s", STATUS_RANGE);
    assert_refuses(parse, "99999999999999999999999999ms", STATUS_RANGE);
    static const char *const malformed[] = {
        "",    "5",  "s",    "-5s", "+5s",  "5 s",   " 5s",
        "5s ", "5S", "1.5s", "5us", "5min", "1h30m",
    };
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        assert_refuses(parse, malformed[i], STATUS_PARSE);
    }
}

static void
usec_writes_the_shortest_duration(void **state)
{
    (void)state;
    char text[USEC_TEXT_MAX];
    assert_string_equal(usec_format_duration(0, text), "0s");
    assert_string_equal(usec_format_duration(USEC_PER_HOUR, text), "1h");
    assert_string_equal(usec_format_duration(USEC_PER_DAY, text), "1d");
    assert_string_equal(usec_format_duration(90 * USEC_PER_MIN, text), "90m");
    assert_string_equal(usec_format_duration(61 * USEC_PER_S, text), "61s");
    assert_string_equal(usec_format_duration(1500 * USEC_PER_MS, text), "1500ms");
    assert_string_equal(usec_format_duration(USEC_PER_S + 999, text), "1000ms");
    assert_string_equal(usec_format_duration(999, text), "0ms");
    srand(3);
    for (int i = 0; i < 10000; i++) {
        usec span = (usec)rand() % 100000 * (i % 2 != 0 ? USEC_PER_MS : USEC_PER_MIN);
        assert_reads(usec_parse_duration, usec_format_duration(span, text), span);
    }
}

static void
usec_writes_rfc3339_rounded_down(void **state)
{
    (void)state;
    char text[USEC_TEXT_MAX];
    assert_string_equal(usec_format_rfc3339(NOON + 123999, text),
                        "2026-09-28T12:00:00.123Z");
    assert_string_equal(usec_format_rfc3339(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(usec_format_rfc3339(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(usec_format_rfc3339(INT64_MAX, text),
                        "9999-12-31T23:59:59.999Z");
    assert_string_equal(usec_format_rfc3339(USEC_NONE, text),
                        "0000-01-01T00:00:00.000Z");
}

static void
assert_day_as_in_libc(int64_t day)
{
    time_t seconds = (time_t)(day * 86400 + 45296);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    char expected[USEC_TEXT_MAX * 3];
    (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT12:34:56.000Z",
                   tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    char text[USEC_TEXT_MAX];
    assert_string_equal(usec_format_rfc3339(seconds * USEC_PER_S, text), expected);
    if (tm.tm_year + 1900 > 0) {
        assert_reads(usec_parse_rfc3339, text, seconds * USEC_PER_S);
    }
}

static void
usec_agrees_with_libc_on_every_day_of_ten_millennia(void **state)
{
    (void)state;
    for (int64_t day = -719528; day <= 2932896; day += 3) {
        assert_day_as_in_libc(day);
    }
    for (int64_t day = -800; day <= 24000; day++) {
        assert_day_as_in_libc(day);
    }
}

static void
usec_floor_div_rounds_down_below_zero_too(void **state)
{
    (void)state;
    assert_int_equal(usec_floor_div(7, 3), 2);
    assert_int_equal(usec_floor_div(-1, 3), -1);
    assert_int_equal(usec_floor_div(-3, 3), -1);
    assert_int_equal(usec_floor_div(-4, 3), -2);
    assert_int_equal(usec_floor_div(0, 3), 0);
    assert_int_equal(usec_floor_div(INT64_MIN, 1), INT64_MIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usec_reads_rfc3339_in_every_shape_networks_use),
        cmocka_unit_test(usec_reads_the_three_forms_of_http_dates),
        cmocka_unit_test(usec_refuses_rfc3339_that_is_malformed),
        cmocka_unit_test(usec_refuses_a_date_that_does_not_exist),
        cmocka_unit_test(usec_never_reads_past_the_end_of_the_text),
        cmocka_unit_test(usec_reads_the_form_of_x),
        cmocka_unit_test(usec_reads_durations),
        cmocka_unit_test(usec_writes_the_shortest_duration),
        cmocka_unit_test(usec_writes_rfc3339_rounded_down),
        cmocka_unit_test(usec_agrees_with_libc_on_every_day_of_ten_millennia),
        cmocka_unit_test(usec_floor_div_rounds_down_below_zero_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
