#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/campaigns/pairs.h"

enum { CAPACITY = 1000 };

static struct pairs pairs;

static int
set_up(void **state)
{
    (void)state;
    assert_true(pairs_init(&pairs, CAPACITY));
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    pairs_fini(&pairs);
    return 0;
}

static void
a_pair_is_found_by_campaign_and_person(void **state)
{
    (void)state;
    uint32_t first = pairs_add(&pairs, 0, 7);
    uint32_t second = pairs_add(&pairs, 63, 7);
    assert_int_equal(pairs_find(&pairs, 0, 7), first);
    assert_int_equal(pairs_find(&pairs, 63, 7), second);
    assert_int_equal(pairs_find(&pairs, 1, 7), PAIR_NONE);
    assert_int_equal(pairs_find(&pairs, 0, 8), PAIR_NONE);
}

static void
every_pair_is_found_at_capacity_and_rows_are_used_again(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++) {
        (void)pairs_add(&pairs, i % 3, i / 3);
    }
    assert_int_equal(pairs.count, CAPACITY);
    uint32_t removed = pairs_find(&pairs, 1, 100);
    pairs_remove(&pairs, removed);
    assert_int_equal(pairs_find(&pairs, 1, 100), PAIR_NONE);
    assert_int_equal(pairs_add(&pairs, 2, 5000), removed);
    assert_int_equal(pairs.high, CAPACITY);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        bool is_removed = i % 3 == 1 && i / 3 == 100;
        uint32_t index = pairs_find(&pairs, i % 3, i / 3);
        assert_int_equal(index == PAIR_NONE, is_removed);
    }
    assert_int_equal(pairs_at(&pairs, removed)->acts, 0);
}

static void
a_pair_moves_to_another_person_with_what_it_contains(void **state)
{
    (void)state;
    uint32_t index = pairs_add(&pairs, 3, 7);
    pairs_at(&pairs, index)->acts = 5;
    pairs_move_to(&pairs, index, 4, 8);
    assert_int_equal(pairs_find(&pairs, 3, 7), PAIR_NONE);
    assert_int_equal(pairs_find(&pairs, 4, 8), index);
    assert_int_equal(pairs_at(&pairs, index)->acts, 5);
}

static bool
has_no_acts(const void *context, const struct pairs_row *pair)
{
    (void)context;
    return pair->acts == 0;
}

static void
an_idle_pair_is_found_behind_the_last_one(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4 * PAIRS_LOOKED_AT && i < CAPACITY; i++) {
        pairs_at(&pairs, pairs_add(&pairs, 0, i))->acts = i != 5 && i != 9;
    }
    assert_int_equal(pairs_find_idle(&pairs, has_no_acts, NULL), 5);
    assert_int_equal(pairs_find_idle(&pairs, has_no_acts, NULL), 9);
    // The next ones looked at have acts; a later call comes to the end and begins again.
    assert_int_equal(pairs_find_idle(&pairs, has_no_acts, NULL), PAIR_NONE);
    uint32_t found = PAIR_NONE;
    for (int i = 0; i < 4 && found == PAIR_NONE; i++) {
        found = pairs_find_idle(&pairs, has_no_acts, NULL);
    }
    assert_int_equal(found, 5);
}

static void
a_free_row_is_never_idle(void **state)
{
    (void)state;
    uint32_t index = pairs_add(&pairs, 0, 1);
    pairs_remove(&pairs, index);
    assert_int_equal(pairs_find_idle(&pairs, has_no_acts, NULL), PAIR_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_is_found_by_campaign_and_person, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            every_pair_is_found_at_capacity_and_rows_are_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_pair_moves_to_another_person_with_what_it_contains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_idle_pair_is_found_behind_the_last_one,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_free_row_is_never_idle, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
