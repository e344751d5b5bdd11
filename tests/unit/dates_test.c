#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/dates.h"
#include "tests/unit/made.h"

#define T0 ((usec)1772442000 * USEC_PER_S)
#define PACE (20 * USEC_PER_S)
#define FAR_AWAY (200 * USEC_PER_DAY)

static struct dates_recent recent;

// After many posts every 20 s, the last of them at T0: a date, and those behind it go on.
static struct dates_case
make(usec first, size_t behind, uint64_t authors)
{
    recent = (struct dates_recent){0};
    for (usec i = DATES_RECENT; i-- > 0;) {
        dates_remember(&recent, (struct date){T0 - i * PACE, (uint64_t)i % authors});
    }
    struct dates_case dates = {
        .clock = T0, .before = 1000, .recent = &recent, .count = behind + 1};
    dates.seen[0] = (struct date){first, 99};
    for (size_t i = 1; i <= behind; i++) {
        dates.seen[i] = (struct date){T0 + (usec)i * PACE, i % authors};
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

// The same before the first post of all.
static struct dates_case
make_first(usec first, size_t behind, uint64_t authors)
{
    struct dates_case dates = make(first, behind, authors);
    recent = (struct dates_recent){0};
    dates.clock = 0;
    dates.before = 0;
    return dates;
}

static void
assert_verdict(const struct dates_case *dates, enum dates_verdict verdict, usec time)
{
    usec found = 0;
    assert_int_equal(dates_judge(dates, &found), verdict);
    assert_true(found == time);
}

static void
one_wrong_date_is_contradicted_by_posts_of_any_author(void **state)
{
    (void)state;
    static const usec leaps[] = {5 * USEC_PER_MIN, USEC_PER_HOUR, FAR_AWAY};
    for (size_t i = 0; i < 3; i++) {
        for (uint64_t authors = 1; authors < 20; authors++) {
            struct dates_case dates = make(T0 + leaps[i], DATES_LOOK - 1, authors);
            assert_verdict(&dates, DATES_CONTRADICTED, T0);
        }
    }
}

static void
a_date_waits_for_all_posts_behind_it_or_the_end(void **state)
{
    (void)state;
    usec time;
    struct dates_case dates = make_gap(T0 + FAR_AWAY, DATES_LOOK - 2, 5);
    assert_int_equal(dates_judge(&dates, &time), DATES_OPEN);
    dates.is_last = true;
    assert_verdict(&dates, DATES_BELIEVED, T0 + FAR_AWAY);
    for (uint64_t authors = 1; authors < 5; authors++) {
        dates = make_gap(T0 + FAR_AWAY, DATES_LOOK - 1, authors);
        assert_verdict(&dates, DATES_BELIEVED, T0 + FAR_AWAY);
    }
}

static void
more_than_a_quarter_of_others_contradict_a_date(void **state)
{
    (void)state;
    // 31 are asked, the last of them dated as before: 7 are too few, 8 are enough.
    for (size_t between = 7; between <= 8; between++) {
        struct dates_case dates = make_gap(T0 + FAR_AWAY, DATES_LOOK - 1, 7);
        for (size_t i = DATES_LOOK - between; i < DATES_LOOK; i++) {
            dates.seen[i].time -= FAR_AWAY;
        }
        usec time;
        assert_int_equal(dates_judge(&dates, &time),
                         between == 7 ? DATES_BELIEVED : DATES_CONTRADICTED);
        for (size_t i = DATES_LOOK - between; i < DATES_LOOK; i++) {
            dates.seen[i].time = T0 - USEC_PER_MIN; // late ones do not matter
        }
        assert_int_equal(dates_judge(&dates, &time), DATES_BELIEVED);
    }
}

static void
an_author_of_many_wrong_dates_does_not_move_the_clock(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + FAR_AWAY, DATES_LOOK - 1, 7);
    for (size_t i = 1; i < DATES_LOOK - 3; i++) {
        dates.seen[i] = (struct date){T0 + FAR_AWAY + (usec)i * USEC_PER_S, 99};
    }
    assert_verdict(&dates, DATES_CONTRADICTED, T0);
    dates = make_gap(T0 + FAR_AWAY, DATES_LOOK - 2, 1);
    for (size_t i = 1; i < DATES_LOOK; i++) {
        dates.seen[i].author = 99;
    }
    dates.is_last = true;
    assert_verdict(&dates, DATES_UNCONFIRMED, T0);
    for (size_t i = 0; i < DATES_RECENT; i++) { // all of the recording is by one
        recent.rows[i].author = 99;
    }
    assert_verdict(&dates, DATES_BELIEVED, T0 + FAR_AWAY);
}

static void
the_first_date_of_all_counts_with_those_that_contradict_it(void **state)
{
    (void)state;
    struct dates_case dates = make_first(T0 + FAR_AWAY, DATES_LOOK - 1, 7);
    assert_verdict(&dates, DATES_CONTRADICTED, T0 + PACE);
    dates = make_first(T0, DATES_LOOK - 1, 7);
    assert_verdict(&dates, DATES_BELIEVED, T0);
}

static void
the_first_dates_of_all_are_too_old_below_a_step_like_no_other(void **state)
{
    (void)state;
    for (size_t old = 1; old <= DATES_FIRST + 1; old++) {
        struct dates_case dates = make_first(T0, DATES_LOOK - 1, 7);
        for (size_t i = 0; i < old; i++) {
            dates.seen[i].time -= DATES_FAR;
        }
        bool is_seen = old <= DATES_FIRST;
        usec right = dates.seen[old].time;
        assert_verdict(&dates, is_seen ? DATES_CONTRADICTED : DATES_BELIEVED,
                       is_seen ? right : dates.seen[0].time);
    }
    struct dates_case dates = make_first(T0 - DATES_FAR, DATES_LOOK - 1, 7);
    assert_verdict(&dates, DATES_CONTRADICTED, T0 + PACE);
    dates.seen[0].time += PACE; // not over more than 36 hours
    assert_verdict(&dates, DATES_BELIEVED, T0 - DATES_FAR + PACE);
    dates.seen[0].time -= FAR_AWAY;
    dates.count = DATES_RECENT - 1; // too few to say so
    dates.is_last = true;
    assert_verdict(&dates, DATES_BELIEVED, dates.seen[0].time);
    dates = make_first(T0 - 8 * DATES_FAR, DATES_LOOK - 1, 7);
    for (size_t i = 9; i < DATES_LOOK; i++) {
        dates.seen[i].time += DATES_FAR; // there are such gaps
    }
    assert_verdict(&dates, DATES_BELIEVED, T0 - 8 * DATES_FAR);
}

static void
what_is_not_in_order_contradicts_nothing(void **state)
{
    (void)state;
    static const usec paces[] = {USEC_PER_HOUR, 51 * USEC_PER_S, 10 * USEC_PER_S};
    for (size_t pace = 0; pace < 3; pace++) { // newest first
        struct dates_case dates = make_first(T0, DATES_LOOK - 1, 7);
        for (size_t i = 0; i < DATES_LOOK; i++) {
            dates.seen[i].time = T0 - (usec)i * paces[pace];
        }
        assert_verdict(&dates, DATES_BELIEVED, T0);
    }
    struct dates_case dates = make(T0 + 48 * USEC_PER_HOUR, DATES_LOOK - 1, 7);
    for (usec i = 0; i < DATES_LOOK; i++) { // mixed, also before
        usec hours = i == 0 ? 48 : 2 * (i * 13 % DATES_LOOK) - 40;
        dates.seen[i].time = T0 + hours * USEC_PER_HOUR;
        recent.rows[i % DATES_RECENT].time =
            T0 - 3 * (i * 7 % DATES_RECENT) * USEC_PER_HOUR;
    }
    assert_verdict(&dates, DATES_BELIEVED, T0 + 48 * USEC_PER_HOUR);
}

static void
a_short_leap_is_contradicted_only_where_no_post_around_is_late(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + DATES_SHORT, DATES_LOOK - 1, 7);
    dates.seen[9].time = dates.seen[8].time - USEC_PER_MIN;
    assert_verdict(&dates, DATES_CONTRADICTED, T0);
    dates.seen[9].time--;
    assert_verdict(&dates, DATES_BELIEVED, T0 + DATES_SHORT);
    dates.seen[0].time++;
    assert_verdict(&dates, DATES_CONTRADICTED, T0);
}

