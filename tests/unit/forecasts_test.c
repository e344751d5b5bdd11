#include "pipeline/forecast/forecasts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/measures.h"
#include "pipeline/changes.h"
#include "pipeline/inside.h"
#include "tests/unit/kept.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define WALL (T0 + 3650 * USEC_PER_DAY)

enum { FIELDS_MAX = 64, TEXT_MAX = 256 };

// The hash of one cascade, or of what was learnt, as Redis would have it.
struct hash {
    char names[FIELDS_MAX][32];
    char values[FIELDS_MAX][TEXT_MAX];
    size_t count;
};

struct world {
    struct pipeline *pipeline;
    struct hash cascade; // of n:p1
    struct hash calibration;
    int made;
};

static void
create(struct world *world, uint64_t cascades, bool is_on)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.memory_posts = 1 << 20;
    options.dedupe_capacity = 50000;
    options.users_capacity = 100000;
    options.cascades_capacity = cascades;
    options.cascades_engine = is_on;
    struct hash_key key = {1, 2};
    memset(world, 0, sizeof(*world));
    world->pipeline = pipeline_create(&options, &key, true, NULL);
    assert_non_null(world->pipeline);
}

static void flush(struct world *world);

static void
feed(struct world *world, const struct post *made)
{
    enum status status;
    while ((status = pipeline_post(world->pipeline, made, WALL)) == STATUS_AGAIN) {
        flush(world);
    }
    assert_int_equal(status, STATUS_OK);
}

static void
post(struct world *world, int root, int author, usec time)
{
    char ids[2][32];
    snprintf(ids[0], sizeof(ids[0]), "n:p%d", root);
    snprintf(ids[1], sizeof(ids[1]), "n:author%d", author);
    struct post made = {
        .kind = POST_PUBLISHED,
        .id = slice_of(ids[0]),
        .time = time,
        .author = {.id = slice_of(ids[1]), .followers = 1000, .has_followers = true},
    };
    feed(world, &made);
}

// By a person nobody has seen before. Returns the number of the event.
static int
retweet_by(struct world *world, int root, usec time, int followers)
{
    char ids[3][32];
    int number = ++world->made;
    snprintf(ids[0], sizeof(ids[0]), "n:r%d", number);
    snprintf(ids[1], sizeof(ids[1]), "n:u%d", number);
    snprintf(ids[2], sizeof(ids[2]), "n:p%d", root);
    struct post made = {
        .kind = POST_RETWEETED,
        .id = slice_of(ids[0]),
        .time = time,
        .author = {.id = slice_of(ids[1]),
                   .followers = followers < 0 ? 0 : (uint32_t)followers,
                   .has_followers = followers >= 0},
        .retweet_of = {.id = slice_of(ids[2]), .created = USEC_NONE},
    };
    feed(world, &made);
    return number;
}

static int
retweet(struct world *world, int root, usec time)
{
    return retweet_by(world, root, time, 50);
}

static void
undo(struct world *world, int number)
{
    char id[32];
    snprintf(id, sizeof(id), "n:r%d", number);
    struct post made = {.kind = POST_DELETED, .id = slice_of(id)};
    feed(world, &made);
}

static void
set(struct hash *hash, const struct change_field *field)
{
    size_t i = 0;
    while (i < hash->count && !slice_equal(slice_of(hash->names[i]), field->name)) {
        i++;
    }
    if (slice_is_none(field->value)) {
        if (i < hash->count) {
            hash->count--;
            memcpy(hash->names[i], hash->names[hash->count], sizeof(hash->names[i]));
            memcpy(hash->values[i], hash->values[hash->count], sizeof(hash->values[i]));
        }
        return;
    }
    assert_true(i < FIELDS_MAX);
    snprintf(hash->names[i], sizeof(hash->names[i]), "%.*s", SLICE_ARG(field->name));
    snprintf(hash->values[i], TEXT_MAX, "%.*s", SLICE_ARG(field->value));
    hash->count += i == hash->count;
}

static void
apply(struct world *world, const struct change *change)
{
    struct hash *hash =
        change->kind == CHANGE_CALIBRATION ? &world->calibration
        : change->kind == CHANGE_CASCADE && slice_equal(change->name, SLICE_LIT("n:p1"))
            ? &world->cascade
            : NULL;
    if (hash == NULL) {
        return;
    }
    if (change->is_whole || change->is_gone) {
        hash->count = 0;
    }
    for (size_t i = 0; i < change->field_count; i++) {
        set(hash, &change->fields[i]);
    }
}

