#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

static enum status
publish(struct pipeline *pipeline, int id, int author, usec time)
{
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(ids[0], "n:p", id),
        .time = time,
        .author.id = made_name(ids[1], "n:u", author),
    };
    return pipeline_post(pipeline, &post, WALL);
}

static enum status
retweet(struct pipeline *pipeline, int id, int actor, int root, usec time)
{
    char ids[4][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(ids[0], "n:r", id),
        .time = time,
        .author = {.id = made_name(ids[1], "n:u", actor),
                   .followers = 10,
                   .has_followers = true},
        .retweet_of = {.id = made_name(ids[2], "n:p", root),
                       .author.id = made_name(ids[3], "n:author", root),
                       .created = USEC_NONE},
    };
    return pipeline_post(pipeline, &post, WALL);
}

static void
delete_retweet(struct pipeline *pipeline, int id)
{
    char buffer[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(buffer, "n:r", id)};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

struct tally_of_changes {
    int users;
    int cascades;
    int boards;
    int gone;
    int whole;
};

static struct tally_of_changes
pull(struct pipeline *pipeline)
{
    struct tally_of_changes tally = {0};
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        tally.users += change.kind == CHANGE_USER;
        tally.cascades += change.kind == CHANGE_CASCADE;
        tally.boards += change.kind == CHANGE_BOARD;
        tally.gone += change.is_gone;
        tally.whole += change.is_whole;
    }
    return tally;
}

static struct tally_of_changes
flush(struct pipeline *pipeline)
{
    struct tally_of_changes tally = pull(pipeline);
    changes_written(pipeline, SIZE_MAX);
    return tally;
}

static void
pipeline_has_no_changes_before_the_first_post(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000");
    assert_false(changes_pending(pipeline));
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    assert_true(meta.clock == USEC_NONE);
    assert_false(meta.is_complete);
    pipeline_destroy(&pipeline);
}

static void
pipeline_is_complete_once_its_longest_window_is_covered(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m,1h");
    struct changes_meta meta;
    publish(pipeline, 1, 1, T0);
    publish(pipeline, 2, 1, T0 + USEC_PER_HOUR - 1);
    changes_meta(pipeline, &meta);
    assert_false(meta.is_complete);
    publish(pipeline, 3, 1, T0 + USEC_PER_HOUR);
    changes_meta(pipeline, &meta);
    assert_true(meta.is_complete);
    pipeline_destroy(&pipeline);
}

static void
pipeline_counts_an_unbelievable_date_at_its_clock(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m");
    publish(pipeline, 1, 1, T0);
    publish(pipeline, 2, 1, 0);
    publish(pipeline, 3, 1, WALL + 2 * USEC_PER_MIN);
    assert_true(pipeline_clock(pipeline) == T0);
    assert_int_equal(pipeline_metrics(pipeline)->times_replaced, 2);
    assert_int_equal(pipeline_metrics(pipeline)->posts, 3);
    pipeline_destroy(&pipeline);
}

static void
version(struct pipeline *pipeline, int id, int original)
{
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(ids[0], "x:", id),
        .time = T0,
        .author.id = SLICE_LIT("x:7"),
    };
    if (original != id) {
        post.original = made_name(ids[1], "x:", original);
    }
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static void
pipeline_counts_a_post_once_whichever_of_its_versions_come(void **state)
{
    (void)state;
    static const int orders[][3] = {{1, 2, 3}, {2, 1, 3}, {3, 2, 1}, {2, 3, 2}};
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        for (int deleted = 0; deleted <= 3; deleted++) {
            struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m");
            const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
            for (int k = 0; k < 3; k++) {
                version(pipeline, orders[i][k], 1);
            }
            version(pipeline, 4, 4); // another post
            assert_int_equal(metrics->posts, 2);
            assert_int_equal(metrics->duplicates, 2);
            // Undone with the id of any that came, or of the first version.
            char id[MADE_NAME_MAX];
            struct post gone = {
                .kind = POST_DELETED,
                .id = made_name(id, "x:", deleted == 3 ? 1 : orders[i][deleted])};
            assert_int_equal(pipeline_post(pipeline, &gone, WALL), STATUS_OK);
            assert_int_equal(metrics->undone, 1);
            for (int k = 0; k < 3; k++) {
                version(pipeline, orders[i][k], 1);
            }
            assert_int_equal(metrics->posts, 2); // it does not come back
            pipeline_destroy(&pipeline);
        }
    }
}

