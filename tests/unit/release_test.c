#include "pipeline/fold/release.h"

#include "pipeline/inside.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

static int waits;

// Waits for flushes as often as it is asked to.
static enum status
feed(struct pipeline *pipeline, const struct post *post)
{
    enum status status;
    for (int i = 0; (status = pipeline_post(pipeline, post, WALL)) == STATUS_AGAIN;
         i++) {
        made_flush(pipeline);
        waits++;
        assert_true(i < 10);
    }
    return status;
}

static enum status
feed_post(struct pipeline *pipeline, const char *who, int number, usec time)
{
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .time = time,
        .id = made_name(ids[0], "n:p", number),
        .author.id = made_name(ids[1], who, number),
    };
    return feed(pipeline, &post);
}

static void
feed_retweet(struct pipeline *pipeline, int actor, int root, int author, usec time)
{
    char ids[4][MADE_NAME_MAX];
    static int next;
    struct post post = {
        .kind = POST_RETWEETED,
        .time = time,
        .id = made_name(ids[0], "n:r", ++next),
        .author.id = made_name(ids[1], "n:u", actor),
        .retweet_of = {.id = made_name(ids[2], "n:root", root),
                       .author.id = made_name(ids[3], "n:a", author),
                       .created = USEC_NONE},
    };
    assert_int_equal(feed(pipeline, &post), STATUS_OK);
}

static void
assert_all_new_people_count(struct pipeline *pipeline, usec time)
{
    for (int i = 0; i < 200; i++) {
        assert_int_equal(feed_post(pipeline, "n:v", 5000 + i, time + i * USEC_PER_S),
                         STATUS_OK);
    }
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->refused, 0);
    assert_int_equal(metrics->users_left_out, 0);
}

static void
people_in_no_window_give_way_although_their_posts_are_remembered(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1m,5m");
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(feed_post(pipeline, "n:u", i, T0), STATUS_OK);
    }
    made_flush(pipeline);
    usec later = T0 + 30 * USEC_PER_DAY;
    assert_all_new_people_count(pipeline, later);
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    assert_true(meta.is_complete);
    // The posts themselves are still known.
    assert_int_equal(feed_post(pipeline, "n:u", 7, later), STATUS_OK);
    assert_int_equal(pipeline_metrics(pipeline)->duplicates, 1);
    // Their authors are forgotten, and not mixed up with whoever has the place now.
    struct post gone = {.kind = POST_DELETED, .id = SLICE_LIT("n:p7")};
    assert_int_equal(feed(pipeline, &gone), STATUS_OK);
    assert_int_equal(pipeline_metrics(pipeline)->undone, 1);
    pipeline_destroy(&pipeline);
}

static void
people_give_way_however_many_posts_are_remembered(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m");
    usec time = T0;
    uint64_t refused = 0;
    for (int i = 0; i < 30000; i++) { // 300 people are in the window at a time
        time += USEC_PER_S;
        refused += feed_post(pipeline, "n:u", i, time) != STATUS_OK;
    }
    assert_int_equal(refused, 0);
    pipeline_destroy(&pipeline);
}

static void
authors_of_forgotten_cascades_give_way(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("users.capacity=1000 dedupe.capacity=100 windows=1m,5m");
    for (int i = 0; i < 940; i++) {
        feed_retweet(pipeline, i % 50, i, i, T0);
    }
    made_flush(pipeline);
    usec later = T0 + 30 * USEC_PER_DAY;
    assert_all_new_people_count(pipeline, later);
    // The post is still known, and takes the author that is named next.
    uint32_t root = cascades_find(&pipeline->cascades, SLICE_LIT("n:root3"));
    assert_int_not_equal(root, CASCADE_NONE);
    assert_int_equal(cascades_at(&pipeline->cascades, root)->author, USER_NONE);
    feed_retweet(pipeline, 1, 3, 3, later + USEC_PER_HOUR);
    assert_int_equal(cascades_at(&pipeline->cascades, root)->author,
                     users_find(&pipeline->users, SLICE_LIT("n:a3")));
    pipeline_destroy(&pipeline);
}

static void
amplifiers_of_an_open_cascade_are_kept_for_an_undo(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1m");
    struct post retweet = {
        .kind = POST_RETWEETED,
        .time = T0,
        .id = SLICE_LIT("n:early"),
        .author.id = SLICE_LIT("n:early-bird"),
        .retweet_of = {.id = SLICE_LIT("n:root"), .created = USEC_NONE},
    };
    assert_int_equal(feed(pipeline, &retweet), STATUS_OK);
    usec time = T0;
    for (int i = 0; i < 3000; i++) {
        time += USEC_PER_S;
        assert_int_equal(feed_post(pipeline, "n:u", i, time), STATUS_OK);
    }
    uint32_t root = cascades_find(&pipeline->cascades, SLICE_LIT("n:root"));
    const struct cascade *row = cascades_at(&pipeline->cascades, root);
    assert_int_equal(row->amplifiers.count, 1);
    struct post gone = {.kind = POST_DELETED, .id = retweet.id};
    assert_int_equal(feed(pipeline, &gone), STATUS_OK);
    assert_int_equal(row->amplifiers.count, 0);
    assert_int_equal(row->retweets, 0);
    pipeline_destroy(&pipeline);
}

