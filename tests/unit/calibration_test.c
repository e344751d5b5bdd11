#include "pipeline/forecast/calibration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"
#include "base/linear.h"

#define AN_HOUR USEC_PER_HOUR

static void
assert_near(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted))) {
        fail_msg("%.12g is not %.12g", got, wanted);
    }
}

static struct calibration *
create(void)
{
    struct calibration *calibration = calloc(1, sizeof(*calibration));
    assert_non_null(calibration);
    return calibration;
}

static struct calibration_answer
size(const struct calibration *calibration, usec age, double reshares, double reach)
{
    const struct final_sizes_input input = {reshares, reach, 0};
    return calibration_size(calibration, age, &input);
}

static void
sizes_are_as_shipped_before_anything_is_learnt(void **state)
{
    (void)state;
    static const struct {
        double minutes;
        double factor;
    } points[] = {
        {0, 1.52},
        {1, 1.52},
        {2, .90},
        {5, 1.04},
        {10, 1.70},
        {15, 1.76},
        {20, 1.60},
        {30, 1.44},
        {45, 1.60},
        {60, 1.46},
        {90, 1.08},
        {120, 1.22},
        {180, .78},
        {240, .68},
        {360, .80},
        {720, .56},
        {1440, .32},
        {9999, .32},
        // Between two: linear in the logarithm.
        {3, .90 + .14 * 0.442507},
        {600, .80 - .24 * 0.736966},
    };
    struct calibration *calibration = create();
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        usec age = (usec)(points[i].minutes * (double)USEC_PER_MIN);
        struct calibration_answer answer = size(calibration, age, 40, 100);
        assert_near(answer.size, 40 + 100 * points[i].factor, 1e-6);
        assert_true(isnan(answer.low) == (age < 5 * USEC_PER_MIN));
    }
    free(calibration);
}

static void
bands_are_as_shipped_before_anything_is_learnt(void **state)
{
    (void)state;
    struct calibration *calibration = create();
    struct calibration_answer answer = size(calibration, 10 * USEC_PER_MIN, 50, 50);
    assert_near(answer.low, 100 * exp(-.07), 1e-9);
    assert_near(answer.high, 100 * exp(3.63), 1e-9);
    answer = size(calibration, AN_HOUR, 90, 10);
    assert_near(answer.low, 90, 1e-9); // 100 e^-.26 is less than there are
    assert_near(answer.high, 100 * exp(2.83), 1e-9);
    answer = size(calibration, 4 * AN_HOUR, 50, 50);
    assert_near(answer.high, 100 * exp(1.68), 1e-9);
    // A size outside of the band widens it.
    answer = size(calibration, 24 * AN_HOUR, 10, 1000);
    assert_near(answer.size, 330, 1e-9);
    assert_near(answer.low, 330, 1e-9);
    answer = size(calibration, 4 * AN_HOUR, 5, 1e300);
    assert_true(isfinite(answer.size) && answer.high >= answer.size);
    answer = size(calibration, 15 * USEC_PER_MIN, 5, 1.7e308);
    assert_true(isnan(answer.size) && isnan(answer.low) && isnan(answer.high));
    free(calibration);
}

static double
part(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (double)(*random >> 40) / (1 << 24);
}

static void
learn_one(struct calibration *calibration, const struct forecast *forecast,
          uint32_t ended)
{
    struct calibration_close close = {USEC_PER_DAY, ended};
    calibration_learn(calibration, forecast, close);
}

// Cascades that end at e^(0.5 + 0.8 ln(R+1) + 0.3 ln(pU+1) + noise) - 1, noise evenly
// between -1 and 1.
static void
learn(struct calibration *calibration, int count)
{
    uint64_t random = 3;
    for (int i = 0; i < count; i++) {
        struct forecast forecast = {0};
        double reshares = floor(exp(3 + 4 * part(&random)));
        double reach = exp(1 + 6 * part(&random)) - 1;
        forecast.samples[3] =
            (struct forecast_sample){(uint32_t)reshares, (float)reach, 0};
        for (size_t k = 0; k < FORECAST_DOUBLINGS; k++) {
            forecast.doublings[k][0] = -1;
        }
        double ended = exp(0.5 + 0.8 * log(reshares + 1) + 0.3 * log(reach + 1) +
                           2 * part(&random) - 1);
        learn_one(calibration, &forecast, (uint32_t)ended - 1);
    }
}

