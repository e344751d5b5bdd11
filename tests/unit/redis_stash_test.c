// Alerts that wait for their flush.
#include "sinks/redis/redis_stash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct slice
text_of(size_t number)
{
    static char text[64];
    return (struct slice){text, (size_t)snprintf(text, sizeof(text), "%0*zu",
                                                 (int)(1 + number % 9), number)};
}

static void
assert_taken(struct redis_stash *stash, size_t number)
{
    assert_true(slice_equal(redis_stash_take(stash), text_of(number)));
}

static void
texts_leave_in_order_and_come_again_when_they_are_lost(void **state)
{
    (void)state;
    struct redis_stash stash;
    redis_stash_init(&stash);
    size_t added = 0;
    size_t written = 0;
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < round % 7; i++) {
            redis_stash_add(&stash, text_of(added++));
        }
        size_t taken = written;
        while (taken < added) {
            assert_taken(&stash, taken++);
        }
        assert_true(slice_is_none(redis_stash_take(&stash)));
        size_t done = (taken - written) / 2;
        redis_stash_written(&stash, done);
        written += done;
        redis_stash_lost(&stash);
    }
    assert_true(added > written && written > 500);
    assert_taken(&stash, written);
    redis_stash_fini(&stash);
}

static void
the_stash_has_room_up_to_a_number_and_a_size(void **state)
{
    (void)state;
    struct redis_stash stash;
    redis_stash_init(&stash);
    for (size_t i = 0; i < REDIS_STASH_ALERTS; i++) {
        assert_true(redis_stash_has_room(&stash));
        redis_stash_add(&stash, SLICE_LIT("x"));
    }
    assert_false(redis_stash_has_room(&stash));
    redis_stash_take(&stash);
    redis_stash_written(&stash, 1);
    assert_true(redis_stash_has_room(&stash));
    static char large[REDIS_STASH_BYTES];
    redis_stash_add(&stash, (struct slice){large, sizeof(large)});
    assert_false(redis_stash_has_room(&stash));
    redis_stash_fini(&stash);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_leave_in_order_and_come_again_when_they_are_lost),
        cmocka_unit_test(the_stash_has_room_up_to_a_number_and_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
