// One person under two names.
#include "pipeline/fold/persons.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/text/text.h"
#include "pipeline/changes.h"
#include "pipeline/fold/names.h"
#include "pipeline/pipeline.h"
#include "pipeline/records/traces.h"
#include "tests/unit/flushed.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define WALL (T0 + 3650 * USEC_PER_DAY)
#define ANN ((struct post_user){.id = SLICE_LIT("x:1"), .handle = SLICE_LIT("Ann")})
#define ALONE                                                                          \
    ((struct post_user){.id = SLICE_LIT("x:@ann"), .handle = SLICE_LIT("ann")})
#define BOB ((struct post_user){.id = SLICE_LIT("x:2")})

static struct pipeline *
create(uint64_t users)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.memory_posts = 1 << 20;
    options.users_capacity = users;
    struct hash_key key = {1, 2};
    struct pipeline *pipeline = pipeline_create(&options, &key, true, NULL);
    assert_non_null(pipeline);
    return pipeline;
}

static void
feed(struct pipeline *pipeline, const struct post *post)
{
    enum status status;
    while ((status = pipeline_post(pipeline, post, WALL)) == STATUS_AGAIN) {
        free(flushed(pipeline));
    }
    assert_int_equal(status, STATUS_OK);
}

static void
publish(struct pipeline *pipeline, int id, struct post_user author,
        struct post_user mention)
{
    char buffer[MADE_NAME_MAX];
    feed(pipeline, &(struct post){
                       .kind = POST_PUBLISHED,
                       .id = made_name(buffer, "x:", id),
                       .time = T0,
                       .author = author,
                       .mentions = &mention,
                       .mention_count = mention.id.len != 0,
                   });
}

