#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/records/amplifiers.h"
#include "tests/unit/made.h"

static uint32_t random_state = 20261122;

static void
count_left(void *context, uint32_t user)
{
    (void)user;
    ++*(uint32_t *)context;
}

static void
amplifiers_finds_exactly_whom_it_was_given(void **state)
{
    (void)state;
    enum { USERS = 200 };
    struct slab *slab = slab_create(1 << 20);
    struct amplifiers amplifiers = {0};
    uint32_t model[USERS] = {0};
    uint32_t count = 0;
    for (int round = 0; round < 20000; round++) {
        uint32_t user = made_random(&random_state, USERS);
        struct amplifier *person = amplifiers_find(&amplifiers, slab, user);
        assert_int_equal(person != NULL, model[user] != 0);
        if (person != NULL && made_random(&random_state, 5) > 1) {
            assert_int_equal(amplifiers_events(&amplifiers, slab, person), model[user]);
            assert_int_equal(amplifiers_followers(&amplifiers, slab, person),
                             700 * user);
            model[user]--;
            assert_int_equal(amplifiers_take_back(&amplifiers, slab, person),
                             model[user] == 0);
            count -= model[user] == 0;
        } else {
            // Only the followers of the first event count.
            uint32_t followers = 700 * user + (model[user] != 0);
            assert_non_null(amplifiers_add(&amplifiers, slab, user, followers));
            count += model[user] == 0;
            model[user]++;
        }
        assert_int_equal(amplifiers.count, count);
    }
    uint32_t left = 0;
    amplifiers_clear(&amplifiers, slab, count_left, &left);
    assert_int_equal(left, count);
    assert_int_equal(slab_used(slab), 0);
    slab_destroy(&slab);
}

static void
amplifiers_refuses_when_the_slab_is_full(void **state)
{
    (void)state;
    struct slab *slab = slab_create(8192);
    struct amplifiers amplifiers = {0};
    uint32_t taken = 0;
    while (amplifiers_add(&amplifiers, slab, taken, 1) != NULL) {
        taken++;
    }
    assert_int_equal(amplifiers.count, taken);
    for (uint32_t user = 0; user < taken; user++) {
        assert_non_null(amplifiers_find(&amplifiers, slab, user));
    }
    assert_null(amplifiers_find(&amplifiers, slab, taken));
    while (slab_alloc(slab, 1) != SLAB_NONE) {
    }
    assert_null(amplifiers_add(&amplifiers, slab, 0, 1));
    assert_int_equal(
        amplifiers_events(&amplifiers, slab, amplifiers_find(&amplifiers, slab, 0)), 1);
    amplifiers_clear(&amplifiers, slab, NULL, NULL);
    slab_destroy(&slab);
}

static void
amplifiers_counts_very_many_events_of_one_person(void **state)
{
    (void)state;
    enum { MANY = (1 << 17) + 3 };
    struct slab *slab = slab_create(1 << 16);
    struct amplifiers amplifiers = {0};
    amplifiers_mark(amplifiers_add(&amplifiers, slab, 5, UINT32_MAX), AMPLIFIER_REACHED,
                    true);
    for (uint32_t events = 2; events <= MANY; events++) {
        struct amplifier *person = amplifiers_add(&amplifiers, slab, 5, 1);
        assert_int_equal(amplifiers_events(&amplifiers, slab, person), events);
    }
    for (uint32_t events = MANY; events > 1; events--) {
        struct amplifier *person = amplifiers_find(&amplifiers, slab, 5);
        assert_int_equal(amplifiers_events(&amplifiers, slab, person), events);
        assert_false(amplifiers_take_back(&amplifiers, slab, person));
    }
    struct amplifier *person = amplifiers_find(&amplifiers, slab, 5);
    assert_int_equal(amplifiers_followers(&amplifiers, slab, person), UINT32_MAX);
    assert_true(amplifiers_has(person, AMPLIFIER_REACHED));
    assert_false(amplifiers_has(person, AMPLIFIER_RETWEETED));
    assert_true(amplifiers_take_back(&amplifiers, slab, person));
    assert_int_equal(amplifiers.entries, 0);
    amplifiers_clear(&amplifiers, slab, NULL, NULL);
    slab_destroy(&slab);
}

static void
amplifiers_takes_8_bytes_each_once_they_are_many(void **state)
{
    (void)state;
    enum { BIG = 10000, MANY = 150000 };
    struct slab *slab = slab_create(16 << 20);
    struct amplifiers amplifiers = {0};
    for (uint32_t user = 0; user < MANY; user++) {
        assert_non_null(amplifiers_add(&amplifiers, slab, user, user % UINT16_MAX));
        assert_true(user < BIG ||
                    slab_used(slab) <= (size_t)8 * amplifiers.count + 4096);
    }
    uint32_t seen = 0;
    uint32_t at = 0;
    const struct amplifier *person;
    while ((person = amplifiers_next(&amplifiers, slab, &at)) != NULL) {
        assert_int_equal(amplifiers_followers(&amplifiers, slab, person),
                         amplifiers_user(person) % UINT16_MAX);
        seen++;
    }
    assert_int_equal(seen, MANY);
    amplifiers_clear(&amplifiers, slab, NULL, NULL);
    slab_destroy(&slab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amplifiers_finds_exactly_whom_it_was_given),
        cmocka_unit_test(amplifiers_refuses_when_the_slab_is_full),
        cmocka_unit_test(amplifiers_counts_very_many_events_of_one_person),
        cmocka_unit_test(amplifiers_takes_8_bytes_each_once_they_are_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
