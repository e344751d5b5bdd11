#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/measures.h"
#include "pipeline/changes.h"
#include "pipeline/inside.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

static struct pipeline *
create(uint64_t cascades, bool with_engine)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.cascades_capacity = cascades;
    options.cascades_engine = with_engine;
    struct hash_key key = {1, 2};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_create(&options, &key, true, &error);
    assert_non_null(pipeline);
    return pipeline;
}

static void
flush(struct pipeline *pipeline)
{
    struct change change;
    size_t count = 0;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        count++;
    }
    changes_written(pipeline, count);
}

// The retweet `id` of a post by a person of its own, through the retweet `via`.
static void
retweet(struct pipeline *pipeline, int root, int id, int actor, int via, usec time)
{
    char ids[4][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(ids[0], "n:r", id),
        .time = time,
        .author.id = made_name(ids[1], "n:u", actor),
        .retweet_of = {.id = made_name(ids[2], "n:p", root), .created = USEC_NONE},
        .via = via != 0 ? made_name(ids[3], "n:r", via) : SLICE_NONE,
    };
    enum status status;
    while ((status = pipeline_post(pipeline, &post, INT64_MAX / 2)) == STATUS_AGAIN) {
        flush(pipeline);
    }
    assert_int_equal(status, STATUS_OK);
}

static double
measure(struct pipeline *pipeline, int root, enum measure what)
{
    char id[MADE_NAME_MAX];
    uint32_t cascade = cascades_find(&pipeline->cascades, made_name(id, "n:p", root));
    assert_int_not_equal(cascade, CASCADE_NONE);
    return measure_of(pipeline, cascade, what, INFINITY);
}

static void
parents_of_a_chain_has_a_depth_and_a_virality(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000, true);
    retweet(pipeline, 1, 1, 1, 0, T0);
    assert_true(isnan(measure(pipeline, 1, MEASURE_DEPTH)));
    for (int id = 2; id <= 4; id++) {
        retweet(pipeline, 1, id, id, id - 1, T0);
    }
    assert_int_equal(measure(pipeline, 1, MEASURE_DEPTH), 4);
    assert_int_equal(measure(pipeline, 1, MEASURE_VIRALITY), 2);
    assert_int_equal(pipeline_metrics(pipeline)->tree_nodes, 4);
    pipeline_destroy(&pipeline);
}

static void
parents_are_dropped_and_counted_for_edges_that_make_no_tree(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000, true);
    retweet(pipeline, 1, 1, 1, 2, T0);
    retweet(pipeline, 1, 2, 2, 1, T0); // each through the other
    assert_int_equal(pipeline_metrics(pipeline)->tree_cycles, 1);
    assert_int_equal(pipeline_metrics(pipeline)->tree_late, 1);
    assert_int_equal(measure(pipeline, 1, MEASURE_DEPTH), 2);
    retweet(pipeline, 1, 3, 1, 2, T0); // the first person again
    assert_int_equal(pipeline_metrics(pipeline)->tree_second_parents, 1);
    retweet(pipeline, 2, 4, 4, 1, T0); // through a retweet of another post
    assert_int_equal(pipeline_metrics(pipeline)->vias_dropped, 1);
    assert_int_equal(measure(pipeline, 2, MEASURE_SIZE), 1);
    assert_true(isnan(measure(pipeline, 2, MEASURE_DEPTH)));
    pipeline_destroy(&pipeline);
}

static void
parents_are_waited_for_ten_minutes(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000, true);
    retweet(pipeline, 1, 1, 1, 9, T0);
    retweet(pipeline, 1, 2, 2, 1, T0);
    retweet(pipeline, 2, 3, 3, 0, T0 + TREE_WAIT - 1);
    assert_int_equal(pipeline_metrics(pipeline)->tree_abandoned, 0);
    assert_true(isnan(measure(pipeline, 1, MEASURE_DEPTH)));
    assert_int_equal(measure(pipeline, 1, MEASURE_SIZE), 2);
    retweet(pipeline, 2, 4, 4, 0, T0 + TREE_WAIT);
    assert_int_equal(pipeline_metrics(pipeline)->tree_abandoned, 1);
    assert_int_equal(measure(pipeline, 1, MEASURE_DEPTH), 2);
    pipeline_destroy(&pipeline);
}

static void
parents_in_an_evicted_cascade_are_gone(void **state)
{
    (void)state;
    enum { CAPACITY = 1000, ROOTS = 4000 };
    struct pipeline *pipeline = create(CAPACITY, true);
    int id = 1;
    for (int root = 1; root <= ROOTS; root++) {
        retweet(pipeline, root, id, 1, 0, T0 + root);
        retweet(pipeline, root, id + 1, 2, id, T0 + root);
        retweet(pipeline, root, id + 2, 3, ROOTS * 4, T0 + root);
        id += 3;
        if (root % 20 == 0) {
            flush(pipeline);
        }
    }
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_true(metrics->cascades_evicted > 0);
    assert_int_equal(metrics->refused, 0);
    assert_true(metrics->tree_nodes <= 3 * metrics->cascades);
    pipeline_destroy(&pipeline);
}

static void
parents_are_not_sought_without_the_engine(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000, false);
    retweet(pipeline, 1, 1, 1, 0, T0);
    retweet(pipeline, 1, 2, 2, 1, T0);
    assert_int_equal(measure(pipeline, 1, MEASURE_SIZE), 2);
    assert_true(isnan(measure(pipeline, 1, MEASURE_DEPTH)));
    assert_int_equal(pipeline_metrics(pipeline)->tree_nodes, 0);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents_of_a_chain_has_a_depth_and_a_virality),
        cmocka_unit_test(parents_are_dropped_and_counted_for_edges_that_make_no_tree),
        cmocka_unit_test(parents_are_waited_for_ten_minutes),
        cmocka_unit_test(parents_in_an_evicted_cascade_are_gone),
        cmocka_unit_test(parents_are_not_sought_without_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