static void
retweet(struct pipeline *pipeline, int id, struct post_user actor, int root)
{
    char ids[2][MADE_NAME_MAX];
    feed(pipeline,
         &(struct post){
             .kind = POST_RETWEETED,
             .id = made_name(ids[0], "x:", id),
             .time = T0,
             .author = actor,
             .retweet_of = {.id = made_name(ids[1], "x:", root), .created = USEC_NONE},
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
a_known_handle_leads_to_its_person(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, ANN, (struct post_user){0});
    publish(pipeline, 11, BOB, ALONE);
    publish(pipeline, 12, BOB,
            (struct post_user){.id = SLICE_LIT("x:@ANN"), .handle = SLICE_LIT("ANN")});
    FLUSHED_HAS(pipeline, "mentions:1h x:1=2\n", "x:1 handle=Ann");
    assert_int_equal(pipeline_metrics(pipeline)->users, 2);
    pipeline_destroy(&pipeline);
}

// Final and other sigma, capitals; composed or not.
static void
handles_outside_ascii_are_compared_as_hashtags_are(void **state)
{
    (void)state;
    const struct {
        struct slice shown;
        struct slice id;
        const char *key;
    } rows[] = {
        {SLICE_LIT("Νίκος"), SLICE_LIT("x:@ΝΊΚΟΣ"), "+handle:x:νίκοσ"},
        {SLICE_LIT("ZOE\u0308"), SLICE_LIT("x:@Zo\u00eb"), "+handle:x:zo\u00eb"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct post_user ann = {.id = SLICE_LIT("x:1"), .handle = rows[i].shown};
        const struct post_user alone = {.id = rows[i].id};
        char handle[64];
        struct pipeline *pipeline = create(1000);
        pipeline_fold_handles(pipeline, text_fold);
        publish(pipeline, 10, BOB, alone);
        publish(pipeline, 11, ann, (struct post_user){0});
        publish(pipeline, 12, BOB, alone);
        snprintf(handle, sizeof(handle), "x:1 handle=%.*s", SLICE_ARG(rows[i].shown));
        FLUSHED_HAS(pipeline, "mentions:1h x:1=2\n", handle, rows[i].key);
        publish(pipeline, 13,
                (struct post_user){.id = SLICE_LIT("x:1"), .handle = SLICE_LIT("Ann")},
                (struct post_user){0});
        FLUSHED_HAS(pipeline, "x:1 handle=Ann", "+handle:x:ann");
        pipeline_destroy(&pipeline);
    }
}

static void
counts_move_over_when_the_id_is_learnt(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, BOB, ALONE);
    publish(pipeline, 11, BOB, (struct post_user){.id = SLICE_LIT("x:1")});
    FLUSHED_HAS(pipeline, "mentions:1h x:@ann=1 x:1=1\n", "+handle:x:ann");
    publish(pipeline, 12, ANN, (struct post_user){0});
    FLUSHED_HAS(pipeline, "x:@ann gone", "x:1 handle=Ann", "mentions:1h=2",
                "+handle:x:ann");
    FLUSHED_HAS(pipeline, ""); // nothing is left over
    assert_int_equal(pipeline_metrics(pipeline)->users_merged, 1);
    delete_post(pipeline, 10);
    FLUSHED_HAS(pipeline, "mentions:1h x:1=1\n");
    delete_post(pipeline, 11);
    FLUSHED_HAS(pipeline, "mentions:1h x:1=0\n");
    pipeline_destroy(&pipeline);
}

static void
who_shows_the_id_in_the_same_message_is_no_second_person(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    struct post_user mentions[] = {ALONE, ANN};
    feed(pipeline, &(struct post){.kind = POST_PUBLISHED,
                                  .id = SLICE_LIT("x:10"),
                                  .time = T0,
                                  .author = BOB,
                                  .mentions = mentions,
                                  .mention_count = 2});
    publish(pipeline, 11, ANN, ALONE); // names herself
    FLUSHED_HAS(pipeline, "mentions:1h x:1=1\n");
    assert_int_equal(pipeline_metrics(pipeline)->self_ignored, 1);
    assert_int_equal(pipeline_metrics(pipeline)->users_merged, 0);
    pipeline_destroy(&pipeline);
}

static void
a_person_reshares_once_under_two_names(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, BOB, (struct post_user){0});
    retweet(pipeline, 11, ALONE, 10);
    retweet(pipeline, 12, (struct post_user){.id = SLICE_LIT("x:3")}, 10);
    FLUSHED_HAS(pipeline, "amplifiers=2");
    retweet(pipeline, 13, ANN, 10); // learnt by this very message
    assert_int_equal(pipeline_metrics(pipeline)->repeated_retweets, 1);
    delete_post(pipeline, 11);
    FLUSHED_HAS(pipeline, "amplifiers=1", "size=1", "retweets:1h x:2=1\n");
    pipeline_destroy(&pipeline);
}

static void
two_names_in_one_cascade_become_one_amplifier(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, BOB, (struct post_user){0});
    struct post_user alone = ALONE;
    alone.followers = 70000;
    alone.has_followers = true;
    retweet(pipeline, 11, alone, 10);
    retweet(pipeline, 12, (struct post_user){.id = SLICE_LIT("x:1")}, 10);
    FLUSHED_HAS(pipeline, "amplifiers=2 reach=70000");
    publish(pipeline, 13, ANN, (struct post_user){0});
    FLUSHED_HAS(pipeline, "x:10 amplifiers=1 reach=0");
    delete_post(pipeline, 11);
    delete_post(pipeline, 12);
    FLUSHED_HAS(pipeline, "x:10 gone\n", "retweets:1h x:2=0\n");
    pipeline_destroy(&pipeline);
}

static void
the_author_of_a_root_is_the_person_with_the_id(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, ALONE, (struct post_user){0});
    retweet(pipeline, 11, BOB, 10);
    FLUSHED_HAS(pipeline, "author=x:@ann");
    publish(pipeline, 12, ANN, (struct post_user){0});
    FLUSHED_HAS(pipeline, "x:10 author=x:1 handle=Ann", "retweets:1h x:@ann=0 x:1=1\n");
    retweet(pipeline, 13, (struct post_user){.id = SLICE_LIT("x:3")}, 10);
    FLUSHED_HAS(pipeline, "retweets:1h x:1=2\n");
    pipeline_destroy(&pipeline);
}

static void
a_handle_that_changed_hands_is_the_new_person(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, BOB, ALONE);
    publish(pipeline, 11, ANN, (struct post_user){0});
    struct post_user renamed = ANN;
    renamed.handle = SLICE_LIT("ann_new");
    publish(pipeline, 12, renamed, (struct post_user){0});
    // Not known yet whose it is, while Redis still has the key of that name.
    publish(pipeline, 13, BOB, ALONE);
    FLUSHED_HAS(pipeline, "mentions:1h x:1=1 x:@ann=1\n");
    publish(pipeline, 14,
            (struct post_user){.id = SLICE_LIT("x:4"), .handle = SLICE_LIT("ann")},
            (struct post_user){0});
    FLUSHED_HAS(pipeline, "mentions:1h x:@ann=0 x:4=1\n", "x:@ann gone");
    pipeline_destroy(&pipeline);
}