static void
flush(struct world *world)
{
    struct change change;
    changes_begin(world->pipeline);
    while (changes_next(world->pipeline, &change)) {
        apply(world, &change);
    }
    changes_written(world->pipeline, SIZE_MAX);
}

static const char *
field(const struct hash *hash, const char *name)
{
    for (size_t i = 0; i < hash->count; i++) {
        if (strcmp(hash->names[i], name) == 0) {
            return hash->values[i];
        }
    }
    return "absent";
}

static void
assert_field(struct world *world, const char *name, const char *wanted)
{
    flush(world);
    assert_string_equal(field(&world->cascade, name), wanted);
}

static double
measure(const struct world *world, enum measure which)
{
    uint32_t cascade = cascades_find(&world->pipeline->cascades, SLICE_LIT("n:p1"));
    assert_int_not_equal(cascade, CASCADE_NONE);
    return measure_of(world->pipeline, cascade, which, INFINITY);
}

static void
nothing_is_published_before_the_fifth_reshare(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 4; i++) {
        retweet(&world, 1, T0 + i * USEC_PER_S);
    }
    assert_field(&world, "edepth", "absent");
    assert_true(isnan(measure(&world, MEASURE_FORECAST)));
    assert_true(isnan(measure(&world, MEASURE_BURST)));
    retweet(&world, 1, T0 + 5 * USEC_PER_S);
    flush(&world);
    assert_string_not_equal(field(&world.cascade, "edepth"), "absent");
    assert_string_not_equal(field(&world.cascade, "infectiousness"), "absent");
    assert_true(atof(field(&world.cascade, "forecast")) > 5);
    assert_string_equal(field(&world.cascade, "stage"), "innovators");
    // Again at the age of a minute, whoever's post it is that passes it.
    double first = measure(&world, MEASURE_FORECAST);
    post(&world, 2, 2, T0 + USEC_PER_MIN);
    assert_true(measure(&world, MEASURE_FORECAST) < first);
    pipeline_destroy(&world.pipeline);
}

static void
five_reshares_at_once_have_a_forecast_at_the_next(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 5; i++) {
        retweet(&world, 1, T0 + USEC_PER_S);
    }
    assert_field(&world, "infectiousness", "absent");
    assert_field(&world, "forecast", "absent");
    retweet(&world, 1, T0 + 2 * USEC_PER_S);
    flush(&world);
    assert_true(atof(field(&world.cascade, "forecast")) > 6);
    pipeline_destroy(&world.pipeline);
}

static void
events_at_a_checkpoint_age_are_included_in_it(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 20; i++) {
        retweet_by(&world, 1, T0 + i * USEC_PER_MIN, 2000);
    }
    // Whoever follows nobody adds to the size and to nothing else, so one each.
    usec age = T0 + 30 * USEC_PER_MIN;
    post(&world, 2, 2, age);
    double forecast = measure(&world, MEASURE_FORECAST);
    assert_true(isfinite(forecast));
    for (int i = 1; i <= 3; i++) {
        retweet_by(&world, 1, age, 0);
        assert_true(fabs(measure(&world, MEASURE_FORECAST) - forecast - i) < 1e-9);
    }
    retweet_by(&world, 1, age + 1, 0);
    assert_true(fabs(measure(&world, MEASURE_FORECAST) - forecast - 3) < 1e-9);
    pipeline_destroy(&world.pipeline);
}

static void
nothing_is_published_of_a_post_of_unknown_age_or_with_the_engine_off(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    for (int i = 1; i <= 50; i++) {
        retweet(&world, 1, T0 + i * USEC_PER_S);
    }
    assert_field(&world, "edepth", "absent");
    assert_field(&world, "size", "50");
    post(&world, 1, 1, T0); // late
    retweet(&world, 1, T0 + USEC_PER_MIN);
    flush(&world);
    assert_string_not_equal(field(&world.cascade, "edepth"), "absent");
    pipeline_destroy(&world.pipeline);
    create(&world, 1000, false);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 50; i++) {
        retweet(&world, 1, T0 + i * USEC_PER_S);
    }
    assert_field(&world, "edepth", "absent");
    assert_field(&world, "size", "50");
    pipeline_destroy(&world.pipeline);
}