// ── waiting ────────────────────────────────────────────────────────────────

static void
assert_waits_seldom(const char *settings, usec apart)
{
    enum { POSTS = 3000 };
    struct pipeline *pipeline = made_pipeline(settings);
    for (int i = 0; i < 1000; i++) { // an open cascade has half of the people
        feed_retweet(pipeline, i / 2, 1, 1, T0);
    }
    waits = 0;
    for (int i = 0; i < POSTS; i++) {
        (void)feed_post(pipeline, "n:v", i, T0 + i * apart);
    }
    assert_true(pipeline->users.count <= 1000);
    assert_in_range(waits, 1, POSTS / 50);
    pipeline_destroy(&pipeline);
}

static void
a_full_table_waits_for_few_flushes_whatever_the_windows_are(void **state)
{
    (void)state;
    assert_waits_seldom("users.capacity=1000 windows=5m,1h", 2 * USEC_PER_S);
    assert_waits_seldom("users.capacity=1000 windows=1m,1h", 10 * USEC_PER_S);
    assert_waits_seldom("users.capacity=1000 windows=1s,10s,1m", 30 * USEC_PER_MS);
}

static void
a_reshare_whose_author_was_forgotten_makes_the_boards_incomplete(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m,1h");
    assert_int_equal(feed_post(pipeline, "n:b", 1, T0), STATUS_OK);
    usec time = T0 + 7 * USEC_PER_HOUR;
    for (int i = 0; i < 1800; i++) {
        time += i == 900 ? 2 * USEC_PER_HOUR : USEC_PER_MS;
        assert_int_equal(feed_post(pipeline, "n:u", 100 + i, time), STATUS_OK);
    }
    time += 2 * USEC_PER_HOUR;
    struct post later = {
        .time = time, .id = SLICE_LIT("n:later"), .author.id = SLICE_LIT("n:eve")};
    assert_int_equal(feed(pipeline, &later), STATUS_OK);
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    assert_true(meta.is_complete);
    struct post retweet = {
        .kind = POST_RETWEETED,
        .time = time,
        .id = SLICE_LIT("n:retweet"),
        .author.id = SLICE_LIT("n:eve"),
        .retweet_of = {.id = SLICE_LIT("n:p1"), .created = USEC_NONE},
    };
    assert_int_equal(feed(pipeline, &retweet), STATUS_OK);
    assert_int_equal(users_find(&pipeline->users, SLICE_LIT("n:b1")), USER_NONE);
    assert_int_equal(pipeline_metrics(pipeline)->facts_forgotten, 1);
    changes_meta(pipeline, &meta);
    assert_false(meta.is_complete);
    pipeline_destroy(&pipeline);
}

static void
a_reshare_whose_quoted_post_was_forgotten_makes_the_boards_incomplete(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("users.capacity=10000 cascades.capacity=1000 windows=5m,1h");
    assert_int_equal(feed_post(pipeline, "n:a", 1, T0), STATUS_OK);
    struct post quote = {
        .time = T0,
        .id = SLICE_LIT("n:quote"),
        .author.id = SLICE_LIT("n:bob"),
        .quote = {.id = SLICE_LIT("n:p1"), .created = USEC_NONE},
    };
    assert_int_equal(feed(pipeline, &quote), STATUS_OK);
    usec time = T0;
    for (int i = 0; i < 1800; i++) {
        time += i % 900 == 0 ? 7 * USEC_PER_HOUR : USEC_PER_MS;
        feed_retweet(pipeline, i % 50, 100 + i, i, time);
    }
    time += 2 * USEC_PER_HOUR;
    struct post retweet = {
        .kind = POST_RETWEETED,
        .time = time,
        .id = SLICE_LIT("n:retweet"),
        .author.id = SLICE_LIT("n:eve"),
        .retweet_of = {.id = SLICE_LIT("n:quote"), .created = USEC_NONE},
    };
    assert_int_equal(cascades_find(&pipeline->cascades, SLICE_LIT("n:p1")),
                     CASCADE_NONE);
    assert_int_equal(feed(pipeline, &retweet), STATUS_OK);
    assert_int_equal(pipeline_metrics(pipeline)->facts_forgotten, 1);
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    assert_false(meta.is_complete);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            people_in_no_window_give_way_although_their_posts_are_remembered),
        cmocka_unit_test(people_give_way_however_many_posts_are_remembered),
        cmocka_unit_test(authors_of_forgotten_cascades_give_way),
        cmocka_unit_test(amplifiers_of_an_open_cascade_are_kept_for_an_undo),
        cmocka_unit_test(a_full_table_waits_for_few_flushes_whatever_the_windows_are),
        cmocka_unit_test(
            a_reshare_whose_author_was_forgotten_makes_the_boards_incomplete),
        cmocka_unit_test(
            a_reshare_whose_quoted_post_was_forgotten_makes_the_boards_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