static void
a_name_used_again_before_its_key_left_is_written_whole(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, BOB, ALONE);
    publish(pipeline, 11, BOB, ALONE);
    free(flushed(pipeline));
    publish(pipeline, 12, ANN, (struct post_user){0});
    struct post_user renamed = ANN;
    renamed.handle = SLICE_LIT("ann_new");
    publish(pipeline, 13, renamed, (struct post_user){0});
    publish(pipeline, 14, BOB, ALONE);
    FLUSHED_HAS(pipeline, "x:@ann whole handle=ann", "mentions:1h=1 ",
                "mentions:1h x:@ann=0 x:1=2 x:@ann=1\n");
    pipeline_destroy(&pipeline);
}

static void
a_merged_person_survives_a_snapshot(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, BOB, ALONE);
    publish(pipeline, 11, ALONE, (struct post_user){0});
    retweet(pipeline, 12, ALONE, 10);
    publish(pipeline, 13, ANN, (struct post_user){0});
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = create(1000);
    assert_true(kept_load(&kept, pipeline, NULL));
    delete_post(pipeline, 10);
    delete_post(pipeline, 11);
    delete_post(pipeline, 12);
    FLUSHED_HAS(pipeline, "posts:1h whole x:1=1\n", "mentions:1h whole\n");
    pipeline_destroy(&pipeline);
}

static void
where_traces_are_full_everything_is_searched(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 1, BOB, (struct post_user){0});
    for (int i = 0; i < 1000 / TRACES_PART + 2; i++) {
        publish(pipeline, 1000 + i, BOB, (struct post_user){0});
        retweet(pipeline, 2000 + i, ALONE, 1000 + i);
    }
    retweet(pipeline, 10, ALONE, 1);
    publish(pipeline, 12, ANN, (struct post_user){0});
    retweet(pipeline, 13, ANN, 1);
    retweet(pipeline, 14, ANN, 1000);
    assert_int_equal(pipeline_metrics(pipeline)->repeated_retweets, 2);
    pipeline_destroy(&pipeline);
}

static void
what_was_merged_is_forgotten_to_make_room(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(100);
    char ids[3][MADE_NAME_MAX];
    for (int i = 0; i < 500; i++) {
        struct post_user alone = {.id = made_name(ids[0], "x:@h", i)};
        publish(pipeline, 2 * i, BOB, alone);
        struct slice id = made_name(ids[1], "x:9", i);
        struct post_user known = {.id = id,
                                  .handle = {alone.id.ptr + 3, alone.id.len - 3}};
        feed(pipeline, &(struct post){.kind = POST_PUBLISHED,
                                      .id = made_name(ids[2], "x:p", i),
                                      .time = T0 + i * USEC_PER_HOUR,
                                      .author = BOB,
                                      .mentions = &known,
                                      .mention_count = 1});
        free(flushed(pipeline));
    }
    assert_int_equal(pipeline_metrics(pipeline)->users_merged, 500);
    assert_int_equal(pipeline_metrics(pipeline)->refused, 0);
    pipeline_destroy(&pipeline);
}

// A post or retweet of T0 that points at x:10, whose author it shows like that.
static void
point(struct pipeline *pipeline, int id, struct post_user actor, struct post post,
      struct post_user shown)
{
    char buffer[MADE_NAME_MAX];
    struct post_ref ref = {
        .id = SLICE_LIT("x:10"), .author = shown, .created = USEC_NONE};
    post.id = made_name(buffer, "x:", id);
    post.time = T0;
    post.author = actor;
    if (post.kind == POST_RETWEETED) {
        post.retweet_of = ref;
    } else if (post.quote.text.len != 0) {
        post.quote = ref;
    } else {
        post.reply_to = ref;
    }
    feed(pipeline, &post);
}

#define RETWEET ((struct post){.kind = POST_RETWEETED})
#define QUOTE ((struct post){.quote = {.text = SLICE_LIT("shown")}})
#define REPLY ((struct post){.kind = POST_PUBLISHED})
#define CAT ((struct post_user){.id = SLICE_LIT("x:3")})
#define ANN_BY_ID ((struct post_user){.id = SLICE_LIT("x:1")})