static void
a_supercritical_cascade_has_a_forecast_and_a_mark(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 40; i++) {
        retweet(&world, 1, T0 + i * 15 * USEC_PER_S);
    }
    flush(&world);
    assert_true(atof(field(&world.cascade, "infectiousness")) >= 0.01);
    assert_string_equal(field(&world.cascade, "supercritical"), "1");
    double forecast = measure(&world, MEASURE_FORECAST);
    assert_true(forecast > 40 && forecast < 1000);
    assert_true(atof(field(&world.cascade, "forecast_low")) <= forecast);
    assert_true(atof(field(&world.cascade, "forecast_high")) >= forecast);
    assert_string_equal(field(&world.cascade, "stage"), "early_majority");
    assert_true(measure(&world, MEASURE_SUPERCRITICAL) == 1);
    // Hours later it has calmed down.
    post(&world, 2, 2, T0 + 5 * USEC_PER_HOUR);
    flush(&world);
    assert_string_not_equal(field(&world.cascade, "forecast"), "absent");
    assert_string_equal(field(&world.cascade, "supercritical"), "absent");
    assert_true(measure(&world, MEASURE_SUPERCRITICAL) == 0);
    assert_true(measure(&world, MEASURE_FORECAST) >= 40);
    // And closed: it has no forecast.
    post(&world, 3, 2, T0 + 7 * USEC_PER_HOUR);
    flush(&world);
    assert_string_equal(field(&world.cascade, "state"), "closed");
    assert_string_equal(field(&world.cascade, "forecast"), "absent");
    assert_string_equal(field(&world.cascade, "infectiousness"), "absent");
    assert_string_equal(field(&world.cascade, "stage"), "laggards");
    assert_string_not_equal(field(&world.cascade, "edepth"), "absent");
    pipeline_destroy(&world.pipeline);
}

static void
unknown_followers_count_as_the_median_and_0_as_0(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 20; i++) {
        retweet_by(&world, 1, T0 + i * USEC_PER_S, -1);
    }
    assert_field(&world, "infectiousness", "absent"); // nobody's number is known
    retweet_by(&world, 2, T0 + 21 * USEC_PER_S, 160);
    retweet_by(&world, 1, T0 + 22 * USEC_PER_S, 160);
    post(&world, 3, 3, T0 + USEC_PER_MIN);
    flush(&world);
    char with_median[TEXT_MAX];
    strcpy(with_median, field(&world.cascade, "infectiousness"));
    pipeline_destroy(&world.pipeline);

    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 20; i++) {
        retweet_by(&world, 1, T0 + i * USEC_PER_S, 160);
    }
    retweet_by(&world, 1, T0 + 22 * USEC_PER_S, 160);
    post(&world, 3, 3, T0 + USEC_PER_MIN);
    assert_field(&world, "infectiousness", with_median);
    pipeline_destroy(&world.pipeline);

    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 20; i++) {
        retweet_by(&world, 1, T0 + i * USEC_PER_S, 0);
    }
    post(&world, 3, 3, T0 + USEC_PER_MIN);
    flush(&world);
    assert_true(atof(field(&world.cascade, "infectiousness")) > 3 * atof(with_median));
    pipeline_destroy(&world.pipeline);
}

static void
an_undone_reshare_leaves_no_trace_in_the_next_estimate(void **state)
{
    (void)state;
    struct world worlds[2];
    for (int k = 0; k < 2; k++) {
        struct world *world = &worlds[k];
        create(world, 1000, true);
        post(world, 1, 1, T0);
        for (int i = 1; i <= 30; i++) {
            retweet_by(world, 1, T0 + i * USEC_PER_S, 10 * i);
            if (k == 1) {
                undo(world, retweet_by(world, 1, T0 + i * USEC_PER_S, 1 << 20));
            } else {
                retweet_by(world, 2, T0 + i * USEC_PER_S, 1 << 20); // same median
            }
        }
        post(world, 3, 3, T0 + 2 * USEC_PER_MIN);
        flush(world);
    }
    static const char *const same[] = {"size", "edepth", "infectiousness", "forecast"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_string_equal(field(&worlds[0].cascade, same[i]),
                            field(&worlds[1].cascade, same[i]));
    }
    pipeline_destroy(&worlds[0].pipeline);
    pipeline_destroy(&worlds[1].pipeline);
}

