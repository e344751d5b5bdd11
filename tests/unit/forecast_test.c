#include "pipeline/forecast/forecast.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/forecast/calibration.h"
#include "tests/unit/made.h"
#include "tests/unit/made_forecast.h"

#define BORN ((usec)1700000000 * USEC_PER_S)

static uint32_t
at(double seconds)
{
    return reshares_time(BORN + (usec)(seconds * 1e6));
}

static void
end(struct made_forecast *kept)
{
    slab_destroy(&kept->slab);
}

static void
add(struct made_forecast *kept, double seconds, uint32_t followers)
{
    struct reshare reshare = {at(seconds), followers};
    assert_true(forecast_add(kept->forecast, &kept->events, reshare, reshare.time));
}

static void
take_back(struct made_forecast *kept, double seconds, uint32_t followers)
{
    struct reshare reshare = {at(seconds), followers};
    assert_true(forecast_take_back(kept->forecast, &kept->events, reshare));
}

static double
edepth(struct made_forecast *kept)
{
    return forecast_edepth(kept->forecast, &kept->events);
}

static void
assert_about(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fabs(wanted))) {
        fail_msg("%.12g is not %.12g", got, wanted);
    }
}

static void
expected_depth_is_the_mean_over_all_trees(void **state)
{
    (void)state;
    // Root and three reshares at once, weights 1: the random recursive tree has mean
    // depths 1, 1 + 1/2 and 1 + 1/2 + 1/3.
    struct made_forecast kept;
    made_forecast_begin(&kept, BORN, 1);
    add(&kept, 0, 1);
    add(&kept, 0, 0); // at least 1
    add(&kept, 0, RESHARES_UNKNOWN);
    assert_about(edepth(&kept), (1 + 1.5 + 1.5 + 1.0 / 3) / 3);
    end(&kept);
}

static void
expected_depth_forgets_with_a_half_life_of_2_83_hours(void **state)
{
    (void)state;
    // After a day the root weighs 3000 e^(-6.8e-5 86400), the reshare before 5.
    struct made_forecast kept;
    made_forecast_begin(&kept, BORN, 3000);
    add(&kept, 86400, 5);
    add(&kept, 86400, 7);
    double root = 3000 * exp(-6.8e-5 * 86400);
    assert_about(edepth(&kept), (1 + 1 + 5 / (root + 5)) / 2);
    end(&kept);
}

static void
expected_depth_does_not_depend_on_the_order_of_arrival_or_on_what_is_undone(
    void **state)
{
    (void)state;
    struct made_forecast straight;
    struct made_forecast crooked;
    made_forecast_begin(&straight, BORN, 40);
    made_forecast_begin(&crooked, BORN, 40);
    for (int i = 1; i <= 50; i++) {
        add(&straight, i * 60, (uint32_t)i);
    }
    for (int i = 50; i >= 1; i--) {
        add(&crooked, i * 60, (uint32_t)i);
        add(&crooked, i * 60, 4000000);
        if (i % 7 == 0) {
            (void)edepth(&crooked); // somebody looks in between
        }
        take_back(&crooked, i * 60, 4000000);
    }
    assert_true(edepth(&straight) == edepth(&crooked));
    end(&straight);
    end(&crooked);
}

static void
burst_begins_when_reshares_come_much_faster_and_ends_with_silence(void **state)
{
    (void)state;
    struct made_forecast kept;
    made_forecast_begin(&kept, BORN, 100);
    double clock = 0;
    for (int i = 0; i < 60; i++) {
        add(&kept, clock += 60, 10); // one a minute is usual
        assert_false(forecast_is_bursting(kept.forecast, &kept.events, at(clock)));
    }
    int fast = 0;
    while (!forecast_is_bursting(kept.forecast, &kept.events, at(clock))) {
        add(&kept, clock += 1, 10);
        fast++;
    }
    // Z must pass ln 73 + 5 = 9.29 by steps of ln 2 less the usual rate times 1 s.
    assert_int_equal(fast, 14);
    assert_true(forecast_is_bursting(kept.forecast, &kept.events, at(clock + 60)));
    assert_false(forecast_is_bursting(kept.forecast, &kept.events, at(clock + 3600)));
    add(&kept, clock + 3600, 10);
    assert_false(forecast_is_bursting(kept.forecast, &kept.events, at(clock + 3600)));
    end(&kept);
}

static void
burst_is_over_when_reshares_come_slower_than_usual(void **state)
{
    (void)state;
    struct made_forecast kept;
    made_forecast_begin(&kept, BORN, 100);
    double clock = 0;
    for (int i = 0; i < 60; i++) {
        add(&kept, clock += 60, 10);
    }
    for (int i = 0; i < 30; i++) {
        add(&kept, clock += 1, 10);
    }
    assert_true(forecast_is_bursting(kept.forecast, &kept.events, at(clock)));
    for (int i = 0; i < 20; i++) {
        add(&kept, clock += 240, 10);
    }
    assert_false(forecast_is_bursting(kept.forecast, &kept.events, at(clock)));
    end(&kept);
}

// ── bursts event by event ──────────────────────────────────────────────────