static void
a_reference_by_handle_means_the_known_author(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, ANN_BY_ID, (struct post_user){0});
    point(pipeline, 11, BOB, RETWEET, ALONE);
    point(pipeline, 12, BOB, QUOTE, ALONE);
    point(pipeline, 13, BOB, REPLY, ALONE);
    point(pipeline, 14, ANN_BY_ID, RETWEET, ALONE);
    FLUSHED_HAS(pipeline, "retweets:1h x:1=1\n", "quotes:1h x:1=1\n",
                "replies:1h x:1=1\n", "author=x:1 handle=ann", "+handle:x:ann");
    assert_int_equal(pipeline_metrics(pipeline)->self_ignored, 1);
    assert_int_equal(pipeline_metrics(pipeline)->users, 2);
    pipeline_destroy(&pipeline);
}

static void
the_author_is_known_from_another_reference(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 9, CAT, ALONE);
    point(pipeline, 11, BOB, RETWEET, ANN_BY_ID);
    point(pipeline, 12, CAT, RETWEET, ALONE);
    FLUSHED_HAS(pipeline, "mentions:1h x:1=1\n", "retweets:1h x:1=2\n");
    // Its own message names them by handle, too.
    publish(pipeline, 10, ALONE, (struct post_user){0});
    FLUSHED_HAS(pipeline, "posts:1h x:1=1\n");
    pipeline_destroy(&pipeline);
}

static void
an_author_by_handle_is_whose_id_the_post_shows_later(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    point(pipeline, 11, BOB, RETWEET, ALONE);
    point(pipeline, 12, BOB, QUOTE, ALONE);
    FLUSHED_HAS(pipeline, "retweets:1h x:@ann=1\n");
    publish(pipeline, 10, ANN_BY_ID, (struct post_user){0});
    FLUSHED_HAS(pipeline, "retweets:1h x:@ann=0 x:1=1\n", "author=x:1", "x:@ann gone");
    assert_int_equal(pipeline_metrics(pipeline)->users_merged, 1);
    pipeline_destroy(&pipeline);
}

static void
an_author_by_handle_is_whose_id_a_reference_shows_later(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pipeline *pipeline = create(1000);
        if (i == 0) {
            point(pipeline, 11, BOB, RETWEET, ALONE);
        } else {
            publish(pipeline, 10, ALONE, (struct post_user){0}); // no cascade yet
        }
        point(pipeline, 12, CAT, i == 0 ? QUOTE : RETWEET, ANN_BY_ID);
        FLUSHED_HAS(pipeline, i == 0 ? "retweets:1h x:1=1\n" : "posts:1h x:1=1\n",
                    "author=x:1");
        assert_int_equal(pipeline_metrics(pipeline)->users_merged, 1);
        pipeline_destroy(&pipeline);
    }
}

static void
a_person_known_by_the_root_reshares_it_once(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 9, BOB, (struct post_user){0});
    retweet(pipeline, 20, ALONE, 9);
    publish(pipeline, 10, ANN_BY_ID, (struct post_user){0});
    point(pipeline, 11, BOB, RETWEET, ALONE);
    retweet(pipeline, 21, ANN_BY_ID, 9);
    assert_int_equal(pipeline_metrics(pipeline)->repeated_retweets, 1);
    pipeline_destroy(&pipeline);
}

static void
an_old_handle_in_a_reference_renames_no_one(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    struct post_user renamed = ANN;
    renamed.handle = SLICE_LIT("ann_new");
    publish(pipeline, 10, renamed, (struct post_user){0});
    publish(pipeline, 8, CAT, ALONE);
    point(pipeline, 11, BOB, RETWEET, ALONE);
    FLUSHED_HAS(pipeline, "retweets:1h x:1=1\n", "mentions:1h x:@ann=1\n",
                "x:10 author=x:1 handle=ann_new");
    pipeline_destroy(&pipeline);
}

static void
a_handle_in_a_reference_takes_it_from_no_one(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, ANN_BY_ID, (struct post_user){0});
    publish(pipeline, 8,
            (struct post_user){.id = SLICE_LIT("x:4"), .handle = SLICE_LIT("ann")},
            (struct post_user){0});
    point(pipeline, 11, BOB, RETWEET, ALONE);
    publish(pipeline, 12, CAT, ALONE);
    FLUSHED_HAS(pipeline, "retweets:1h x:1=1\n", "mentions:1h x:4=1\n");
    pipeline_destroy(&pipeline);
}