// The first five are shown to nobody new, then one to half of mankind, at once or later.
static void
followers_that_jump_give_finite_forecasts_within_their_band(void **state)
{
    (void)state;
    static const usec gaps[] = {0, 1000, USEC_PER_S, USEC_PER_MIN, USEC_PER_HOUR};
    for (size_t k = 0; k < sizeof(gaps) / sizeof(gaps[0]); k++) {
        struct world world;
        create(&world, 1000, true);
        post(&world, 1, 1, T0);
        for (int i = 1; i <= 60; i++) {
            usec time = T0 + USEC_PER_S + i * gaps[k];
            retweet_by(&world, 1, time, i % 10 == 6 ? 1000000000 : 0);
            double forecast = measure(&world, MEASURE_FORECAST);
            assert_true(isnan(forecast) || (isfinite(forecast) && forecast >= 5));
        }
        post(&world, 2, 2, T0 + 5 * USEC_PER_HOUR);
        flush(&world);
        double forecast = atof(field(&world.cascade, "forecast"));
        assert_true(forecast >= 60 && forecast < 1e18);
        assert_true(atof(field(&world.cascade, "forecast_low")) <= forecast);
        assert_true(atof(field(&world.cascade, "forecast_high")) >= forecast);
        pipeline_destroy(&world.pipeline);
    }
}

static void
a_clock_that_stops_or_jumps_gives_finite_forecasts(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 1; i <= 3000; i++) {
        retweet_by(&world, 1, T0, i % 3 == 0 ? -1 : (i % 3 == 1 ? 0 : INT32_MAX));
    }
    assert_field(&world, "size", "3000");
    retweet(&world, 1, T0 + 5 * USEC_PER_DAY);
    retweet(&world, 1, T0 - 6 * USEC_PER_DAY); // before the post
    flush(&world);
    for (size_t i = 0; i < world.cascade.count; i++) {
        assert_null(strstr(world.cascade.values[i], "nan"));
        assert_null(strstr(world.cascade.values[i], "inf"));
    }
    post(&world, 2, 2, T0 + 400 * USEC_PER_DAY);
    assert_field(&world, "edepth", "absent"); // gone
    pipeline_destroy(&world.pipeline);
}

// Older ones are merged, all others are taken back, and late ones fall among the merged.
static void
late_reshares_count_when_only_merged_ones_are_left(void **state)
{
    (void)state;
    enum { RESHARES = 3199, LATE = 3000 };
    static int numbers[RESHARES];
    struct world world;
    create(&world, 1000, true);
    post(&world, 1, 1, T0);
    for (int i = 0; i < RESHARES; i++) {
        numbers[i] = retweet(&world, 1, T0 + (i + 1) * 10 * USEC_PER_S);
    }
    const struct cascades *cascades = &world.pipeline->cascades;
    const struct cascade *row =
        cascades_at(cascades, cascades_find(cascades, SLICE_LIT("n:p1")));
    const struct forecast *forecast = forecast_at(world.pipeline->texts, row->forecast);
    assert_int_not_equal(forecast->merged.events, 0);
    int left = RESHARES;
    while (row->reshares.count != 0) {
        undo(&world, numbers[--left]);
    }
    assert_int_equal(forecast->merged.events, left);
    assert_true(measure(&world, MEASURE_SIZE) == left);
    for (int i = 0; i < LATE; i++) {
        retweet(&world, 1, T0 + (100 + i) * USEC_PER_S);
    }
    assert_int_equal(row->reshares.count, 0);
    assert_true(measure(&world, MEASURE_SIZE) == left + LATE);
    // The mark of 3200 is reached by older ones than that of 1600 was: not before it.
    assert_int_equal(forecast->next_mark, 10);
    assert_int_equal(forecast->marks[0], 1600 * 10000);
    // And everything is taken back in the end.
    while (left != 0) {
        undo(&world, numbers[--left]);
    }
    for (int i = 0; i < LATE; i++) {
        undo(&world, world.made - i);
    }
    assert_true(measure(&world, MEASURE_SIZE) == 0);
    assert_true(measure(&world, MEASURE_BURST) == 0);
    assert_int_equal(forecast->merged.events, 0);
    retweet(&world, 1, T0 + 20 * USEC_PER_S);
    assert_field(&world, "size", "1");
    pipeline_destroy(&world.pipeline);
}