static void
bands_are_learnt_from_closed_cascades(void **state)
{
    (void)state;
    struct calibration *calibration = create();
    learn(calibration, FINAL_SIZES_MIN - 1);
    assert_int_equal(calibration->bands[1].learnt_from, 0);
    assert_false(calibration->is_new);
    learn(calibration, 400);
    const struct calibration_band *band = &calibration->bands[1];
    assert_int_equal(band->learnt_from, 550);
    assert_true(calibration->is_new);
    assert_near(band->factors[1], 0.8, 0.1);
    assert_near(band->factors[2], 0.3, 0.1);
    assert_near(band->quantiles[0], -0.9, 0.1);
    assert_near(band->quantiles[4], 0.9, 0.1);
    struct calibration_answer answer = size(calibration, AN_HOUR, 99, 9);
    double middle = 0.5 + 0.8 * log(100) + 0.3 * log(10);
    assert_near(answer.high, exp(middle + 0.9) - 1, 0.15);
    assert_int_equal(calibration->bands[0].learnt_from, 0);
    free(calibration);
}

static void
cascades_that_are_all_alike_teach_nothing(void **state)
{
    (void)state;
    struct calibration *calibration = create();
    for (int i = 0; i < 1000; i++) {
        struct forecast forecast = {
            .samples = {{20, 3, 0}, {20, 3, 0}, {20, 3, 0}, {20, 3, 0}}};
        learn_one(calibration, &forecast, 100);
    }
    assert_int_equal(calibration->bands[0].learnt_from, 0);
    assert_int_equal(calibration->bands[2].learnt_from, 0);
    free(calibration);
}

// Those that reach 25 within ten minutes mostly double.
static void
learn_doubling(struct calibration *calibration, int count)
{
    uint64_t random = 5;
    for (int i = 0; i < count; i++) {
        struct forecast forecast = {0};
        double reached = 60 + 3600 * part(&random);
        forecast.doublings[0][0] = (float)reached;
        forecast.doublings[0][1] = (float)(reached * (0.3 + 0.4 * part(&random)));
        forecast.doublings[0][2] = (float)(forecast.doublings[0][1] * part(&random));
        forecast.doublings[1][0] = -1;
        bool is_doubled = part(&random) < (reached < 600 ? 0.9 : 0.1);
        learn_one(calibration, &forecast, is_doubled ? 50 : 49);
    }
}

static void
doublings_below_100_are_learnt_from_500_cascades_on(void **state)
{
    (void)state;
    struct calibration *calibration = create();
    const double fast[] = {150, 75, 30};
    const double slow[] = {3000, 1500, 700};
    learn_doubling(calibration, CALIBRATION_DOUBLINGS_MIN - 1);
    assert_true(isnan(calibration_p_double(calibration, 25, fast)));
    learn_doubling(calibration, 501);
    assert_int_equal(calibration->doublings[0].learnt_from, 1000);
    assert_true(calibration_p_double(calibration, 25, fast) > 0.7);
    assert_true(calibration_p_double(calibration, 25, slow) < 0.2);
    assert_true(isnan(calibration_p_double(calibration, 50, fast)));
    free(calibration);
}

static void
what_was_learned_can_be_written_as_text_and_read_again(void **state)
{
    (void)state;
    struct calibration *calibration = create();
    struct calibration *other = create();
    char text[CALIBRATION_TEXT_MAX];
    assert_true(slice_is_none(calibration_text(calibration, 1, text)));
    learn(calibration, 300);
    learn_doubling(calibration, 500);
    for (uint32_t i = 0; i < CALIBRATION_FIELDS; i++) {
        struct slice value = calibration_text(calibration, i, text);
        assert_int_equal(calibration_restore(other, calibration_name(i), value),
                         value.len != 0);
    }
    struct calibration_answer answers[] = {
        size(calibration, AN_HOUR, 70, 30),
        size(other, AN_HOUR, 70, 30),
    };
    assert_near(answers[1].size, answers[0].size, 1e-6);
    assert_near(answers[1].low, answers[0].low, 1e-6);
    assert_near(answers[1].high, answers[0].high, 1e-6);
    const double times[] = {300, 100, 50};
    assert_near(calibration_p_double(other, 25, times),
                calibration_p_double(calibration, 25, times), 1e-6);
    free(calibration);
    free(other);
}