static void
pipeline_refuses_whole_posts_when_every_user_is_in_use(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m");
    int counted = 0;
    for (int i = 0; i < 2000; i++) {
        enum status status;
        while ((status = publish(pipeline, i, i, T0)) == STATUS_AGAIN) {
            flush(pipeline);
        }
        assert_true(status == STATUS_OK || status == STATUS_FULL);
        counted += status == STATUS_OK;
    }
    assert_in_range(counted, 900, 1000);
    assert_int_equal(pipeline_metrics(pipeline)->posts, counted);
    assert_int_equal(pipeline_metrics(pipeline)->refused, 2000 - counted);
    pipeline_destroy(&pipeline);
}

static void
pipeline_is_incomplete_until_a_refused_post_has_left_the_window(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("users.capacity=1000 windows=5m dedupe.capacity=10");
    struct changes_meta meta;
    int id = 0;
    publish(pipeline, id++, 0, T0 - USEC_PER_HOUR);
    while (pipeline_metrics(pipeline)->refused == 0) {
        if (publish(pipeline, id, id, T0) != STATUS_AGAIN) {
            id++;
        }
        flush(pipeline);
    }
    changes_meta(pipeline, &meta);
    assert_false(meta.is_complete);
    // The posts leave the window, their users Redis and then the memory.
    for (int minute = 1; minute <= 6; minute++) {
        publish(pipeline, id++, 0, T0 + minute * USEC_PER_MIN);
        flush(pipeline);
    }
    assert_int_equal(publish(pipeline, id, id, T0 + 7 * USEC_PER_MIN), STATUS_OK);
    changes_meta(pipeline, &meta);
    assert_false(meta.is_complete);
    assert_int_equal(publish(pipeline, id + 1, 0, T0 + 12 * USEC_PER_MIN), STATUS_OK);
    changes_meta(pipeline, &meta);
    assert_true(meta.is_complete);
    pipeline_destroy(&pipeline);
}

static void
pipeline_evicts_small_and_idle_cascades_and_deletes_their_keys(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("cascades.capacity=1000 users.capacity=10000 windows=1h "
                      "redis.users_from=1 redis.cascades_from=1");
    int id = 0;
    for (int carrier = 0; carrier < 5; carrier++) {
        retweet(pipeline, id++, carrier, 0, T0);
    }
    int gone = 0;
    for (int root = 1; root < 3000; root++) {
        enum status status;
        while ((status = retweet(pipeline, id, 1, root, T0 + root)) == STATUS_AGAIN) {
            gone += flush(pipeline).gone;
        }
        id++;
        assert_int_equal(status, STATUS_OK);
        if (root % 20 == 0) {
            gone += flush(pipeline).gone;
        }
    }
    gone += flush(pipeline).gone;
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->refused, 0);
    assert_true(metrics->cascades_evicted >= 2000);
    assert_true(metrics->cascades <= 1000);
    assert_int_equal(metrics->cascades_evicted, gone);
    // The big one is still remembered: its carriers do not count twice.
    uint64_t before = metrics->duplicates;
    retweet(pipeline, id++, 3, 0, T0 + 3000);
    assert_int_equal(pipeline_metrics(pipeline)->duplicates, before + 1);
    pipeline_destroy(&pipeline);
}

static void
changes_come_again_whole_until_they_are_written(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    retweet(pipeline, 1, 1, 1, T0);
    struct tally_of_changes first = pull(pipeline);
    assert_false(changes_pending(pipeline));
    changes_lost(pipeline);
    struct tally_of_changes second = pull(pipeline);
    assert_int_equal(first.users, second.users);
    assert_int_equal(first.cascades, second.cascades);
    assert_int_equal(first.boards, second.boards);
    assert_int_equal(second.whole, second.users + second.cascades + second.boards);
    changes_written(pipeline, SIZE_MAX);
    changes_lost(pipeline);
    assert_false(changes_pending(pipeline));
    pipeline_destroy(&pipeline);
}

