#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/rules.h"
#include "pipeline/changes.h"
#include "pipeline/fold/rewind.h"
#include "pipeline/pipeline.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700006400 * USEC_PER_S) // a midnight
#define S USEC_PER_S
#define MIN USEC_PER_MIN

enum { TEXT_MAX = 1 << 18 };

// With windows of 5 minutes and of that length.
static struct pipeline *
create_longest(usec longest)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.users_capacity = 8000;
    options.cascades_capacity = 2000;
    options.windows.length[0] = 5 * MIN;
    options.windows.length[1] = longest;
    options.windows.count = 2;
    struct hash_key key = {1, 2};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_create(&options, &key, false, &error);
    assert_non_null(pipeline);
    return pipeline;
}

static struct pipeline *
create(void)
{
    return create_longest(USEC_PER_HOUR);
}

static void
retweet(struct pipeline *pipeline, int id, int root, usec time, usec wall)
{
    char ids[4][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(ids[0], "n:r", id),
        .time = time,
        .author = {.id = made_name(ids[1], "n:u", id),
                   .followers = (uint32_t)(id % 7),
                   .has_followers = true},
        .retweet_of = {.id = made_name(ids[2], "n:p", root),
                       .author.id = made_name(ids[3], "n:author", root),
                       .created = T0 - MIN},
    };
    assert_int_equal(pipeline_post(pipeline, &post, wall), STATUS_OK);
}

static void
publish(struct pipeline *pipeline, int id, usec time, usec wall)
{
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(ids[0], "n:q", id),
        .time = time,
        .author.id = made_name(ids[1], "n:u", id % 31),
    };
    assert_int_equal(pipeline_post(pipeline, &post, wall), STATUS_OK);
}

static void
undo(struct pipeline *pipeline, int id, usec wall)
{
    char ids[1][MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(ids[0], "n:r", id)};
    assert_int_equal(pipeline_post(pipeline, &post, wall), STATUS_OK);
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Everything the boards hold, sorted.
static const char *
boards(struct pipeline *pipeline, char text[TEXT_MAX])
{
    static char lines[4096][64];
    char *sorted[4096];
    size_t count = 0;
    struct change change;
    changes_restart(pipeline);
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        for (size_t i = 0; change.kind == CHANGE_BOARD && i < change.entry_count; i++) {
            assert_true(count < 4096);
            sorted[count] = lines[count];
            snprintf(lines[count++], sizeof(lines[0]), "%.*s %.*s %" PRIu64 "\n",
                     SLICE_ARG(change.name), SLICE_ARG(change.entries[i].member),
                     change.entries[i].score);
        }
    }
    changes_written(pipeline, SIZE_MAX);
    qsort(sorted, count, sizeof(sorted[0]), by_text);
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s", sorted[i]);
    }
    return text;
}

static bool
is_complete(const struct pipeline *pipeline)
{
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    return meta.is_complete;
}

static void
what_was_counted_ahead_counts_now_when_the_clock_is_set_back(void **state)
{
    (void)state;
    static char before[TEXT_MAX];
    static char after[TEXT_MAX];
    struct pipeline *pipeline = create();
    for (int i = 0; i < 100; i++) {
        retweet(pipeline, i, i % 9, T0 + i * S, T0 + i * S);
        publish(pipeline, i, T0 + i * S, T0 + i * S);
    }
    boards(pipeline, before);
    pipeline_step(pipeline, T0 - 2 * USEC_PER_DAY);
    assert_true(pipeline_clock(pipeline) == T0 - 2 * USEC_PER_DAY);
    assert_string_equal(boards(pipeline, after), before);
    // A window later it has left, as if it had happened when the clock was set back.
    pipeline_advance(pipeline, T0 - 2 * USEC_PER_DAY + USEC_PER_HOUR - MIN);
    assert_non_null(strstr(boards(pipeline, after), "posts:1h"));
    assert_null(strstr(after, "posts:5m"));
    pipeline_advance(pipeline, T0 - 2 * USEC_PER_DAY + USEC_PER_HOUR);
    assert_string_equal(boards(pipeline, after), "");
    pipeline_destroy(&pipeline);
}