static void
an_author_by_an_old_handle_gives_way_to_the_id(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    struct post_user renamed = ANN;
    renamed.handle = SLICE_LIT("ann_new");
    point(pipeline, 11, BOB, RETWEET, ALONE);
    publish(pipeline, 10, renamed, (struct post_user){0});
    retweet(pipeline, 12, CAT, 10);
    FLUSHED_HAS(pipeline, "x:10 author=x:1 handle=ann_new",
                "retweets:1h x:@ann=1 x:1=1\n");
    assert_int_equal(pipeline_metrics(pipeline)->users_merged, 0);
    pipeline_destroy(&pipeline);
}

// A look-up of the post, with or without a handle.
static void
look_up(struct pipeline *pipeline, int id, struct post_user author)
{
    char buffer[MADE_NAME_MAX];
    const struct post_ref answer = {
        .id = made_name(buffer, "x:", id), .author = author, .created = USEC_NONE};
    names_learn_post(pipeline, &answer);
}

static void
an_author_who_is_looked_up_takes_the_counts_of_the_handle(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, ALONE, (struct post_user){0});
    retweet(pipeline, 11, BOB, 10);
    FLUSHED_HAS(pipeline, "retweets:1h x:@ann=1\n");
    look_up(pipeline, 10, (struct post_user){.id = SLICE_LIT("x:1")});
    FLUSHED_HAS(pipeline, "x:@ann gone", "x:1 handle=ann", "retweets:1h=1",
                "posts:1h=1", "+handle:x:ann");
    FLUSHED_HAS(pipeline, ""); // nothing is left over
    delete_post(pipeline, 11);
    FLUSHED_HAS(pipeline, "retweets:1h x:1=0\n");
    pipeline_destroy(&pipeline);
}

static void
an_author_who_is_looked_up_under_another_handle_takes_no_counts(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1000);
    publish(pipeline, 10, ALONE, (struct post_user){0});
    retweet(pipeline, 11, BOB, 10);
    free(flushed(pipeline));
    look_up(pipeline, 10,
            (struct post_user){.id = SLICE_LIT("x:1"), .handle = SLICE_LIT("eve")});
    FLUSHED_HAS(pipeline, "x:10 author=x:1 handle=eve");
    retweet(pipeline, 12, (struct post_user){.id = SLICE_LIT("x:3")}, 10);
    FLUSHED_HAS(pipeline, "retweets:1h x:1=1\n");
    assert_int_equal(pipeline_metrics(pipeline)->users_merged, 0);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_handle_leads_to_its_person),
        cmocka_unit_test(handles_outside_ascii_are_compared_as_hashtags_are),
        cmocka_unit_test(counts_move_over_when_the_id_is_learnt),
        cmocka_unit_test(who_shows_the_id_in_the_same_message_is_no_second_person),
        cmocka_unit_test(a_person_reshares_once_under_two_names),
        cmocka_unit_test(two_names_in_one_cascade_become_one_amplifier),
        cmocka_unit_test(the_author_of_a_root_is_the_person_with_the_id),
        cmocka_unit_test(a_handle_that_changed_hands_is_the_new_person),
        cmocka_unit_test(a_name_used_again_before_its_key_left_is_written_whole),
        cmocka_unit_test(a_merged_person_survives_a_snapshot),
        cmocka_unit_test(where_traces_are_full_everything_is_searched),
        cmocka_unit_test(what_was_merged_is_forgotten_to_make_room),
        cmocka_unit_test(a_reference_by_handle_means_the_known_author),
        cmocka_unit_test(the_author_is_known_from_another_reference),
        cmocka_unit_test(an_author_by_handle_is_whose_id_the_post_shows_later),
        cmocka_unit_test(an_author_by_handle_is_whose_id_a_reference_shows_later),
        cmocka_unit_test(a_person_known_by_the_root_reshares_it_once),
        cmocka_unit_test(an_old_handle_in_a_reference_renames_no_one),
        cmocka_unit_test(a_handle_in_a_reference_takes_it_from_no_one),
        cmocka_unit_test(an_author_by_an_old_handle_gives_way_to_the_id),
        cmocka_unit_test(an_author_who_is_looked_up_takes_the_counts_of_the_handle),
        cmocka_unit_test(
            an_author_who_is_looked_up_under_another_handle_takes_no_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