static void
changes_repeat_a_deletion_that_was_lost(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    retweet(pipeline, 1, 1, 1, T0);
    flush(pipeline);
    delete_retweet(pipeline, 1);
    assert_int_equal(pull(pipeline).gone, 2); // the author and the cascade
    changes_lost(pipeline);
    assert_int_equal(pull(pipeline).gone, 2);
    changes_written(pipeline, SIZE_MAX);
    assert_int_equal(flush(pipeline).gone, 0);
    pipeline_destroy(&pipeline);
}

static void
changes_are_whole_again_when_their_time_to_live_is_to_be_renewed(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=24h");
    publish(pipeline, 1, 1, T0);
    assert_int_equal(flush(pipeline).whole, 1);
    publish(pipeline, 2, 1, T0 + USEC_PER_MIN);
    assert_int_equal(flush(pipeline).whole, 0);
    publish(pipeline, 3, 1, T0 + USEC_PER_HOUR);
    assert_int_equal(flush(pipeline).whole, 1);
    pipeline_destroy(&pipeline);
}

static void
keys_live_a_little_longer_than_anything_counts_in_them(void **state)
{
    (void)state;
    // Twice the part of that time after which they are renewed: a 24th, at least 1 min.
    static const struct {
        const char *settings;
        usec user;
        usec cascade; // open for 6 h
    } cases[] = {
        {"windows=5m", 7 * USEC_PER_MIN, 390 * USEC_PER_MIN},
        {"windows=5m,24h", 26 * USEC_PER_HOUR, 26 * USEC_PER_HOUR},
        {"windows=7d,1h", 182 * USEC_PER_HOUR, 182 * USEC_PER_HOUR},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pipeline *pipeline = made_pipeline(cases[i].settings);
        retweet(pipeline, 1, 1, 1, T0);
        struct change change;
        int kinds = 0;
        changes_begin(pipeline);
        while (changes_next(pipeline, &change)) {
            if (change.kind == CHANGE_USER || change.kind == CHANGE_CASCADE) {
                bool is_user = change.kind == CHANGE_USER;
                assert_int_equal(change.ttl,
                                 is_user ? cases[i].user : cases[i].cascade);
                kinds |= is_user ? 1 : 2;
            }
        }
        assert_int_equal(kinds, 3);
        pipeline_destroy(&pipeline);
    }
}

static void
changes_restart_gives_everything_that_exists(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=1h");
    for (int i = 0; i < 20; i++) {
        retweet(pipeline, i, i, i % 4, T0);
    }
    flush(pipeline);
    changes_restart(pipeline);
    struct tally_of_changes tally = flush(pipeline);
    assert_int_equal(tally.users, 4);
    assert_int_equal(tally.cascades, 4);
    assert_int_equal(tally.boards, 11 + 3);
    assert_int_equal(tally.whole, 4 + 4 + 11 + 3);
    pipeline_destroy(&pipeline);
}

// When the step of T0 leaves a window of 24 hours.
#define T0_LEAVES (((T0 / USEC_PER_MIN / 24) + 60) * 24 * USEC_PER_MIN)

static void
changes_of_a_cascade_that_begins_again_are_whole(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=24h");
    retweet(pipeline, 1, 1, 1, T0);
    publish(pipeline, 2, 2, T0_LEAVES - 1);
    changes_restart(pipeline);
    assert_int_equal(flush(pipeline).whole,
                     3 + 11 + 3); // two users, the cascade, boards
    retweet(pipeline, 3, 3, 1, T0_LEAVES);
    struct change change;
    changes_begin(pipeline);
    do {
        assert_true(changes_next(pipeline, &change));
    } while (change.kind != CHANGE_CASCADE);
    assert_true(change.is_whole);
    assert_false(change.is_fresh);
    pipeline_destroy(&pipeline);
}

static void
changes_remove_a_cascade_although_a_window_names_what_was_taken_back(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=24h");
    retweet(pipeline, 1, 1, 1, T0);
    retweet(pipeline, 2, 2, 1, T0 + USEC_PER_HOUR);
    delete_retweet(pipeline, 2);
    publish(pipeline, 3, 3, T0_LEAVES - 1);
    assert_int_equal(flush(pipeline).gone, 0);
    publish(pipeline, 4, 3, T0_LEAVES);
    assert_int_equal(flush(pipeline).gone, 2); // its author and the cascade
    pipeline_destroy(&pipeline);
}