static void
at_the_end_a_leap_is_accepted_unless_it_is_like_no_other(void **state)
{
    (void)state;
    struct dates_case dates = make(T0 + DATES_FAR, 0, 1);
    dates.is_last = true;
    assert_verdict(&dates, DATES_BELIEVED, T0 + DATES_FAR);
    dates.has_refused = true; // but for that it was
    assert_verdict(&dates, DATES_UNCONFIRMED, T0);
    dates.has_refused = false;
    dates.seen[0].time++;
    assert_verdict(&dates, DATES_UNCONFIRMED, T0);
    dates.leapt = DATES_FAR / DATES_TIMES + 1; // such gaps are usual there
    assert_verdict(&dates, DATES_BELIEVED, T0 + DATES_FAR + 1);
    dates.leapt = 0;
    dates.before = DATES_RECENT - 1; // nothing is known of it
    assert_verdict(&dates, DATES_BELIEVED, T0 + DATES_FAR + 1);
}

static void
eight_posts_confirm_a_leap_at_the_end(void **state)
{
    (void)state;
    for (size_t behind = 0; behind < DATES_CONFIRM; behind++) {
        struct dates_case dates = make_gap(T0 + FAR_AWAY, behind, 7);
        usec time;
        dates.is_last = true;
        bool is_enough = behind == DATES_CONFIRM - 1;
        assert_int_equal(dates_judge(&dates, &time),
                         is_enough ? DATES_BELIEVED : DATES_UNCONFIRMED);
        dates.unconfirmed = DATES_CONFIRM - 1 - behind; // those before count as well
        assert_int_equal(dates_judge(&dates, &time), DATES_BELIEVED);
    }
}

