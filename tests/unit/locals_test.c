// Posts that a source names by an id of its own.
#include "pipeline/records/locals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pipeline/pipeline.h"
#include "tests/unit/kept.h"
#include "tests/unit/made_pipeline.h"

#define URI SLICE_LIT("masto:https://b.example/1")

static struct pipeline *
create(void)
{
    return made_pipeline("memory.posts=1M");
}

static void
feed(struct pipeline *pipeline, const struct post *post)
{
    assert_int_equal(pipeline_post(pipeline, post, WALL), STATUS_OK);
}

static void
publish(struct pipeline *pipeline, const char *source, const char *alias,
        struct slice id)
{
    feed(pipeline, &(struct post){.kind = POST_PUBLISHED,
                                  .id = id,
                                  .alias = slice_of(alias),
                                  .source = slice_of(source),
                                  .time = T0,
                                  .author.id = SLICE_LIT("masto:leo")});
}

static void
answer(struct pipeline *pipeline, const char *source, const char *alias,
       const char *author)
{
    feed(pipeline, &(struct post){.kind = POST_PUBLISHED,
                                  .id = SLICE_LIT("masto:https://a.example/answer"),
                                  .source = slice_of(source),
                                  .time = T0,
                                  .author.id = SLICE_LIT("masto:kim"),
                                  .reply_to = {.alias = slice_of(alias),
                                               .author.id = slice_of(author),
                                               .created = USEC_NONE}});
}

static void
take_back(struct pipeline *pipeline, const char *source, const char *alias)
{
    feed(pipeline, &(struct post){.kind = POST_DELETED,
                                  .alias = slice_of(alias),
                                  .source = slice_of(source)});
}

static void
boost(struct pipeline *pipeline, const char *id, const char *alias)
{
    feed(pipeline, &(struct post){.kind = POST_RETWEETED,
                                  .id = slice_of(id),
                                  .source = SLICE_LIT("b"),
                                  .time = T0,
                                  .author.id = SLICE_LIT("masto:mia"),
                                  .retweet_of = {.id = URI,
                                                 .alias = slice_of(alias),
                                                 .author.id = SLICE_LIT("masto:leo"),
                                                 .created = USEC_NONE}});
}

static void
a_reply_reaches_the_post_by_the_id_of_the_second_server(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, "a", "111", URI);
    publish(pipeline, "b", "999", URI); // a duplicate
    answer(pipeline, "b", "999", NULL);
    assert_int_equal(pipeline_metrics(pipeline)->interactions, 1);
    assert_int_equal(pipeline_metrics(pipeline)->cascades, 1);
    boost(pipeline, "masto:boost", NULL);
    assert_int_equal(pipeline_metrics(pipeline)->cascades, 1);
    pipeline_destroy(&pipeline);
}

static void
a_deletion_reaches_the_post_by_the_id_of_the_second_server(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, "a", "111", URI);
    publish(pipeline, "b", "999", URI);
    take_back(pipeline, "b", "111"); // not a name there
    assert_int_equal(pipeline_metrics(pipeline)->undone, 0);
    assert_int_equal(pipeline_metrics(pipeline)->undo_unknown, 1);
    take_back(pipeline, "b", "999");
    assert_int_equal(pipeline_metrics(pipeline)->undone, 1);
    pipeline_destroy(&pipeline);
}

static void
the_same_id_of_two_sources_names_two_posts(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, "a", "5", URI);
    publish(pipeline, "b", "5", SLICE_LIT("masto:https://c.example/2"));
    take_back(pipeline, "a", "5");
    take_back(pipeline, "a", "5");
    assert_int_equal(pipeline_metrics(pipeline)->undone, 1);
    take_back(pipeline, "b", "5");
    assert_int_equal(pipeline_metrics(pipeline)->undone, 2);
    take_back(pipeline, "", "5");
    assert_int_equal(pipeline_metrics(pipeline)->undo_unknown, 1);
    pipeline_destroy(&pipeline);
}

static void
the_id_of_a_boosted_post_is_learnt_too(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    boost(pipeline, "masto:boost", "7");
    answer(pipeline, "b", "7", NULL);
    assert_int_equal(pipeline_metrics(pipeline)->interactions, 2);
    assert_int_equal(pipeline_metrics(pipeline)->cascades, 1);
    pipeline_destroy(&pipeline);
}

static void
a_reply_to_an_unknown_post_counts_for_its_author_only(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    answer(pipeline, "a", "33", "masto:leo");
    assert_int_equal(pipeline_metrics(pipeline)->interactions, 1);
    assert_int_equal(pipeline_metrics(pipeline)->cascades, 0);
    pipeline_destroy(&pipeline);
    pipeline = create();
    answer(pipeline, "a", "33", NULL);
    assert_int_equal(pipeline_metrics(pipeline)->interactions, 0);
    assert_int_equal(pipeline_metrics(pipeline)->posts, 1);
    pipeline_destroy(&pipeline);
    pipeline = create();
    answer(pipeline, "a", "33", "masto:kim");
    assert_int_equal(pipeline_metrics(pipeline)->self_ignored, 1);
    pipeline_destroy(&pipeline);
    pipeline = create();
    // Who speaks to a person answers no post.
    answer(pipeline, "a", NULL, "masto:leo");
    assert_int_equal(pipeline_metrics(pipeline)->interactions, 0);
    assert_int_equal(pipeline_metrics(pipeline)->posts, 1);
    pipeline_destroy(&pipeline);
}

static void
local_ids_outlive_a_restart(void **state)
{
    (void)state;
    struct kept kept;
    struct pipeline *pipeline = create();
    publish(pipeline, "a", "111", URI);
    publish(pipeline, "b", "999", URI);
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = create();
    assert_true(kept_load(&kept, pipeline, NULL));
    take_back(pipeline, "b", "999");
    assert_int_equal(pipeline_metrics(pipeline)->undone, 1);
    pipeline_destroy(&pipeline);
}

static void
the_oldest_is_evicted_and_reported(void **state)
{
    (void)state;
    struct locals locals = {0};
    uint64_t post = 0;
    assert_true(locals_init(&locals, 3));
    for (uint64_t i = 1; i <= 3; i++) {
        assert_true(locals_learn(&locals, i << 32, i));
    }
    assert_true(locals_learn(&locals, (uint64_t)1 << 32, 9)); // known
    assert_true(locals_find(&locals, (uint64_t)1 << 32, &post));
    assert_int_equal(post, 9);
    assert_false(locals_learn(&locals, (uint64_t)4 << 32, 4));
    assert_false(locals_find(&locals, (uint64_t)1 << 32, &post));
    for (uint64_t i = 2; i <= 4; i++) {
        assert_true(locals_find(&locals, i << 32, &post));
        assert_int_equal(post, i);
    }
    locals_fini(&locals);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_reaches_the_post_by_the_id_of_the_second_server),
        cmocka_unit_test(a_deletion_reaches_the_post_by_the_id_of_the_second_server),
        cmocka_unit_test(the_same_id_of_two_sources_names_two_posts),
        cmocka_unit_test(the_id_of_a_boosted_post_is_learnt_too),
        cmocka_unit_test(a_reply_to_an_unknown_post_counts_for_its_author_only),
        cmocka_unit_test(local_ids_outlive_a_restart),
        cmocka_unit_test(the_oldest_is_evicted_and_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
