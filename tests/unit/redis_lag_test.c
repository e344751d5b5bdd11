#include "sinks/redis/redis_lag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
lag_is_counted_when_the_flush_after_the_post_is_acknowledged(void **state)
{
    (void)state;
    static struct redis_lag lag;
    struct span_histogram histogram = {.sum = 0};
    lag = (struct redis_lag){.next.count = 0};
    redis_lag_note(&lag, 10 * USEC_PER_S);
    redis_lag_note(&lag, 11 * USEC_PER_S);
    redis_lag_begin(&lag);
    redis_lag_note(&lag, 12 * USEC_PER_S); // during the flush: of the next one
    redis_lag_end(&lag, 13 * USEC_PER_S, &histogram);
    assert_int_equal(span_histogram_count(&histogram), 2);
    assert_int_equal(histogram.sum, 5 * USEC_PER_S);
    redis_lag_end(&lag, 14 * USEC_PER_S, &histogram);
    assert_int_equal(span_histogram_count(&histogram), 2);
    redis_lag_begin(&lag);
    redis_lag_end(&lag, 14 * USEC_PER_S, &histogram);
    assert_int_equal(histogram.sum, 7 * USEC_PER_S);
}

static void
lag_of_a_flush_that_did_not_end_is_counted_when_a_later_one_does(void **state)
{
    (void)state;
    static struct redis_lag lag;
    struct span_histogram histogram = {.sum = 0};
    lag = (struct redis_lag){.next.count = 0};
    redis_lag_note(&lag, 10 * USEC_PER_S);
    redis_lag_begin(&lag);
    redis_lag_note(&lag, 20 * USEC_PER_S);
    redis_lag_begin(&lag);
    redis_lag_end(&lag, 30 * USEC_PER_S, &histogram);
    assert_int_equal(histogram.sum, 20 * USEC_PER_S);
    redis_lag_begin(&lag);
    redis_lag_end(&lag, 30 * USEC_PER_S, &histogram);
    assert_int_equal(histogram.sum, 30 * USEC_PER_S);
}

static void
lag_of_many_posts_is_that_of_an_even_sample(void **state)
{
    (void)state;
    static struct redis_lag lag;
    struct span_histogram histogram = {.sum = 0};
    const uint32_t many = 10000;
    lag = (struct redis_lag){.next.count = 0};
    for (uint32_t i = 0; i < many; i++) {
        redis_lag_note(&lag, i * USEC_PER_S);
    }
    redis_lag_begin(&lag);
    redis_lag_end(&lag, many * USEC_PER_S, &histogram);
    uint64_t count = span_histogram_count(&histogram);
    assert_true(count > REDIS_LAG_MOST / 2 && count <= REDIS_LAG_MOST);
    uint64_t mean = histogram.sum / count / (uint64_t)USEC_PER_S;
    assert_true(mean > 4900 && mean < 5100);
    redis_lag_note(&lag, 0); // of the next flush every post is kept again
    redis_lag_note(&lag, 0);
    redis_lag_begin(&lag);
    redis_lag_end(&lag, 0, &histogram);
    assert_int_equal(span_histogram_count(&histogram), count + 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lag_is_counted_when_the_flush_after_the_post_is_acknowledged),
        cmocka_unit_test(
            lag_of_a_flush_that_did_not_end_is_counted_when_a_later_one_does),
        cmocka_unit_test(lag_of_many_posts_is_that_of_an_even_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
