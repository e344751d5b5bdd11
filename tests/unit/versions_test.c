// Versions of an edited post are one post.
#include "pipeline/fold/versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "tests/unit/flushed.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

static void
feed(struct pipeline *pipeline, const struct post *post)
{
    assert_int_equal(pipeline_post(pipeline, post, WALL), STATUS_OK);
}

// original: the first version's id, 0 if this is the first.
static void
publish(struct pipeline *pipeline, int id, int original)
{
    char ids[2][MADE_NAME_MAX];
    feed(pipeline,
         &(struct post){
             .id = made_name(ids[0], "x:", id),
             .original = original != 0 ? made_name(ids[1], "x:", original) : SLICE_NONE,
             .time = T0,
             .author.id = SLICE_LIT("x:7"),
             .text = SLICE_LIT("tea"),
         });
}

// original: as the message includes it, else 0.
static void
retweet(struct pipeline *pipeline, int actor, int root, int original)
{
    char ids[4][MADE_NAME_MAX];
    feed(
        pipeline,
        &(struct post){
            .kind = POST_RETWEETED,
            .id = made_name(ids[0], "x:", 100 + actor),
            .time = T0,
            .author.id = made_name(ids[1], "x:u", actor),
            .retweet_of = {.id = made_name(ids[2], "x:", root),
                           .original = original != 0 ? made_name(ids[3], "x:", original)
                                                     : SLICE_NONE,
                           .created = USEC_NONE},
        });
}

static void
delete_post(struct pipeline *pipeline, int id)
{
    char buffer[MADE_NAME_MAX];
    feed(pipeline,
         &(struct post){.kind = POST_DELETED, .id = made_name(buffer, "x:", id)});
}

static void
reshares_of_all_versions_are_one_cascade(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    publish(pipeline, 1, 0);
    retweet(pipeline, 1, 1, 0);
    retweet(pipeline, 2, 2, 1);
    retweet(pipeline, 3, 2, 0); // with the id alone
    publish(pipeline, 3, 1);
    retweet(pipeline, 4, 3, 0);
    FLUSHED_HAS(pipeline, "cascades:1h x:1=4\n", "retweets:1h x:7=4\n",
                "posts:1h x:7=1\n");
    retweet(pipeline, 1, 3, 1); // again by the same person
    assert_int_equal(pipeline_metrics(pipeline)->duplicates, 2);
    delete_post(pipeline, 3);
    FLUSHED_HAS(pipeline, "x:1 gone", "posts:1h x:7=0\n");
    pipeline_destroy(&pipeline);
}

static void
the_version_that_comes_first_counts(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    retweet(pipeline, 1, 2, 1);
    retweet(pipeline, 2, 1, 0);
    retweet(pipeline, 3, 3, 1);
    FLUSHED_HAS(pipeline, "cascades:1h x:2=3\n");
    publish(pipeline, 1, 0); // of which no message said that it was edited
    publish(pipeline, 2, 1);
    publish(pipeline, 3, 1);
    FLUSHED_HAS(pipeline, "posts:1h x:7=1\n", "x:2 author=x:7", "text=tea");
    assert_int_equal(pipeline_metrics(pipeline)->duplicates, 2);
    delete_post(pipeline, 3);
    FLUSHED_HAS(pipeline, "x:2 gone", "posts:1h x:7=0\n");
    pipeline_destroy(&pipeline);
}

static void
a_cascade_is_named_by_the_version_that_counts(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    publish(pipeline, 1, 0);
    publish(pipeline, 2, 1);
    retweet(pipeline, 1, 2, 1);
    FLUSHED_HAS(pipeline, "cascades:1h x:1=1\n");
    pipeline_destroy(&pipeline);
}

static void
versions_that_were_counted_apart_stay_so(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    retweet(pipeline, 1, 1, 0);
    retweet(pipeline, 2, 2, 0);
    publish(pipeline, 2, 1);
    retweet(pipeline, 3, 2, 0);
    FLUSHED_HAS(pipeline, "cascades:1h x:1=2 x:2=1\n");
    delete_post(pipeline, 2);
    FLUSHED_HAS(pipeline, "x:1 gone", "x:2 gone");
    pipeline_destroy(&pipeline);
}

static void
a_version_whose_cascade_is_known_keeps_it(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    retweet(pipeline, 1, 2, 0);
    publish(pipeline, 1, 0);
    publish(pipeline, 2, 1); // what connects them
    retweet(pipeline, 2, 2, 0);
    retweet(pipeline, 3, 2, 1);
    FLUSHED_HAS(pipeline, "cascades:1h x:2=3\n");
    retweet(pipeline, 4, 1, 0); // of the other, which had none
    retweet(pipeline, 5, 2, 1);
    FLUSHED_HAS(pipeline, "cascades:1h x:1=2\n");
    assert_int_equal(pipeline_metrics(pipeline)->duplicates, 1);
    delete_post(pipeline, 2);
    FLUSHED_HAS(pipeline, "x:2 gone", "x:1 gone", "posts:1h x:7=0\n");
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshares_of_all_versions_are_one_cascade),
        cmocka_unit_test(the_version_that_comes_first_counts),
        cmocka_unit_test(a_cascade_is_named_by_the_version_that_counts),
        cmocka_unit_test(versions_that_were_counted_apart_stay_so),
        cmocka_unit_test(a_version_whose_cascade_is_known_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
