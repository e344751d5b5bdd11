#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
arena_allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    unsigned char *pieces[64];
    for (size_t i = 0; i < 64; i++) {
        pieces[i] = arena_alloc(&arena, i + 1, 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < 64; i++) {
        for (size_t j = 0; j <= i; j++) {
            assert_int_equal(pieces[i][j], i);
        }
    }
    arena_fini(&arena);
}

static void
arena_hands_out_its_limit_and_not_one_byte_more(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 48, 1));
    assert_non_null(arena_alloc(&arena, 16, 1));
    assert_false(arena.is_failed);
    assert_null(arena_alloc(&arena, 1, 1));
    assert_true(arena.is_failed);
    arena_fini(&arena);
}

static void
arena_failure_is_sticky_until_the_reset(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    assert_null(arena_alloc(&arena, 65, 1));
    assert_null(arena_alloc(&arena, 1, 1));
    assert_true(slice_is_none(arena_join(&arena, SLICE_LIT("a"), SLICE_LIT("b"))));
    arena_reset(&arena);
    assert_false(arena.is_failed);
    assert_non_null(arena_alloc(&arena, 64, 1));
    arena_fini(&arena);
}

static void
arena_gives_the_same_memory_after_a_reset(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    void *first = arena_alloc(&arena, 100, 8);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 100, 8), first);
    arena_fini(&arena);
}

static void
arena_refuses_a_size_that_overflows(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1, 2));
    assert_true(arena.is_failed);
    arena_reset(&arena);
    assert_null(arena_alloc(&arena, 1, SIZE_MAX));
    arena_reset(&arena);
    struct slice huge = {"x", SIZE_MAX};
    assert_true(slice_is_none(arena_join(&arena, huge, SLICE_LIT("y"))));
    assert_true(arena.is_failed);
    arena_fini(&arena);
}

static void
arena_allocates_nothing_without_failing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 16);
    assert_non_null(arena_alloc(&arena, 0, 8));
    assert_non_null(arena_alloc(&arena, 8, 0));
    assert_non_null(arena_alloc(&arena, 16, 1));
    assert_false(arena.is_failed);
    arena_fini(&arena);
}

static void
arena_of_no_bytes_always_fails(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 15);
    assert_null(arena_alloc(&arena, 1, 1));
    assert_true(arena.is_failed);
    arena_fini(&arena);
}

static void
arena_joins_two_texts(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 12);
    struct slice text = arena_join(&arena, SLICE_LIT("x:"), SLICE_LIT("783214"));
    assert_true(slice_equal(text, SLICE_LIT("x:783214")));
    assert_true(slice_equal(arena_join(&arena, text, SLICE_NONE), text));
    assert_true(slice_equal(arena_join(&arena, SLICE_NONE, text), text));
    struct slice empty = arena_join(&arena, SLICE_NONE, SLICE_NONE);
    assert_int_equal(empty.len, 0);
    assert_false(slice_is_none(empty));
    arena_fini(&arena);
}

static void
arena_fini_accepts_a_zeroed_one(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_fini(&arena);
    arena_init(&arena, 64);
    (void)arena_alloc(&arena, 1, 1);
    arena_fini(&arena);
    arena_fini(&arena);
    assert_null(arena.base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_allocations_are_aligned_and_apart),
        cmocka_unit_test(arena_hands_out_its_limit_and_not_one_byte_more),
        cmocka_unit_test(arena_failure_is_sticky_until_the_reset),
        cmocka_unit_test(arena_gives_the_same_memory_after_a_reset),
        cmocka_unit_test(arena_refuses_a_size_that_overflows),
        cmocka_unit_test(arena_allocates_nothing_without_failing),
        cmocka_unit_test(arena_of_no_bytes_always_fails),
        cmocka_unit_test(arena_joins_two_texts),
        cmocka_unit_test(arena_fini_accepts_a_zeroed_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