enum { DEEDS_MAX = 800 };

// A reshare that came, or one that was undone.
struct deed {
    uint32_t time; // of the reshare
    bool is_undo;
};

struct deeds {
    struct deed deed[DEEDS_MAX];
    int count;
    int alive[DEEDS_MAX]; // those that came and are not undone
    int alive_count;
};

static double
since_birth(uint32_t time)
{
    double age = reshares_span(at(0), time) / 1000.0;
    return age > 0.001 ? age : 0.001;
}

// Whether there is a burst at that time, from the first deed on.
static bool
is_bursting(const struct deeds *deeds, uint32_t now)
{
    double z = 0;
    bool is_burst = false;
    int reshares = 0;
    uint32_t last = at(0);
    for (int i = 0; i < deeds->count; i++) {
        const struct deed *deed = &deeds->deed[i];
        if (deed->is_undo) {
            reshares--;
            continue;
        }
        reshares++;
        bool is_newer = reshares_span(last, deed->time) > 0;
        double gap = is_newer ? reshares_span(last, deed->time) / 1000.0 : 0;
        last = is_newer ? deed->time : last;
        z -= reshares / since_birth(last) * gap;
        is_burst = is_burst && z > 0; // over by silence before this one came
        z = z + log(2) > 0 ? z + log(2) : 0;
        is_burst = z > 0 && (is_burst || z > log(reshares) + 5);
    }
    double silence = reshares_span(last, now) / 1000.0;
    double left = z - reshares / since_birth(last) * (silence > 0 ? silence : 0);
    return is_burst && reshares != 0 && left > 0;
}

static void
carry(struct made_forecast *kept, struct deeds *deeds, uint32_t time, uint32_t now)
{
    assert_true(
        forecast_add(kept->forecast, &kept->events, (struct reshare){time, 10}, now));
    deeds->alive[deeds->alive_count++] = deeds->count;
    deeds->deed[deeds->count++] = (struct deed){time, false};
}

// The last one that came, or any.
static void
undo(struct made_forecast *kept, struct deeds *deeds, int which)
{
    uint32_t time = deeds->deed[deeds->alive[which]].time;
    assert_true(
        forecast_take_back(kept->forecast, &kept->events, (struct reshare){time, 10}));
    deeds->alive[which] = deeds->alive[--deeds->alive_count];
    deeds->deed[deeds->count++] = (struct deed){time, true};
}

// How often a burst began or ended from here to `until`.
static int
compare(struct made_forecast *kept, const struct deeds *deeds, uint32_t now,
        uint32_t until)
{
    int turns = 0;
    bool before = is_bursting(deeds, now);
    for (uint32_t i = 0; i <= 8; i++) {
        uint32_t time = now + (until - now) / 8 * i;
        bool is_burst = is_bursting(deeds, time);
        if (forecast_is_bursting(kept->forecast, &kept->events, time) != is_burst) {
            fail_msg("after %d deeds, at %u: wanted %d", deeds->count, time, is_burst);
        }
        turns += is_burst != before;
        before = is_burst;
    }
    return turns;
}

static void
bursts_are_those_of_the_formula_after_every_reshare_and_undo(void **state)
{
    (void)state;
    static struct deeds deeds;
    int turns = 0;
    int emptied = 0;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        uint32_t random = seed;
        struct made_forecast kept;
        made_forecast_begin(&kept, BORN, 100);
        deeds.count = 0;
        deeds.alive_count = 0;
        uint32_t now = at(0);
        while (deeds.count < DEEDS_MAX - 40) {
            static const uint32_t paces[] = {100, 300, 1000, 60000, 600000};
            uint32_t pace = paces[made_random(&random, 5)];
            for (uint32_t i = made_random(&random, 40); i-- > 0;) {
                now += made_random(&random, 2 * pace);
                bool is_late = made_random(&random, 10) == 0;
                uint32_t late = is_late ? made_random(&random, 4000000) : 0;
                if (deeds.count >= DEEDS_MAX) {
                    break;
                }
                carry(&kept, &deeds, now - late, now);
                turns += compare(&kept, &deeds, now, now + 2000000);
            }
            uint32_t undone =
                made_random(&random, 4) == 0 ? UINT32_MAX : made_random(&random, 20);
            while (undone-- > 0 && deeds.alive_count != 0 && deeds.count < DEEDS_MAX) {
                undo(&kept, &deeds,
                     (int)made_random(&random, (uint32_t)deeds.alive_count));
                turns += compare(&kept, &deeds, now, now + 2000000);
            }
            emptied += deeds.alive_count == 0;
        }
        end(&kept);
    }
    print_message("%d turns, emptied %d times\n", turns, emptied);
    assert_true(turns > 20);
    assert_true(emptied > 10);
}