static void
undo_is_counted_as_lost_when_its_notes_are_overwritten(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("users.capacity=100000 users.per_post=5000 dedupe.capacity=1000 "
                      "windows=1h");
    retweet(pipeline, 1, 1, 1, T0);
    static struct post_user mentions[5000];
    static char ids[5000][MADE_NAME_MAX];
    for (int i = 0; i < 5000; i++) {
        mentions[i] = (struct post_user){.id = made_name(ids[i], "n:m", i)};
    }
    for (int i = 0; i < 200; i++) {
        char id[MADE_NAME_MAX];
        struct post post = {
            .kind = POST_PUBLISHED,
            .id = made_name(id, "n:p", 1000 + i),
            .time = T0,
            .author.id = SLICE_LIT("n:shouter"),
            .mentions = mentions,
            .mention_count = 5000,
        };
        assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    }
    delete_retweet(pipeline, 1);
    assert_int_equal(pipeline_metrics(pipeline)->undo_lost, 1);
    delete_retweet(pipeline, 2);
    assert_int_equal(pipeline_metrics(pipeline)->undo_unknown, 1);
    pipeline_destroy(&pipeline);
}

static void
changes_have_what_a_restart_writes(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h redis.top=10");
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = SLICE_LIT("x:1"),
        .time = T0,
        .author = {.id = SLICE_LIT("x:7"), .handle = SLICE_LIT("Ann")},
        .quote = {.id = SLICE_LIT("x:2"), .created = USEC_NONE},
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    flush(pipeline);
    changes_restart(pipeline);
    assert_true(changes_has(pipeline, CHANGE_USER, SLICE_LIT("x:7")));
    assert_true(changes_has_handle(pipeline, SLICE_LIT("x:ann")));
    assert_true(changes_has(pipeline, CHANGE_CASCADE, SLICE_LIT("x:2")));
    assert_true(changes_has(pipeline, CHANGE_BOARD, SLICE_LIT("posts:1h")));
    assert_false(changes_has(pipeline, CHANGE_USER, SLICE_LIT("x:8")));
    assert_false(changes_has(pipeline, CHANGE_CASCADE, SLICE_LIT("x:1")));
    assert_false(changes_has(pipeline, CHANGE_BOARD, SLICE_LIT("posts:5m")));
    assert_false(changes_has_handle(pipeline, SLICE_LIT("x:bob")));
    assert_false(changes_has_handle(pipeline, SLICE_LIT("ann")));
    assert_false(changes_has_handle(pipeline, SLICE_LIT("")));
    char longest[5000];
    memset(longest, 'x', sizeof(longest));
    for (size_t colon = 1; colon < sizeof(longest); colon += 500) {
        longest[colon] = ':';
        assert_false(
            changes_has_handle(pipeline, (struct slice){longest, sizeof(longest)}));
        longest[colon] = 'x';
    }
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_have_what_a_restart_writes),
        cmocka_unit_test(pipeline_has_no_changes_before_the_first_post),
        cmocka_unit_test(pipeline_is_complete_once_its_longest_window_is_covered),
        cmocka_unit_test(pipeline_counts_an_unbelievable_date_at_its_clock),
        cmocka_unit_test(pipeline_counts_a_post_once_whichever_of_its_versions_come),
        cmocka_unit_test(pipeline_refuses_whole_posts_when_every_user_is_in_use),
        cmocka_unit_test(
            pipeline_is_incomplete_until_a_refused_post_has_left_the_window),
        cmocka_unit_test(
            pipeline_evicts_small_and_idle_cascades_and_deletes_their_keys),
        cmocka_unit_test(changes_come_again_whole_until_they_are_written),
        cmocka_unit_test(changes_repeat_a_deletion_that_was_lost),
        cmocka_unit_test(
            changes_are_whole_again_when_their_time_to_live_is_to_be_renewed),
        cmocka_unit_test(keys_live_a_little_longer_than_anything_counts_in_them),
        cmocka_unit_test(changes_restart_gives_everything_that_exists),
        cmocka_unit_test(changes_of_a_cascade_that_begins_again_are_whole),
        cmocka_unit_test(
            changes_remove_a_cascade_although_a_window_names_what_was_taken_back),
        cmocka_unit_test(undo_is_counted_as_lost_when_its_notes_are_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