static void
an_undo_after_the_step_takes_back_exactly_what_was_added(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    struct pipeline *pipeline = create();
    for (int i = 0; i < 50; i++) {
        retweet(pipeline, i, 1, T0 + i * 3 * S, T0 + i * 3 * S);
    }
    pipeline_step(pipeline, T0 - 10 * MIN);
    pipeline_advance(pipeline, T0 - 9 * MIN);
    for (int i = 0; i < 50; i++) {
        undo(pipeline, i, T0 - 9 * MIN);
    }
    assert_string_equal(boards(pipeline, text), "");
    pipeline_advance(pipeline, T0 + 10 * USEC_PER_HOUR);
    assert_string_equal(boards(pipeline, text), "");
    pipeline_destroy(&pipeline);
}

static void
windows_are_incomplete_as_long_as_a_step_can_show_in_them(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, 1, T0, T0);
    usec now = T0 + 2 * USEC_PER_HOUR;
    pipeline_advance(pipeline, now);
    assert_true(is_complete(pipeline));
    pipeline_step(pipeline, now - 2 * MIN);
    assert_false(is_complete(pipeline));
    pipeline_advance(pipeline, now - 1);
    assert_false(is_complete(pipeline));
    pipeline_advance(pipeline, now);
    assert_true(is_complete(pipeline));
    pipeline_step(pipeline, now + 2 * USEC_PER_DAY); // wrong
    assert_false(is_complete(pipeline));
    pipeline_step(pipeline, now + MIN); // and back
    assert_false(is_complete(pipeline));
    pipeline_advance(pipeline, now + MIN + USEC_PER_HOUR - 1);
    assert_false(is_complete(pipeline));
    pipeline_advance(pipeline, now + MIN + USEC_PER_HOUR);
    assert_true(is_complete(pipeline));
    assert_int_equal(pipeline_metrics(pipeline)->clock_steps, 3);
    pipeline_destroy(&pipeline);
}

// Posts come every second, most of them dated; the wall clock is off by `step` between
// two moments. Returns the boards a window after that.
static const char *
run(usec step, int from, int to, int end, char text[TEXT_MAX])
{
    struct pipeline *pipeline = create();
    for (int i = 0; i < end; i++) {
        usec right = T0 + i * S;
        usec wall = right + (i >= from && i < to ? step : 0);
        if (i == from || i == to) {
            pipeline_step(pipeline, wall);
        }
        pipeline_advance(pipeline, wall);
        retweet(pipeline, i, i / 600 * 3 + i % 3, i % 5 == 0 ? wall : right, wall);
        publish(pipeline, i, right, wall);
        if (i % 13 == 0) {
            undo(pipeline, i - 5, wall);
        }
    }
    boards(pipeline, text);
    pipeline_destroy(&pipeline);
    return text;
}

static void
a_window_after_a_step_and_its_return_boards_are_as_without(void **state)
{
    (void)state;
    static char without[TEXT_MAX];
    static char with[TEXT_MAX];
    static const usec steps[] = {2 * USEC_PER_DAY,  USEC_PER_HOUR, -2 * MIN,
                                 -2 * USEC_PER_DAY, 20 * S,        30 * USEC_PER_DAY};
    enum { FROM = 1000, TO = 1400, END = TO + 3600 + 60 };
    run(0, FROM, TO, END, without);
    assert_non_null(strstr(without, "influence:1h n:author"));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        assert_string_equal(run(steps[i], FROM, TO, END, with), without);
    }
}

