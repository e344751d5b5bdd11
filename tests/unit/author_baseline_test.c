#include "pipeline/forecast/author_baseline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct author_baselines *
create(uint32_t capacity, struct slab **slab)
{
    struct author_baselines *baselines = calloc(1, sizeof(*baselines));
    assert_non_null(baselines);
    *slab = slab_create(16 << 20);
    assert_non_null(*slab);
    assert_true(author_baseline_init(baselines, capacity, *slab));
    return baselines;
}

static void
destroy(struct author_baselines *baselines, struct slab *slab)
{
    author_baseline_fini(baselines);
    slab_destroy(&slab);
    free(baselines);
}

static void
post(struct author_baselines *baselines, uint64_t author, uint32_t followers,
     uint32_t size)
{
    const uint32_t sizes[FORECAST_SIZES] = {size, size, 2 * size, 2 * size, 3 * size};
    author_baseline_add(baselines, author << 32, followers, sizes);
}

static double
compare(const struct author_baselines *baselines, uint64_t author, uint32_t followers,
        uint32_t size)
{
    return author_baseline_compare(
        baselines, &(struct author_baseline_post){author << 32, followers, 1, size});
}

static void
assert_about(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * wanted)) {
        fail_msg("%.12g is not %.12g", got, wanted);
    }
}

static void
an_author_is_compared_with_the_middle_half_of_the_last_posts(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(10, &slab);
    // Of 20 posts the five smallest and the five largest do not count.
    for (uint32_t i = 0; i < 5; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 0);
        post(baselines, 1, RESHARES_UNKNOWN, 1000000);
        post(baselines, 1, RESHARES_UNKNOWN, 10);
        if (i < 4) {
            assert_true(isnan(compare(baselines, 1, RESHARES_UNKNOWN, 100)));
        }
        post(baselines, 1, RESHARES_UNKNOWN, 1000);
    }
    assert_about(compare(baselines, 1, RESHARES_UNKNOWN, 250), 2.5); // sqrt(10 * 1000)
    destroy(baselines, slab);
}

static void
only_the_last_hundred_posts_count(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(10, &slab);
    for (uint32_t i = 0; i < 237; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 9999);
    }
    for (uint32_t i = 0; i < 100; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 40);
    }
    assert_about(compare(baselines, 1, RESHARES_UNKNOWN, 80), 2);
    destroy(baselines, slab);
}

static void
without_room_for_sizes_nothing_is_kept_and_nothing_overwritten(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(10, &slab);
    while (slab_alloc(slab, SLAB_CLASS_MAX) != SLAB_NONE) {
    }
    while (slab_alloc(slab, 1) != SLAB_NONE) {
    }
    const struct slab full = *slab;
    for (uint32_t i = 0; i < 30; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 40);
    }
    assert_memory_equal(slab, &full, sizeof(full));
    assert_true(isnan(compare(baselines, 1, RESHARES_UNKNOWN, 80)));
    destroy(baselines, slab);
}

static void
small_numbers_are_not_compared(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(10, &slab);
    for (uint32_t i = 0; i < 20; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 2);
    }
    assert_about(compare(baselines, 1, RESHARES_UNKNOWN, 9),
                 9.0 / AUTHOR_BASELINE_FLOOR);
    assert_about(compare(baselines, 1, RESHARES_UNKNOWN, 0), 1);
    destroy(baselines, slab);
}

static void
a_new_author_is_compared_with_authors_of_about_as_many_followers(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(100, &slab);
    for (uint32_t i = 0; i < 800; i++) {
        bool is_known = i % 3 == 0;
        post(baselines, 2 + i % 70, is_known ? 1u << 20 : 16, is_known ? 512 : 8);
    }
    assert_about(compare(baselines, 1, 1u << 20, 1024), 2);
    assert_about(compare(baselines, 1, 16, 1024), 128);
    assert_true(isnan(compare(baselines, 1, RESHARES_UNKNOWN, 1024)));
    destroy(baselines, slab);
}

static void
at_capacity_the_author_silent_for_longest_is_evicted(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(3, &slab);
    for (uint32_t i = 0; i < 20; i++) {
        for (uint64_t author = 1; author <= 3; author++) {
            post(baselines, author, RESHARES_UNKNOWN, 50);
        }
    }
    size_t used = slab_used(slab);
    post(baselines, 1, RESHARES_UNKNOWN, 50);
    post(baselines, 4, RESHARES_UNKNOWN, 50); // in place of 2
    assert_int_equal(baselines->evicted, 1);
    assert_int_equal(baselines->count, 3);
    assert_about(compare(baselines, 1, RESHARES_UNKNOWN, 100), 2);
    assert_true(isnan(compare(baselines, 2, RESHARES_UNKNOWN, 100)));
    assert_about(compare(baselines, 3, RESHARES_UNKNOWN, 100), 2);
    assert_true(slab_used(slab) < used);
    destroy(baselines, slab);
}

// The ring of an author stays as large as it is; a new author gets none.
static void
without_memory_the_last_posts_that_fit_count(void **state)
{
    (void)state;
    struct slab *slab;
    struct author_baselines *baselines = create(3, &slab);
    for (uint32_t i = 0; i < 32; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 9999);
    }
    for (size_t size = 4096; size >= 16; size /= 2) {
        while (slab_alloc(slab, size) != SLAB_NONE) {
        }
    }
    for (uint32_t i = 0; i < 32; i++) {
        post(baselines, 1, RESHARES_UNKNOWN, 40);
        post(baselines, 2, RESHARES_UNKNOWN, 40);
    }
    assert_about(compare(baselines, 1, RESHARES_UNKNOWN, 80), 2);
    assert_true(isnan(compare(baselines, 2, RESHARES_UNKNOWN, 80)));
    destroy(baselines, slab);
}

static void
a_histogram_has_medians_and_tenths(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    uint32_t median = 77;
    assert_false(histogram_median(&histogram, &median));
    assert_int_equal(histogram_decile(&histogram, 5), 0);
    for (uint32_t i = 0; i < 1000; i++) {
        histogram_add(&histogram, i);
    }
    assert_true(histogram_median(&histogram, &median));
    assert_int_equal(median, 496); // the group 496 … 511 holds 499
    assert_int_equal(histogram_decile(&histogram, 0), 0);
    assert_int_equal(histogram_decile(&histogram, 999), 9);
    assert_int_equal(histogram_decile(&histogram, UINT32_MAX), 9);
    histogram = (struct histogram){0};
    histogram_add(&histogram, UINT32_MAX);
    assert_true(histogram_median(&histogram, &median));
    assert_int_equal(median, 0xF8000000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_author_is_compared_with_the_middle_half_of_the_last_posts),
        cmocka_unit_test(only_the_last_hundred_posts_count),
        cmocka_unit_test(
            without_room_for_sizes_nothing_is_kept_and_nothing_overwritten),
        cmocka_unit_test(small_numbers_are_not_compared),
        cmocka_unit_test(
            a_new_author_is_compared_with_authors_of_about_as_many_followers),
        cmocka_unit_test(at_capacity_the_author_silent_for_longest_is_evicted),
        cmocka_unit_test(without_memory_the_last_posts_that_fit_count),
        cmocka_unit_test(a_histogram_has_medians_and_tenths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
