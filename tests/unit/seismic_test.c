#include "pipeline/forecast/seismic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/made_forecast.h"

#define REAL "../shared/corpus/seismic/tweet.csv"
#define BORN ((usec)1700000000 * USEC_PER_S)

enum { EVENTS_MAX = 20000 };

struct event {
    double time;
    double followers;
};

struct answer {
    double now;
    double infectiousness;
    double reach;
};

static void
assert_near(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted))) {
        fail_msg("%.12g is not %.12g", got, wanted);
    }
}

// The first event is the root.
static struct seismic_answer
ask(const struct event *events, size_t count, double now)
{
    double window = seismic_window(now);
    size_t before = 0;
    size_t inside = 0;
    for (size_t i = 0; i < count; i++) {
        before += events[i].time < now;
        inside += i != 0 && events[i].time < now && events[i].time >= now - window;
    }
    if (inside < SEISMIC_WINDOW_EVENTS) {
        window = now - events[before > 6 ? before - 6 : 0].time;
    }
    struct seismic seismic;
    seismic_begin(&seismic, now, window);
    for (size_t i = 0; i < count; i++) {
        if (i != 0) {
            seismic_carry(&seismic, events[i].time, 1);
        }
        seismic_expose(&seismic, events[i].time, events[i].followers);
    }
    struct seismic_answer answer;
    assert_true(seismic_estimate(&seismic, &answer));
    return answer;
}

static void
seismic_agrees_with_numeric_integration(void **state)
{
    (void)state;
    static const struct event events[] = {
        {0, 900},   {7, 120},     {31, 0},        {64, 4000},  {66, 35},   {140, 18},
        {290, 260}, {299, 77},    {301, 1000000}, {640, 5},    {660, 912}, {700, 64},
        {1500, 31}, {1800, 2048}, {4000, 1},      {9000, 150},
    };
    // Simpson's rule over the definitions, the tail of the kernel out to e^160.
    static const struct answer answers[] = {
        {120, 0.00953340505533, 46.1159153431},
        {300, 0.00648875663431, 29.9696021227},
        {650, 1.51592229272e-05, 11.9433695316},
        {2000, 1.61722798342e-05, 8.87519725228},
        {9000, 7.16829368413e-06, 2.69366079638},
        {40000, 4.73822369486e-06, 1.25254560357},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct seismic_answer answer =
            ask(events, sizeof(events) / sizeof(events[0]), answers[i].now);
        assert_near(answer.infectiousness, answers[i].infectiousness, 1e-9);
        assert_near(answer.reach, answers[i].reach, 1e-9);
    }
}

static void
seismic_estimates_nothing_of_a_post_shown_to_no_one(void **state)
{
    (void)state;
    struct seismic seismic;
    struct seismic_answer answer;
    seismic_begin(&seismic, 100, 300);
    seismic_expose(&seismic, 0, 0);
    for (int i = 1; i < 9; i++) {
        seismic_carry(&seismic, i, 1);
        seismic_expose(&seismic, i, 0);
    }
    assert_false(seismic_estimate(&seismic, &answer));
    seismic_begin(&seismic, 0, 0);
    seismic_carry(&seismic, 0, 1);
    seismic_expose(&seismic, 0, 4294967295.0);
    assert_false(seismic_estimate(&seismic, &answer));
}

static size_t
read_real(struct event *events)
{
    FILE *file = fopen(REAL, "r");
    if (file == NULL) {
        return 0;
    }
    size_t count = 0;
    char line[64];
    if (fgets(line, sizeof(line), file) == NULL) { // heading
        count = EVENTS_MAX;
    }
    while (count < EVENTS_MAX && fgets(line, sizeof(line), file) != NULL) {
        char *comma;
        events[count].time = strtod(line, &comma);
        events[count++].followers = strtod(comma + 1, NULL);
    }
    fclose(file);
    return count;
}

static const struct answer real[] = {
    {300, 0.0185962452831, 129.223053855},
    {600, 0.00752178875753, 57.2381906728},
    {1000, 0.00395495024879, 27.8967853557},
    {3600, 0.00790884330317, 1395.8030817},
};

static void
seismic_agrees_with_the_package_on_a_real_cascade(void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    size_t count = read_real(events);
    if (count == 0) {
        skip(); // there is no ../shared/corpus
    }
    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        struct seismic_answer answer = ask(events, count, real[i].now);
        assert_near(answer.infectiousness, real[i].infectiousness, 1e-9);
        assert_near(answer.reach, real[i].reach, 1e-9);
        assert_int_equal(seismic_is_supercritical(answer.infectiousness), i == 0);
    }
}

static uint32_t
time_of(double seconds)
{
    return reshares_time(BORN + (usec)llround(seconds * 1e6));
}