static void
a_snapshot_made_by_a_wrong_clock_continues_by_the_right_one(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    struct pipeline *pipeline = create();
    usec wrong = T0 + 2 * USEC_PER_DAY;
    for (int i = 0; i < 100; i++) {
        retweet(pipeline, i, i % 9, wrong + i, wrong + i);
    }
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = create();
    assert_true(kept_load(&kept, pipeline, NULL));
    pipeline_step(pipeline, T0);
    assert_false(is_complete(pipeline));
    for (int i = 100; i < 200; i++) {
        retweet(pipeline, i, i % 9, T0 + i, T0 + i);
    }
    assert_non_null(strstr(boards(pipeline, text), "retweets:5m n:author1 23"));
    struct kept again;
    assert_true(kept_save(&again, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = create();
    assert_true(kept_load(&again, pipeline, NULL));
    assert_false(is_complete(pipeline));
    pipeline_destroy(&pipeline);
}

static size_t
alerts(struct pipeline *pipeline)
{
    size_t count = 0;
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        count += change.kind == CHANGE_ALERT;
    }
    changes_written(pipeline, SIZE_MAX);
    return count;
}

static void
a_daily_budget_that_is_spent_stays_spent_when_the_day_comes_again(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    static struct rule rule = {.name = "few", .daily_budget = 2};
    option_presets(rule_option_rows, &rule);
    rule.min_size = 3;
    rule.daily_budget = 2;
    pipeline_set_rules(pipeline, &rule, 1);
    usec now = T0 + 23 * USEC_PER_HOUR;
    int id = 0;
    size_t told = 0;
    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 30; i++) {
            retweet(pipeline, id, id / 3, now, now);
            id++;
            told += alerts(pipeline);
        }
        assert_int_equal(told, 2);
        pipeline_step(pipeline, now + 10 * S);
        pipeline_step(pipeline, now);
    }
    pipeline_destroy(&pipeline);
}

static void
a_cascade_that_had_closed_by_a_wrong_clock_is_open_again(void **state)
{
    (void)state;
    struct pipeline *pipeline = create_longest(USEC_PER_DAY);
    for (int i = 0; i < 10; i++) {
        retweet(pipeline, i, 1, T0 + i * S, T0 + i * S);
    }
    (void)alerts(pipeline);
    for (int turn = 0; turn < 2; turn++) {
        pipeline_step(pipeline, turn == 0 ? T0 + 7 * USEC_PER_HOUR : T0 + 20 * S);
        struct change change;
        int seen = 0;
        changes_begin(pipeline);
        while (changes_next(pipeline, &change)) {
            for (size_t i = 0; change.kind == CHANGE_CASCADE && i < change.field_count;
                 i++) {
                if (slice_equal(change.fields[i].name, SLICE_LIT("state"))) {
                    seen++;
                    assert_true(slice_equal(change.fields[i].value,
                                            turn == 0 ? SLICE_LIT("closed")
                                                      : SLICE_LIT("open")));
                }
            }
        }
        changes_written(pipeline, SIZE_MAX);
        assert_int_equal(seen, 1);
    }
    pipeline_destroy(&pipeline);
}

static void
a_step_before_the_first_post_is_none(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    pipeline_step(pipeline, T0);
    assert_true(pipeline_clock(pipeline) == 0);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_counted_ahead_counts_now_when_the_clock_is_set_back),
        cmocka_unit_test(an_undo_after_the_step_takes_back_exactly_what_was_added),
        cmocka_unit_test(windows_are_incomplete_as_long_as_a_step_can_show_in_them),
        cmocka_unit_test(a_window_after_a_step_and_its_return_boards_are_as_without),
        cmocka_unit_test(a_snapshot_made_by_a_wrong_clock_continues_by_the_right_one),
        cmocka_unit_test(
            a_daily_budget_that_is_spent_stays_spent_when_the_day_comes_again),
        cmocka_unit_test(a_cascade_that_had_closed_by_a_wrong_clock_is_open_again),
        cmocka_unit_test(a_step_before_the_first_post_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