static void
text_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "300",
        "300 1 2 3",
        "300 1 2 3 -1 0 1 2 3 4",
        "300 1 2 3 -1 0 1 2 x",
        "0 1 2 3 -1 0 1 2 3",
        "-5 1 2 3 -1 0 1 2 3",
        "300 1 2 3 -1 0 1 2 nan",
        "300 1 2 3 -1 0 1 2 1e9",
        "300  1 2 3 -1 0 1 2 3",
        "300 1 2 3 -1 0 1 2 99999999999999999999999999999999999999",
    };
    struct calibration *calibration = create();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(
            calibration_restore(calibration, SLICE_LIT("1h"), slice_of(bad[i])));
    }
    static const char *const bad_sizes[] = {
        "300 3 1 1 2 3 4 1 1 1", "300 0.5 1 1 2 3 4 1 1 1", "300 -1 1 1 2 3 4 1 1 1",
        "199 2 1 1 2 3 4 1 1 1", "300 2 1 1 2 3 4 1 1",     "300 2 1 1 2 3 4 1 1 1 1",
    };
    for (size_t i = 0; i < sizeof(bad_sizes) / sizeof(bad_sizes[0]); i++) {
        assert_false(calibration_restore(calibration, SLICE_LIT("size:1h"),
                                         slice_of(bad_sizes[i])));
    }
    // Wild factors give a wild forecast, but a finite one.
    assert_true(calibration_restore(calibration, SLICE_LIT("size:1h"),
                                    SLICE_LIT("300 2 1 9999 9999 9999 9999 1 1 1")));
    assert_true(isfinite(size(calibration, AN_HOUR, 100, 100).size));
    assert_true(calibration_restore(calibration, SLICE_LIT("size:2h"),
                                    SLICE_LIT("300 1 -9999 1 1 1 1 1 1 1")));
    assert_near(size(calibration, 2 * AN_HOUR, 100, 100).size, 100, 1e-9);
    struct slice good = SLICE_LIT("300 1 2 3 -1 0 1 2 3");
    assert_false(calibration_restore(calibration, SLICE_LIT("2h"), good));
    assert_int_equal(calibration->bands[1].learnt_from, 0);
    assert_true(calibration_restore(calibration, SLICE_LIT("1h"), good));
    assert_int_equal(calibration->bands[1].learnt_from, 300);
    free(calibration);
}

static void
assert_decimal(double value, int digits, const char *wanted)
{
    char text[DECIMAL_TEXT_MAX + 1];
    text[decimal_put(text, value, digits)] = '\0';
    assert_string_equal(text, wanted);
    double back;
    assert_true(decimal_parse(slice_of(text), &back));
    assert_true(fabs(back - value) <= 0.5 * pow(10, 1 - digits) * fabs(value) + 1e-15);
}

static void
decimals_have_as_many_digits_as_asked_and_no_exponent(void **state)
{
    (void)state;
    assert_decimal(0, 4, "0");
    assert_decimal(1, 4, "1");
    assert_decimal(0.0079088433, 4, "0.007909");
    assert_decimal(7580.78952591, 4, "7581");
    assert_decimal(1234567, 4, "1235000");
    assert_decimal(0.99996, 4, "1");
    assert_decimal(9999.6, 4, "10000");
    assert_decimal(-0.0205, 4, "-0.0205");
    assert_decimal(-1234.5678, 9, "-1234.5678");
    assert_decimal(1.0000001, 9, "1.0000001");
    assert_decimal(1e-20, 4, "0");
    char text[DECIMAL_TEXT_MAX];
    assert_int_equal(decimal_put(text, 1e300, 4), 19);
    assert_int_equal(decimal_put(text, NAN, 4), 1);
    assert_int_equal(decimal_put(text, 1.23456789012345e-14, 15), 30);
}

