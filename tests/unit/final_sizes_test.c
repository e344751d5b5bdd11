#include "pipeline/forecast/final_sizes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { AT_AN_HOUR = 3 };

static double
part(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (double)(*random >> 11) / (double)(UINT64_C(1) << 53);
}

// How many reshares follow those of the sample, but for the noise.
typedef double (*law_fn)(const struct forecast_sample *sample);

static double
by_trend(const struct forecast_sample *sample)
{
    return 3 * pow(sample->reshares, 0.5) * exp(1.5 * sample->trend);
}

static double
by_reach(const struct forecast_sample *sample)
{
    return 0.4 * sample->reach;
}

static double
as_shipped(const struct forecast_sample *sample)
{
    return 1.46 * sample->reach;
}

static struct forecast_sample
sample_of(uint64_t *random)
{
    return (struct forecast_sample){
        (uint32_t)exp(2 + 4 * part(random)),
        (float)exp(2 + 5 * part(random)),
        (float)(2 * part(random) - 1),
    };
}

// Cascades that close one a minute from then on.
static void
learn(struct final_sizes *sizes, law_fn law, usec from, int count)
{
    uint64_t random = 3 + (uint64_t)from;
    for (int i = 0; i < count; i++) {
        struct final_sizes_row row = {.closed = from + i * USEC_PER_MIN,
                                      .sample = sample_of(&random)};
        double noise = exp(0.4 * (part(&random) - part(&random)));
        row.ended = row.sample.reshares + (uint32_t)(law(&row.sample) * noise);
        (void)final_sizes_learn(sizes, AT_AN_HOUR, &row);
    }
}

static double
mean_error(const struct final_sizes *sizes, law_fn law, usec age)
{
    static double errors[1001];
    uint64_t random = 77;
    size_t count = sizeof(errors) / sizeof(errors[0]);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct forecast_sample sample = sample_of(&random);
        const struct final_sizes_input input = {sample.reshares, sample.reach,
                                                sample.trend};
        double size = final_sizes_estimate(sizes, age, &input);
        assert_true(size >= sample.reshares);
        sum += fabs(size / (sample.reshares + law(&sample)) - 1);
    }
    return sum / (double)count;
}

static struct final_sizes *
create(void)
{
    struct final_sizes *sizes = calloc(1, sizeof(*sizes));
    assert_non_null(sizes);
    return sizes;
}

static void
sizes_are_learnt_from_200_closed_cascades_on(void **state)
{
    (void)state;
    struct final_sizes *sizes = create();
    struct final_sizes *nothing = create();
    const struct final_sizes_fit *fit = &sizes->ages[AT_AN_HOUR].fit;
    double shipped = mean_error(nothing, by_trend, USEC_PER_HOUR);
    learn(sizes, by_trend, USEC_PER_DAY, FINAL_SIZES_MIN - 1);
    assert_false(final_sizes_is_used(fit));
    assert_true(mean_error(sizes, by_trend, USEC_PER_HOUR) == shipped);
    learn(sizes, by_trend, 2 * USEC_PER_DAY, 1);
    assert_true(final_sizes_is_used(fit));
    assert_int_equal(fit->way, FINAL_SIZES_LEARNT);
    assert_true(mean_error(sizes, by_trend, USEC_PER_HOUR) < shipped / 10);
    // Also at the ages that are nearest to it, and at no others.
    assert_true(mean_error(sizes, by_trend, 43 * USEC_PER_MIN) < shipped / 10);
    assert_true(mean_error(sizes, by_trend, 84 * USEC_PER_MIN) < shipped / 10);
    for (int minutes = 1; minutes < 3000; minutes += minutes == 42 ? 43 : 1) {
        usec age = minutes * USEC_PER_MIN;
        assert_true(mean_error(sizes, by_trend, age) ==
                    mean_error(nothing, by_trend, age));
        minutes += minutes > 100 ? 300 : 0;
    }
    free(nothing);
    free(sizes);
}

