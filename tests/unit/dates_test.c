#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/dates.h"
#include "tests/unit/made.h"

#define T0 ((usec)1772442000 * USEC_PER_S)
#define FAR_AWAY (200 * USEC_PER_DAY)
#define S USEC_PER_S

// After many posts, the last of them at T0: a date, and those behind it every 20 s.
static struct dates_case
make(usec first, size_t behind, uint64_t authors)
{
    struct dates_case dates = {.clock = T0, .before = 1000, .count = behind + 1};
    dates.seen[0] = (struct date){first, 99};
    for (size_t i = 1; i <= behind; i++) {
        dates.seen[i] = (struct date){T0 + (usec)i * 20 * S, i % authors};
    }
    return dates;
}

// The same where time goes on behind the date.
static struct dates_case
make_gap(usec first, size_t behind, uint64_t authors)
{
    struct dates_case dates = make(first, behind, authors);
    for (size_t i = 1; i <= behind; i++) {
        dates.seen[i].time += first - T0;
    }
    return dates;
}

static void
one_date_that_is_wrong_is_refused_whoever_wrote_what_follows(void **state)
{
    (void)state;
    static const usec leaps[] = {61 * S * 16, USEC_PER_HOUR, FAR_AWAY};
    for (size_t i = 0; i < 3; i++) {
        for (uint64_t authors = 1; authors < 20; authors++) {
            struct dates_case dates = make(T0 + leaps[i], 15, authors);
            assert_int_equal(dates_judge(&dates), DATES_REFUSED);
            assert_true(dates_instead(&dates) == T0);
        }
    }
}

static void
a_gap_is_believed_with_the_eighth_post_of_three_authors(void **state)
{
    (void)state;
    struct dates_case dates = make_gap(T0 + FAR_AWAY, 6, 5);
    assert_int_equal(dates_judge(&dates), DATES_OPEN);
    dates = make_gap(T0 + FAR_AWAY, 7, 5);
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates = make_gap(T0 + FAR_AWAY, 14, 1);
    assert_int_equal(dates_judge(&dates), DATES_OPEN);
    dates = make_gap(T0 + FAR_AWAY, 15, 1); // one person's archive
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
}

static void
an_author_of_many_wrong_dates_convinces_nobody(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + FAR_AWAY, 15, 7);
    for (size_t i = 1; i < 10; i++) {
        dates.seen[i] = (struct date){T0 + FAR_AWAY + (usec)i * S, 99};
    }
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
}

static void
the_first_date_of_all_is_judged_and_counts_with_those_behind_it(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + FAR_AWAY, 15, 7);
    dates.clock = 0;
    dates.before = 0;
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
    assert_true(dates_instead(&dates) == T0 + 20 * S);
    dates = make_gap(T0, 15, 7);
    dates.clock = 0;
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
}

static void
what_is_not_in_order_is_believed(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + FAR_AWAY, 15, 7);
    static const usec paces[] = {USEC_PER_HOUR, 51 * S, 10 * S};
    for (size_t pace = 0; pace < 3; pace++) { // newest first
        for (size_t i = 0; i < DATES_LOOK; i++) {
            dates.seen[i].time = T0 + FAR_AWAY - (usec)i * paces[pace];
        }
        assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    }
    for (size_t i = 0; i < DATES_LOOK; i++) { // three sources, one ahead
        dates.seen[i].time = T0 + (usec)i * S + (i % 3 == 0 ? USEC_PER_HOUR : 0);
    }
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
}

static void
a_short_leap_is_refused_only_where_everything_else_is_in_order(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + DATES_SHORT, 15, 7);
    dates.backward = 1000 / DATES_TIDY;
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
    dates.backward++;
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates.seen[0].time++;
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
    dates = make(T0 + DATES_SHORT, 15, 7);
    dates.seen[9].time -= 10 * USEC_PER_MIN;
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates = make(T0 + DATES_SHORT, 15, 7);
    dates.before = DATES_TIDY - 1;
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
}

static void
at_the_end_a_leap_is_believed_unless_it_is_like_no_other(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + USEC_PER_DAY, 0, 1);
    assert_int_equal(dates_judge(&dates), DATES_OPEN);
    dates.is_last = true;
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates = make(T0 + DATES_FAR + 1, 0, 1);
    dates.is_last = true;
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
    dates.leapt = DATES_FAR / 8 + 1; // such gaps are usual there
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates.leapt = 0;
    dates.before = DATES_LOOK - 1; // nothing is known of it
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates = make(T0 + USEC_PER_DAY, 2, 7); // one of three
    dates.is_last = true;
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
    dates.before = 0; // two are not enough against it then
    assert_int_equal(dates_judge(&dates), DATES_BELIEVED);
    dates = make(T0 + USEC_PER_DAY, 3, 7);
    dates.is_last = true;
    dates.before = 0;
    assert_int_equal(dates_judge(&dates), DATES_REFUSED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_date_that_is_wrong_is_refused_whoever_wrote_what_follows),
        cmocka_unit_test(a_gap_is_believed_with_the_eighth_post_of_three_authors),
        cmocka_unit_test(an_author_of_many_wrong_dates_convinces_nobody),
        cmocka_unit_test(
            the_first_date_of_all_is_judged_and_counts_with_those_behind_it),
        cmocka_unit_test(what_is_not_in_order_is_believed),
        cmocka_unit_test(
            a_short_leap_is_refused_only_where_everything_else_is_in_order),
        cmocka_unit_test(at_the_end_a_leap_is_believed_unless_it_is_like_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