static void
assert_grouped(uint64_t number, const char *wanted)
{
    char text[DECIMAL_TEXT_MAX];
    *decimal_put_grouped(text, number) = '\0';
    assert_string_equal(text, wanted);
}

static void
whole_numbers_have_commas_between_thousands_where_asked(void **state)
{
    (void)state;
    assert_grouped(0, "0");
    assert_grouped(999, "999");
    assert_grouped(1000, "1,000");
    assert_grouped(123456, "123,456");
    assert_grouped(UINT64_MAX, "18,446,744,073,709,551,615");
    char text[DECIMAL_TEXT_MAX];
    *decimal_put_whole(text, UINT64_MAX) = '\0';
    assert_string_equal(text, "18446744073709551615");
}

static void
assert_places(double value, int places)
{
    char text[DECIMAL_TEXT_MAX];
    char wanted[DECIMAL_TEXT_MAX];
    *decimal_put_places(text, value, places) = '\0';
    snprintf(wanted, sizeof(wanted), "%.*f", places, value);
    assert_string_equal(text, wanted);
}

static void
decimals_with_places_are_those_of_printf(void **state)
{
    (void)state;
    // In the middle of two, below it and above it; 1.005 is below it, but its product
    // with 100 is not.
    static const double values[] = {0,     0.5,   0.05,  0.25,   0.125,  0.375, 2.5,
                                    1.005, 1.115, 8.345, 0.9999, 99.995, 1e9,   1e12};
    for (int places = 1; places <= 3; places++) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            assert_places(values[i], places);
            assert_places(nextafter(values[i], 0), places);
            assert_places(fmin(nextafter(values[i], 1e13), 1e12), places);
        }
        for (int i = 0; i < 20000; i++) {
            assert_places(i / 2000.0, places);
            assert_places(log1p(i), places);
        }
    }
}

static void
a_whole_number_is_of_digits_alone(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "-1",  "+1",  " 1",
                                      "1 ", "1.0", "0x1", "1234567890123456789"};
    uint64_t number = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(decimal_parse_whole(slice_of(bad[i]), &number));
    }
    assert_int_equal(number, 7);
    assert_true(decimal_parse_whole(SLICE_LIT("0012"), &number));
    assert_int_equal(number, 12);
    assert_true(decimal_parse_whole(SLICE_LIT("999999999999999999"), &number));
    assert_int_equal(number, 999999999999999999);
}

static void
equations_that_depend_on_one_another_have_no_solution(void **state)
{
    (void)state;
    double matrix[] = {4, 2, 2, 3};
    double vector[] = {10, 9};
    assert_true(linear_solve(matrix, vector, 2));
    assert_near(vector[0], 1.5, 1e-12);
    assert_near(vector[1], 2, 1e-12);
    double flat[] = {1, 2, 2, 4};
    assert_false(linear_solve(flat, vector, 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_as_shipped_before_anything_is_learnt),
        cmocka_unit_test(bands_are_as_shipped_before_anything_is_learnt),
        cmocka_unit_test(bands_are_learnt_from_closed_cascades),
        cmocka_unit_test(cascades_that_are_all_alike_teach_nothing),
        cmocka_unit_test(doublings_below_100_are_learnt_from_500_cascades_on),
        cmocka_unit_test(what_was_learned_can_be_written_as_text_and_read_again),
        cmocka_unit_test(text_that_is_not_ours_is_refused),
        cmocka_unit_test(decimals_with_places_are_those_of_printf),
        cmocka_unit_test(whole_numbers_have_commas_between_thousands_where_asked),
        cmocka_unit_test(a_whole_number_is_of_digits_alone),
        cmocka_unit_test(decimals_have_as_many_digits_as_asked_and_no_exponent),
        cmocka_unit_test(equations_that_depend_on_one_another_have_no_solution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