static void
the_way_with_the_smallest_median_error_is_used(void **state)
{
    (void)state;
    static const struct {
        law_fn law;
        enum final_sizes_way way;
    } cases[] = {{by_trend, FINAL_SIZES_LEARNT},
                 {by_reach, FINAL_SIZES_REFITTED},
                 {as_shipped, FINAL_SIZES_SHIPPED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct final_sizes *sizes = create();
        learn(sizes, cases[i].law, USEC_PER_DAY, 400);
        const struct final_sizes_fit *fit = &sizes->ages[AT_AN_HOUR].fit;
        assert_int_equal(fit->learnt_from, 363); // its turn
        for (size_t way = 0; way < FINAL_SIZES_WAYS; way++) {
            assert_true(fit->errors[fit->way] <= fit->errors[way]);
        }
        if (cases[i].way != FINAL_SIZES_SHIPPED) { // one refitted is as good
            assert_int_equal(fit->way, cases[i].way);
        }
        assert_true(mean_error(sizes, cases[i].law, USEC_PER_HOUR) < 0.06);
        free(sizes);
    }
}

// The first 100 cannot be judged, since nothing had been learnt.
static void
each_cascade_is_judged_before_it_is_learnt_from(void **state)
{
    (void)state;
    struct final_sizes *sizes = create();
    learn(sizes, by_trend, USEC_PER_DAY, 150);
    const struct final_sizes_age *age = &sizes->ages[AT_AN_HOUR];
    for (int i = 0; i < 150; i++) {
        for (size_t way = 0; way < FINAL_SIZES_WAYS; way++) {
            assert_true(isnan(age->rows[i].errors[way]) ==
                        (i < FINAL_SIZES_FIRST ? 1 : 0));
        }
    }
    // One that no fit knew of: its error is that of the fit before.
    struct final_sizes_row odd = {
        .closed = 3 * USEC_PER_DAY, .sample = {100, 50, 0}, .ended = 1000000};
    (void)final_sizes_learn(sizes, AT_AN_HOUR, &odd);
    assert_true(age->rows[150].errors[FINAL_SIZES_LEARNT] > 0.99);
    assert_true(fabs(age->rows[150].errors[FINAL_SIZES_SHIPPED] -
                     (1 - (100 + 50 * 1.46) / 1e6)) < 1e-6);
    free(sizes);
}

static void
what_closed_long_ago_counts_less(void **state)
{
    (void)state;
    struct final_sizes *sizes = create();
    learn(sizes, by_reach, USEC_PER_DAY, 300);
    assert_true(fabs(sizes->ages[AT_AN_HOUR].fit.factor - 0.4) < 0.02);
    learn(sizes, as_shipped, 366 * USEC_PER_DAY, 63);
    assert_true(fabs(sizes->ages[AT_AN_HOUR].fit.factor - 1.46) < 0.3);
    free(sizes);
}

static void
a_fit_of_an_earlier_process_stays_until_there_are_as_many_cascades(void **state)
{
    (void)state;
    struct final_sizes *sizes = create();
    struct final_sizes_fit *fit = &sizes->ages[AT_AN_HOUR].fit;
    *fit = (struct final_sizes_fit){
        .learnt_from = 900, .way = FINAL_SIZES_REFITTED, .factor = 7};
    learn(sizes, by_reach, USEC_PER_DAY, FINAL_SIZES_MIN - 1);
    assert_true(fit->factor == 7);
    learn(sizes, by_reach, 2 * USEC_PER_DAY, 1);
    assert_int_equal(fit->learnt_from, FINAL_SIZES_MIN);
    assert_true(fabs(fit->factor - 0.4) < 0.02);
    free(sizes);
}

static void
hostile_cascades_give_finite_forecasts(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 5, UINT32_MAX, 1000, 0};
    static const float reaches[] = {0, 1e30f, 1e-30f, 40, 5};
    static const usec times[] = {0, USEC_PER_DAY * 365 * 200, -USEC_PER_DAY, 5, 6};
    uint64_t random = 9;
    for (int round = 0; round < 50; round++) {
        struct final_sizes *sizes = create();
        for (int i = 0; i < 700; i++) {
            struct final_sizes_row row = {
                .closed = times[(size_t)(part(&random) * 5)],
                .sample = {counts[(size_t)(part(&random) * (round % 4 + 1))],
                           reaches[(size_t)(part(&random) * (round % 5 + 1))],
                           (float)(part(&random) * (round % 3))},
                .ended = counts[(size_t)(part(&random) * 5)]};
            (void)final_sizes_learn(sizes, AT_AN_HOUR, &row);
            const struct final_sizes_input input = {row.sample.reshares,
                                                    row.sample.reach, row.sample.trend};
            double size = final_sizes_estimate(sizes, USEC_PER_HOUR, &input);
            assert_true(isfinite(size) && size >= row.sample.reshares);
        }
        free(sizes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_learnt_from_200_closed_cascades_on),
        cmocka_unit_test(the_way_with_the_smallest_median_error_is_used),
        cmocka_unit_test(each_cascade_is_judged_before_it_is_learnt_from),
        cmocka_unit_test(what_closed_long_ago_counts_less),
        cmocka_unit_test(
            a_fit_of_an_earlier_process_stays_until_there_are_as_many_cascades),
        cmocka_unit_test(hostile_cascades_give_finite_forecasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
