// How cascades grew, and their trees, as readers see them.
#include "pipeline/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/forecast/forecast.h"
#include "pipeline/inside.h"
#include "pipeline/views_tree.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

enum { RESHARES = 3 * FORECAST_EXACT_MAX, POINTS = 300 };

static void
feed(struct pipeline *pipeline, const struct post *post)
{
    assert_int_equal(pipeline_post(pipeline, post, WALL), STATUS_OK);
}

// A root of T0 that is reshared once a second, so often that most reshares are merged.
static struct pipeline *
create(void)
{
    struct pipeline *pipeline = made_pipeline("windows=1h");
    feed(pipeline, &(struct post){.id = SLICE_LIT("n:root"),
                                  .time = T0,
                                  .author.id = SLICE_LIT("n:author")});
    for (int i = 1; i <= RESHARES; i++) {
        char ids[2][MADE_NAME_MAX];
        feed(pipeline,
             &(struct post){
                 .kind = POST_RETWEETED,
                 .id = made_name(ids[0], "n:r", i),
                 .time = T0 + i * USEC_PER_S,
                 .author = {.id = made_name(ids[1], "n:u", i), .followers = 10},
                 .retweet_of = {.id = SLICE_LIT("n:root"),
                                .author.id = SLICE_LIT("n:author"),
                                .created = T0},
             });
    }
    return pipeline;
}

static void
growth_of_a_large_cascade_is_that_of_its_reshares(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    uint32_t cascade = cascades_find(&pipeline->cascades, SLICE_LIT("n:root"));
    static const size_t most[] = {VIEWS_POINTS_MIN, 10, POINTS};
    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        struct views_point points[POINTS];
        size_t count = views_growth(pipeline, cascade, points, most[i]);
        assert_in_range(count, VIEWS_POINTS_MIN, most[i]);
        assert_int_equal(points[0].age, 0);
        assert_int_equal(points[0].size, 0);
        assert_int_equal(points[count - 1].age, RESHARES * USEC_PER_S);
        assert_int_equal(points[count - 1].size, RESHARES);
        for (size_t k = 1; k < count; k++) {
            // One reshare a second; merged ones are counted a little late.
            uint64_t seconds = (uint64_t)(points[k].age / USEC_PER_S);
            assert_true(points[k].age > points[k - 1].age);
            assert_true(points[k].size > points[k - 1].size);
            assert_in_range(points[k].size, seconds - seconds / 20 - 1, seconds);
        }
    }
    pipeline_destroy(&pipeline);
}

static void
retweet(struct pipeline *pipeline, int number, int via)
{
    char ids[3][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(ids[0], "n:r", number),
        .time = T0 + number * USEC_PER_S,
        .author.id = made_name(ids[1], "n:u", number),
        .retweet_of = {.id = SLICE_LIT("n:root"),
                       .author.id = SLICE_LIT("n:author"),
                       .created = T0},
        .via = via != 0 ? made_name(ids[2], "n:r", via) : SLICE_NONE,
    };
    feed(pipeline, &post);
}

// root <- 1 <- 2 <- 3, of which 2 is deleted.
static void
below_a_reshare_that_is_not_listed_the_parent_is_not_observed(void **state)
{
    (void)state;
    static struct views_tree tree;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    for (int i = 1; i <= 3; i++) {
        retweet(pipeline, i, i - 1);
    }
    uint32_t cascade = cascades_find(&pipeline->cascades, SLICE_LIT("n:root"));
    views_tree(pipeline, cascade, &tree);
    assert_int_equal(tree.count, 4);
    assert_int_equal(tree.rows[3].parent, 2);
    assert_true(tree.rows[3].is_observed);
    feed(pipeline, &(struct post){.kind = POST_DELETED, .id = SLICE_LIT("n:r2")});
    views_tree(pipeline, cascade, &tree);
    assert_int_equal(tree.count, 3);
    assert_int_equal(tree.rows[2].time, T0 + 3 * USEC_PER_S);
    assert_int_equal(tree.rows[2].parent, 1);
    assert_false(tree.rows[2].is_observed);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_of_a_large_cascade_is_that_of_its_reshares),
        cmocka_unit_test(below_a_reshare_that_is_not_listed_the_parent_is_not_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