static void
few_posts_behind_a_date_contradict_it_if_it_is_implausible(void **state)
{
    (void)state;
    usec leap = USEC_PER_HOUR;
    for (size_t behind = 1; behind <= 3; behind++) {
        struct dates_case dates = make(T0 + leap, behind, 7);
        dates.is_last = true;
        assert_verdict(&dates, DATES_CONTRADICTED, T0);
        dates.leapt = leap / DATES_TIMES;
        bool is_enough = behind == 3;
        assert_verdict(&dates, is_enough ? DATES_CONTRADICTED : DATES_BELIEVED,
                       is_enough ? T0 : T0 + leap);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_wrong_date_is_contradicted_by_posts_of_any_author),
        cmocka_unit_test(a_date_waits_for_all_posts_behind_it_or_the_end),
        cmocka_unit_test(more_than_a_quarter_of_others_contradict_a_date),
        cmocka_unit_test(an_author_of_many_wrong_dates_does_not_move_the_clock),
        cmocka_unit_test(the_first_date_of_all_counts_with_those_that_contradict_it),
        cmocka_unit_test(the_first_dates_of_all_are_too_old_below_a_step_like_no_other),
        cmocka_unit_test(what_is_not_in_order_contradicts_nothing),
        cmocka_unit_test(
            a_short_leap_is_contradicted_only_where_no_post_around_is_late),
        cmocka_unit_test(at_the_end_a_leap_is_accepted_unless_it_is_like_no_other),
        cmocka_unit_test(eight_posts_confirm_a_leap_at_the_end),
        cmocka_unit_test(few_posts_behind_a_date_contradict_it_if_it_is_implausible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