// The cascade as the daemon stores it.
static void
keep(struct made_forecast *kept, const struct event *events, size_t count)
{
    made_forecast_begin(kept, BORN, (uint32_t)events[0].followers);
    for (size_t i = 1; i < count; i++) {
        struct reshare reshare = {time_of(events[i].time),
                                  (uint32_t)events[i].followers};
        assert_true(forecast_add(kept->forecast, &kept->events, reshare, reshare.time));
    }
}

static void
merge_all(struct made_forecast *kept, double now)
{
    forecast_merge(kept->forecast, &kept->events, time_of(now));
}

static size_t
up_to(const struct event *events, size_t count, double now)
{
    size_t before = 0;
    while (before < count && events[before].time <= now) {
        before++;
    }
    return before;
}

static void
assert_merged_agrees(const struct event *events, size_t count, double now)
{
    struct made_forecast kept;
    count = up_to(events, count, now);
    keep(&kept, events, count);
    struct seismic_answer exact = ask(events, count, now);
    merge_all(&kept, now);
    double reach =
        forecast_estimate(kept.forecast, &kept.events, time_of(now), RESHARES_UNKNOWN)
            .reach;
    assert_int_equal(forecast_reshares(kept.forecast, &kept.events), count - 1);
    assert_near(kept.forecast->infectiousness, exact.infectiousness, 3e-4);
    assert_near(reach, exact.reach, 3e-4);
    slab_destroy(&kept.slab);
}

static void
reshare_buckets_events_move_the_estimates_of_a_real_cascade_by_less_than_3e_4(
    void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    size_t count = read_real(events);
    if (count == 0) {
        skip(); // there is no ../shared/corpus
    }
    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        assert_merged_agrees(events, count, real[i].now);
    }
    for (double now = 5000; now < 600000; now *= 1.7) {
        assert_merged_agrees(events, count, now);
    }
}

// 6000 events over two days that get rarer, followers spread over five decades.
static size_t
invent(struct event *events)
{
    uint64_t random = 42;
    events[0] = (struct event){0, 5000};
    for (size_t i = 1; i <= 6000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double part = (double)(random >> 40) / (1 << 24);
        events[i].time = events[i - 1].time + (0.1 + part) * (double)(1 + i / 100);
        events[i].followers = floor(exp(12 * (double)((random >> 20) % 1000) / 1000));
    }
    return 6001;
}

static void
reshare_buckets_events_move_estimates_by_less_than_3e_4(void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    size_t count = invent(events);
    for (double now = 700; now < 200000; now *= 1.5) {
        assert_merged_agrees(events, count, now);
    }
}

static void
reshare_buckets_events_take_8_bytes_each_and_are_few(void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    size_t count = invent(events);
    struct made_forecast kept;
    for (size_t some = 2500; some < count; some += 500) {
        keep(&kept, events, some);
        merge_all(&kept, events[some].time);
        assert_true(kept.forecast->merged.events > some / 2);
        assert_true(kept.forecast->merged.count < 320);
        assert_true(slab_used(kept.slab) < 8 * some);
        slab_destroy(&kept.slab);
    }
}

static void
reshare_buckets_events_are_taken_out_exactly(void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    size_t count = invent(events);
    double now = events[count - 1].time + 10;
    static struct event odd[EVENTS_MAX];
    size_t odd_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || i % 2 == 1) {
            odd[odd_count++] = events[i];
        }
    }
    struct made_forecast all;
    struct made_forecast half;
    keep(&all, events, count);
    keep(&half, odd, odd_count);
    for (size_t i = 2; i < count; i += 2) {
        struct reshare reshare = {time_of(events[i].time),
                                  (uint32_t)events[i].followers};
        assert_true(forecast_take_back(all.forecast, &all.events, reshare));
    }
    merge_all(&all, now);
    merge_all(&half, now);
    struct forecast_outlook outlooks[] = {
        forecast_estimate(all.forecast, &all.events, time_of(now), 1),
        forecast_estimate(half.forecast, &half.events, time_of(now), 1),
    };
    assert_int_equal(all.reshares.count, half.reshares.count);
    assert_true(all.forecast->infectiousness == half.forecast->infectiousness);
    assert_true(outlooks[0].reach == outlooks[1].reach);
    assert_true(outlooks[0].trend == outlooks[1].trend);
    struct reshare never = {time_of(now - 5), 1};
    assert_false(forecast_take_back(all.forecast, &all.events, never));
    slab_destroy(&all.slab);
    slab_destroy(&half.slab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seismic_agrees_with_numeric_integration),
        cmocka_unit_test(seismic_estimates_nothing_of_a_post_shown_to_no_one),
        cmocka_unit_test(seismic_agrees_with_the_package_on_a_real_cascade),
        cmocka_unit_test(
            reshare_buckets_events_move_the_estimates_of_a_real_cascade_by_less_than_3e_4),
        cmocka_unit_test(reshare_buckets_events_move_estimates_by_less_than_3e_4),
        cmocka_unit_test(reshare_buckets_events_take_8_bytes_each_and_are_few),
        cmocka_unit_test(reshare_buckets_events_are_taken_out_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
