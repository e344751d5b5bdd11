#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/gaps.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

static struct gaps_texts texts;

static void
note(struct gaps *gaps, usec from, usec to, const char *reason, bool is_recovered)
{
    const struct source_gap gap = {from, to, reason, is_recovered};
    gaps_note(gaps, &gap);
}

// Through the fields, as by way of Redis, in reverse order.
static void
restore(const struct gaps *gaps, struct gaps *ret_gaps)
{
    gaps_init(ret_gaps);
    for (size_t i = gaps_fields(gaps, &texts); i-- > 0;) {
        gaps_restore(ret_gaps, texts.fields[i].name, texts.values[i]);
    }
}

static void
a_ledger_is_restored_and_continued(void **state)
{
    (void)state;
    struct gaps gaps;
    struct gaps later;
    gaps_init(&gaps);
    note(&gaps, T0, USEC_NONE, "http_503", false);
    note(&gaps, T0, T0 + 5 * USEC_PER_S, "http_503", false);
    note(&gaps, T0 + 10 * USEC_PER_S, T0 + 11 * USEC_PER_S, "stalled", true);
    restore(&gaps, &later);
    assert_int_equal(later.count, 2);
    assert_int_equal(later.missing_until, T0 + 5 * USEC_PER_S);
    assert_false(gaps_is_open(&later));
    note(&later, T0 + 20 * USEC_PER_S, T0 + 21 * USEC_PER_S, "restart", false);
    assert_int_equal(gaps_fields(&later, &texts), 3);
    assert_string_equal(texts.names[0], "1");
    assert_string_equal(texts.names[2], "3");
    assert_string_equal(texts.values[1],
                        "{\"from\":\"2023-11-14T22:13:30.000Z\",\"to\":"
                        "\"2023-11-14T22:13:31.000Z\",\"reason\":\"stalled\","
                        "\"recovered\":true}");
}

static void
an_open_gap_of_an_earlier_run_ends_with_the_next(void **state)
{
    (void)state;
    struct gaps gaps;
    struct gaps later;
    gaps_init(&gaps);
    note(&gaps, T0, USEC_NONE, "closed_1006", false);
    restore(&gaps, &later);
    assert_true(gaps_is_open(&later));
    gaps_settle(&later, T0 + USEC_PER_HOUR);
    assert_false(gaps_is_open(&later));
    assert_int_equal(later.missing_until, T0 + USEC_PER_HOUR);
    gaps_settle(&later, T0 + 2 * USEC_PER_HOUR);
    assert_int_equal(later.missing_until, T0 + USEC_PER_HOUR);
}

static void
only_the_newest_gaps_are_kept_across_restarts(void **state)
{
    (void)state;
    struct gaps gaps;
    struct gaps later;
    gaps_init(&gaps);
    for (int i = 0; i < GAPS_MAX + 7; i++) {
        note(&gaps, T0 + i * USEC_PER_S, T0 + i * USEC_PER_S + 1, "stalled", true);
    }
    restore(&gaps, &later);
    assert_int_equal(later.count, GAPS_MAX + 7);
    assert_int_equal(gaps_fields(&later, &texts), GAPS_MAX);
    assert_string_equal(texts.names[0], "8");
}

static void
what_is_no_gap_is_left_out(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "null",
        "{\"from\":\"yesterday\",\"to\":null,\"reason\":\"x\",\"recovered\":false}",
        "{\"from\":\"2023-11-14T22:13:30.000Z\",\"to\":\"soon\",\"reason\":\"x\"}",
    };
    struct gaps gaps;
    gaps_init(&gaps);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        gaps_restore(&gaps, SLICE_LIT("1"), wrong[i]);
    }
    const char *right = "{\"from\":\"2023-11-14T22:13:30.000Z\",\"to\":null,"
                        "\"reason\":\"x\",\"recovered\":false}";
    gaps_restore(&gaps, SLICE_LIT("0"), right);
    gaps_restore(&gaps, SLICE_LIT("99999999999999999999"), right);
    gaps_restore(&gaps, SLICE_LIT("x"), right);
    assert_int_equal(gaps.count, 0);
    gaps_restore(&gaps, SLICE_LIT("5"), right);
    assert_int_equal(gaps_fields(&gaps, &texts), 1);
    assert_string_equal(texts.names[0], "5");
}

static void
an_open_gap_of_an_earlier_run_keeps_its_start(void **state)
{
    (void)state;
    struct gaps gaps;
    struct gaps later;
    gaps_init(&gaps);
    note(&gaps, T0, USEC_NONE, "closed", false);
    restore(&gaps, &later);
    usec restart = T0 + USEC_PER_MIN;
    note(&later, restart, USEC_NONE, "restart", false);
    note(&later, restart, restart + USEC_PER_S, "restart", true);
    assert_int_equal(gaps_fields(&later, &texts), 1);
    assert_string_equal(texts.values[0],
                        "{\"from\":\"2023-11-14T22:13:20.000Z\",\"to\":"
                        "\"2023-11-14T22:14:21.000Z\",\"reason\":\"restart\","
                        "\"recovered\":true}");
    assert_true(later.missing_until == USEC_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_gap_of_an_earlier_run_keeps_its_start),
        cmocka_unit_test(a_ledger_is_restored_and_continued),
        cmocka_unit_test(an_open_gap_of_an_earlier_run_ends_with_the_next),
        cmocka_unit_test(only_the_newest_gaps_are_kept_across_restarts),
        cmocka_unit_test(what_is_no_gap_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