// The daemon at capacity: forecasts go with their cascades, and timers do not pile up.
static void
evicted_cascades_take_their_pulse_with_them(void **state)
{
    (void)state;
    struct world world;
    create(&world, 1000, true);
    for (int root = 10; root < 4000; root++) {
        usec time = T0 + root * 10 * USEC_PER_S;
        post(&world, root, root, time);
        for (int i = 1; i <= 8; i++) {
            retweet(&world, root, time + i * USEC_PER_S);
        }
        if (root % 50 == 0) {
            flush(&world);
        }
    }
    assert_true(world.pipeline->cascades.evicted > 2000);
    assert_true(world.pipeline->forecasts.timers.count <= 1000);
    flush(&world);
    pipeline_destroy(&world.pipeline);
}

// Cascades that grow from `early` at ten minutes to four times as many.
static void
live_and_die(struct world *world, int from, int count)
{
    for (int root = from; root < from + count; root++) {
        usec time = T0 + root * USEC_PER_MIN;
        post(world, root, root % 7, time);
        int early = 6 + root % 5;
        for (int i = 1; i <= early; i++) {
            retweet_by(world, root, time + i * (20 + root % 17) * USEC_PER_S,
                       10 + root % 13);
        }
    }
    for (int root = from; root < from + count; root++) {
        int early = 6 + root % 5;
        for (int i = 1; i <= 3 * early; i++) {
            retweet(world, root,
                    T0 + (from + count) * USEC_PER_MIN + 12 * USEC_PER_MIN);
        }
        if (root % 20 == 0) {
            flush(world);
        }
    }
    post(world, from + count, 1, T0 + (from + count) * USEC_PER_MIN + USEC_PER_DAY);
    flush(world);
}

static void
what_was_learned_is_written_again_after_a_loss_and_a_restart(void **state)
{
    (void)state;
    struct world world;
    create(&world, 5000, true);
    live_and_die(&world, 100, 260);
    const char *text = field(&world.calibration, "10m");
    assert_int_equal(strncmp(text, "250 ", 4), 0);
    assert_string_equal(field(&world.calibration, "double:25"), "absent");
    char before[TEXT_MAX];
    strcpy(before, text);

    world.calibration.count = 0;
    flush(&world);
    assert_string_equal(field(&world.calibration, "10m"), "absent"); // told once
    changes_restart(world.pipeline);
    flush(&world);
    assert_string_equal(field(&world.calibration, "10m"), before);

    struct kept kept;
    assert_true(kept_save(&kept, world.pipeline));
    pipeline_destroy(&world.pipeline);
    create(&world, 5000, true);
    assert_true(kept_load(&kept, world.pipeline, NULL));
    changes_restart(world.pipeline);
    flush(&world);
    assert_string_equal(field(&world.calibration, "10m"), before);
    pipeline_destroy(&world.pipeline);

    create(&world, 5000, true);
    forecasts_recall(world.pipeline, SLICE_LIT("10m"), slice_of(before));
    forecasts_recall(world.pipeline, SLICE_LIT("10m"), SLICE_LIT("9 9 9 9 9 9 9 9 9"));
    forecasts_recall(world.pipeline, SLICE_LIT("1h"), SLICE_LIT("rubbish"));
    changes_restart(world.pipeline);
    flush(&world);
    assert_string_equal(field(&world.calibration, "10m"), before);
    assert_string_equal(field(&world.calibration, "1h"), "absent");
    pipeline_destroy(&world.pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_published_before_the_fifth_reshare),
        cmocka_unit_test(events_at_a_checkpoint_age_are_included_in_it),
        cmocka_unit_test(
            nothing_is_published_of_a_post_of_unknown_age_or_with_the_engine_off),
        cmocka_unit_test(five_reshares_at_once_have_a_forecast_at_the_next),
        cmocka_unit_test(a_supercritical_cascade_has_a_forecast_and_a_mark),
        cmocka_unit_test(unknown_followers_count_as_the_median_and_0_as_0),
        cmocka_unit_test(an_undone_reshare_leaves_no_trace_in_the_next_estimate),
        cmocka_unit_test(followers_that_jump_give_finite_forecasts_within_their_band),
        cmocka_unit_test(a_clock_that_stops_or_jumps_gives_finite_forecasts),
        cmocka_unit_test(late_reshares_count_when_only_merged_ones_are_left),
        cmocka_unit_test(evicted_cascades_take_their_pulse_with_them),
        cmocka_unit_test(what_was_learned_is_written_again_after_a_loss_and_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