static void
a_burst_whose_reshares_are_all_undone_is_over_until_one_comes(void **state)
{
    (void)state;
    struct made_forecast kept;
    made_forecast_begin(&kept, BORN, 100);
    for (int i = 1; i <= 20; i++) {
        add(&kept, 3600 + i, 10); // Z is far above ln 20 + 5 = 8
    }
    assert_true(forecast_is_bursting(kept.forecast, &kept.events, at(3620)));
    for (int i = 20; i >= 2; i--) {
        take_back(&kept, 3600 + i, 10);
    }
    assert_true(forecast_is_bursting(kept.forecast, &kept.events, at(3620)));
    take_back(&kept, 3601, 10);
    assert_false(forecast_is_bursting(kept.forecast, &kept.events, at(3620)));
    add(&kept, 3621, 10); // Z is as it was: undone ones do not change it
    assert_true(forecast_is_bursting(kept.forecast, &kept.events, at(3621)));
    end(&kept);
}

static void
chance_to_double_follows_the_shipped_formula(void **state)
{
    (void)state;
    struct calibration calibration = {0};
    // z = 6.9260 - 1.1325 ln 601 + 0.9623 ln 301 + 0.0275 ln 101 - 0.5453 ln 301
    const double at_100[] = {600, 300, 100};
    double z = 6.9260 - 1.1325 * 6.398594934535208 + 0.9623 * 5.707110264748875 +
               0.0275 * 4.61512051684126 - 0.5453 * 5.707110264748875;
    assert_about(calibration_p_double(&calibration, 100, at_100), 1 / (1 + exp(-z)));
    const double at_800[] = {7200, 3600, 1800};
    z = 6.5985 - 1.8515 * log(7201) + 1.8496 * log(3601) - 0.1188 * log(1801) -
        0.4433 * log(3601);
    assert_about(calibration_p_double(&calibration, 800, at_800), 1 / (1 + exp(-z)));
    assert_true(isnan(calibration_p_double(&calibration, 50, at_100)));
    assert_int_equal(forecast_mark(0), 6);
    assert_int_equal(forecast_mark(2), 25);
    assert_int_equal(forecast_mark(4), 100);
    assert_int_equal(forecast_mark(7), 800);
}

static bool
is_sane(double value)
{
    return isnan(value) || (value >= 0 && value < 1e30);
}

static void
hostile_events_give_no_nonsense(void **state)
{
    (void)state;
    static const uint32_t followers[] = {0, UINT32_MAX - 1, UINT32_MAX, 1};
    struct made_forecast kept;
    uint64_t random = 7;
    for (int round = 0; round < 40; round++) {
        uint64_t spread = (uint64_t)(round % 5) * 100000 + 1;
        made_forecast_begin(&kept, BORN, followers[round % 4]);
        uint32_t now = at(0);
        for (int i = 0; i < 5000; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            // Mostly back and forth over days, some before the root.
            uint32_t time = now - (uint32_t)((random >> 33) % spread);
            now += round % 3 == 0 ? 0 : (uint32_t)((random >> 20) % 60000);
            struct reshare reshare = {time, followers[(random >> 50) % 4]};
            assert_true(forecast_add(kept.forecast, &kept.events, reshare, now));
            if ((random >> 40) % 3 == 0) {
                assert_true(forecast_take_back(kept.forecast, &kept.events, reshare));
            }
            if (i % 500 == 0) {
                struct forecast_outlook outlook =
                    forecast_estimate(kept.forecast, &kept.events, now, 3);
                assert_true(is_sane(kept.forecast->infectiousness));
                assert_true(is_sane(outlook.reach));
                assert_true(isfinite(outlook.trend));
                assert_true(is_sane(edepth(&kept)));
                (void)forecast_is_bursting(kept.forecast, &kept.events, now);
            }
        }
        end(&kept);
    }
}

static void
a_full_slab_refuses_an_event_and_keeps_the_others(void **state)
{
    (void)state;
    struct slab *slab = slab_create(12 << 10);
    struct reshares reshares = {0};
    struct forecast_events events = {slab, &reshares};
    struct forecast *forecast = forecast_at(slab, forecast_create(&events, BORN, 1));
    uint32_t count = 0;
    while (forecast_add(forecast, &events, (struct reshare){at(count), 1}, at(count))) {
        count++;
    }
    assert_true(count > 100);
    assert_int_equal(forecast_reshares(forecast, &events), count);
    assert_true(forecast_edepth(forecast, &events) > 1);
    slab_destroy(&slab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_depth_is_the_mean_over_all_trees),
        cmocka_unit_test(expected_depth_forgets_with_a_half_life_of_2_83_hours),
        cmocka_unit_test(
            expected_depth_does_not_depend_on_the_order_of_arrival_or_on_what_is_undone),
        cmocka_unit_test(
            burst_begins_when_reshares_come_much_faster_and_ends_with_silence),
        cmocka_unit_test(burst_is_over_when_reshares_come_slower_than_usual),
        cmocka_unit_test(bursts_are_those_of_the_formula_after_every_reshare_and_undo),
        cmocka_unit_test(a_burst_whose_reshares_are_all_undone_is_over_until_one_comes),
        cmocka_unit_test(chance_to_double_follows_the_shipped_formula),
        cmocka_unit_test(hostile_events_give_no_nonsense),
        cmocka_unit_test(a_full_slab_refuses_an_event_and_keeps_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
