#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slab.h"
#include "pipeline/carriers/early.h"
#include "pipeline/carriers/expected.h"
#include "pipeline/carriers/first_acts.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define LAMBDA 6.8e-5

static void
assert_near(double got, double wanted)
{
    double scale = fabs(wanted) > 1 ? fabs(wanted) : 1;
    if (!(fabs(got - wanted) <= 1e-9 * scale)) {
        fail_msg("%.17g is not %.17g", got, wanted);
    }
}

// ── expected carriers ──────────────────────────────────────────────────────

enum { ACTS = 3000 };

static struct expected_act acts[ACTS + 1];
static double children[ACTS + 1];
static double wanted[ACTS + 1];

static void
make_acts(usec gap)
{
    usec time = T0;
    for (int i = 0; i <= ACTS; i++) {
        time += (usec)(rand() % 100) * gap;
        acts[i].time = time - (i != 0 && rand() % 10 == 0 ? 50 * gap : 0);
        acts[i].followers = rand() % 5 == 0 ? 0 : exp(rand() % 2000 / 100.0);
    }
}

// Word by word: the chance that each act came through each one before it.
static void
count_children(size_t kept)
{
    memset(wanted, 0, sizeof(wanted));
    for (size_t j = 1; j <= ACTS; j++) {
        double all = 0;
        for (int turn = 0; turn < 2; turn++) {
            for (size_t i = 0; i < j; i++) {
                double seconds = (double)(acts[i].time - acts[j].time) / USEC_PER_S;
                double g = fmax(acts[i].followers, 1) * exp(LAMBDA * seconds);
                if (turn == 0) {
                    all += g;
                } else if (i <= kept) {
                    wanted[i] += g / all;
                }
            }
        }
    }
}

static void
expected_children_add_up_to_the_number_of_acts(void **state)
{
    (void)state;
    const usec gaps[] = {USEC_PER_MS, USEC_PER_S, USEC_PER_MIN};
    srand(3);
    for (size_t k = 0; k < 3; k++) {
        double sum = 0;
        make_acts(gaps[k]);
        struct expected none = expected_after(acts, ACTS + 1);
        expected_children(acts, ACTS + 1, &none, children);
        for (size_t i = 0; i <= ACTS; i++) {
            sum += children[i];
        }
        assert_near(sum, ACTS);
    }
}

static void
expected_children_are_those_of_a_brute_force_also_when_few_are_kept(void **state)
{
    (void)state;
    const usec gaps[] = {USEC_PER_S, USEC_PER_MIN};
    srand(4);
    for (size_t k = 0; k < 2; k++) {
        for (size_t kept = 20; kept <= 2000; kept += 990) {
            make_acts(gaps[k]);
            struct expected rest = expected_after(acts, kept + 1);
            for (size_t i = kept + 1; i <= ACTS; i++) {
                expected_add(&rest, acts[i]);
            }
            expected_children(acts, kept + 1, &rest, children);
            count_children(kept);
            for (size_t i = 0; i <= kept; i++) {
                assert_near(children[i], wanted[i]);
            }
        }
    }
}

static void
expected_children_stay_numbers_when_the_clock_and_the_followers_jump(void **state)
{
    (void)state;
    srand(5);
    for (int i = 0; i <= ACTS; i++) {
        acts[i].time = T0 + (usec)(rand() % 7 - 3) * 365 * USEC_PER_DAY;
        acts[i].followers = rand() % 2 == 0 ? 0 : 1e9;
    }
    struct expected rest = expected_after(acts, 11);
    for (size_t i = 11; i <= ACTS; i++) {
        expected_add(&rest, acts[i]);
        expected_children(acts, 11, &rest, children);
        for (size_t k = 0; k < 11; k++) {
            assert_true(isfinite(children[k]) && children[k] >= 0);
        }
    }
}

// ── early people ───────────────────────────────────────────────────────────

static void
early_parts_of_equal_times_are_the_same(void **state)
{
    (void)state;
    struct early_act people[] = {{T0 + 9, 4}, {T0, 1}, {T0 + 5, 2}, {T0 + 5, 3}};
    double parts[4];
    early_parts(people, 4, 10, parts);
    assert_int_equal(people[0].user, 1);
    assert_int_equal(people[3].user, 4);
    assert_near(parts[0], 0.05);
    assert_near(parts[1], 0.2);
    assert_near(parts[2], 0.2);
    assert_near(parts[3], 0.35);
    // Ranks 5 to 10.
    assert_near(early_part_of_others(4, 10), 0.7);
}

// ── the first acts ─────────────────────────────────────────────────────────

static void
first_acts_end_when_they_were_full_once(void **state)
{
    (void)state;
    struct slab *slab = slab_create(1 << 20);
    struct first_acts first = {0};
    for (uint32_t i = 0; i < FIRST_ACTS_MAX; i++) {
        assert_true(first_acts_add(&first, slab, i, T0 + i));
    }
    assert_false(first_acts_add(&first, slab, 5000, T0));
    first_acts_remove(&first, slab, 3, T0 + 3);
    first_acts_remove(&first, slab, 5000, T0);
    assert_false(first_acts_add(&first, slab, 5001, T0));
    assert_int_equal(first.count, FIRST_ACTS_MAX - 1);
    assert_int_equal(first.total, FIRST_ACTS_MAX);
    assert_int_equal(first_acts_rows(&first, slab)[3].user, 4);
    assert_int_equal(first_act_time(&first_acts_rows(&first, slab)[3]), T0 + 4);
    first_acts_clear(&first, slab);
    slab_destroy(&slab);
}

static void
first_acts_of_two_names_are_those_of_one_person(void **state)
{
    (void)state;
    struct slab *slab = slab_create(1 << 20);
    struct first_acts first = {0};
    for (uint32_t i = 0; i < 3; i++) {
        first_acts_add(&first, slab, i, T0 + i);
    }
    first_acts_merge(&first, slab, 2, 0);
    assert_int_equal(first.count, 3);
    first_acts_remove(&first, slab, 0, T0 + 2);
    assert_int_equal(first.count, 2);
    assert_int_equal(first_acts_rows(&first, slab)[0].user, 0);
    assert_int_equal(first_act_time(&first_acts_rows(&first, slab)[0]), T0);
    first_acts_merge(&first, slab, 1, 9);
    assert_int_equal(first_acts_rows(&first, slab)[1].user, 9);
    first_acts_clear(&first, slab);
    first_acts_remove(&first, slab, 0, T0);
    assert_int_equal(first.total, 0);
    slab_destroy(&slab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_children_add_up_to_the_number_of_acts),
        cmocka_unit_test(
            expected_children_are_those_of_a_brute_force_also_when_few_are_kept),
        cmocka_unit_test(
            expected_children_stay_numbers_when_the_clock_and_the_followers_jump),
        cmocka_unit_test(early_parts_of_equal_times_are_the_same),
        cmocka_unit_test(first_acts_end_when_they_were_full_once),
        cmocka_unit_test(first_acts_of_two_names_are_those_of_one_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
