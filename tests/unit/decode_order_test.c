// The order of the posts of one message.

#include "ingest/decode/decode_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 300 };

// Which post it was at first is its number of reshares.
static size_t
make(struct post *posts, const usec *times, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        posts[i] = (struct post){.time = times[i], .reported = i};
    }
    return count;
}

static void
order(struct post *posts, size_t count, size_t limit)
{
    struct arena arena;
    arena_init(&arena, limit);
    decode_order(&arena, posts, count);
    arena_fini(&arena);
}

static void
assert_order(const struct post *posts, const uint64_t *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(posts[i].reported, wanted[i]);
    }
}

#define ORDERED(times, ...)                                                            \
    do {                                                                               \
        const uint64_t wanted[] = __VA_ARGS__;                                         \
        struct post posts[sizeof(times) / sizeof((times)[0])];                         \
        size_t count = make(posts, times, sizeof(posts) / sizeof(*posts));             \
        order(posts, count, 1 << 20);                                                  \
        assert_order(posts, wanted, count);                                            \
    } while (0)

static void
posts_come_in_the_order_of_time(void **state)
{
    (void)state;
    const usec any[] = {30, 10, 50, 20, 40};
    const usec newest_first[] = {50, 40, 30, 20, 10};
    const usec sorted[] = {10, 20, 30, 40, 50};
    ORDERED(any, {1, 3, 0, 4, 2});
    ORDERED(newest_first, {4, 3, 2, 1, 0});
    ORDERED(sorted, {0, 1, 2, 3, 4});
}

static void
posts_of_the_same_time_keep_their_order_unless_the_newest_come_first(void **state)
{
    (void)state;
    const usec same[] = {10, 10, 10};
    const usec later[] = {20, 10, 20, 10, 20};
    const usec newest_first[] = {20, 20, 10, 30, 10};
    ORDERED(same, {0, 1, 2});
    ORDERED(later, {1, 3, 0, 2, 4});
    ORDERED(newest_first, {4, 2, 1, 0, 3});
}

static void
a_deletion_keeps_its_place(void **state)
{
    (void)state;
    const enum post_kind kinds[] = {POST_DELETED, POST_RENAMED, POST_WITHDRAWN};
    const usec times[] = {40, 30, USEC_NONE, 20, 10, USEC_NONE, USEC_NONE, 7, 5};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct post posts[9];
        size_t count = make(posts, times, 9);
        posts[2].kind = posts[5].kind = posts[6].kind = kinds[i];
        order(posts, count, 1 << 20);
        assert_order(posts, (const uint64_t[]){1, 0, 2, 4, 3, 5, 6, 8, 7}, count);
    }
}

static void
many_posts_are_sorted_as_a_slow_and_stable_sort_does(void **state)
{
    (void)state;
    srand(1);
    for (size_t round = 0; round < 200; round++) {
        static struct post posts[MOST];
        static struct post slow[MOST];
        size_t count = (size_t)rand() % MOST;
        usec different = 1 + rand() % (round % 2 == 0 ? 9 : 1000);
        for (size_t i = 0; i < count; i++) {
            posts[i] = (struct post){.time = rand() % different, .reported = i};
        }
        bool is_turned = count != 0 && posts[0].time > posts[count - 1].time;
        for (size_t i = 0; i < count; i++) {
            struct post post = posts[is_turned ? count - 1 - i : i];
            size_t at = i;
            for (; at > 0 && slow[at - 1].time > post.time; at--) {
                slow[at] = slow[at - 1];
            }
            slow[at] = post;
        }
        order(posts, count, 1 << 20);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(posts[i].reported, slow[i].reported);
        }
    }
}

static void
without_memory_no_post_is_lost(void **state)
{
    (void)state;
    const usec times[] = {30, 10, 50, 20, 40};
    struct post posts[5];
    order(posts, make(posts, times, 5), 1);
    assert_order(posts, (const uint64_t[]){0, 1, 2, 3, 4}, 5);
    order(posts, 0, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_come_in_the_order_of_time),
        cmocka_unit_test(
            posts_of_the_same_time_keep_their_order_unless_the_newest_come_first),
        cmocka_unit_test(a_deletion_keeps_its_place),
        cmocka_unit_test(many_posts_are_sorted_as_a_slow_and_stable_sort_does),
        cmocka_unit_test(without_memory_no_post_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
