#include "pipeline/fold/admission.h"

#include "pipeline/inside.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

enum { LIST_MAX = 10000 };

static char names[LIST_MAX][MADE_NAME_MAX];
static struct slice tags[LIST_MAX];
static struct post_user amplifiers[LIST_MAX];
static int next_id;

// Hashtags or people number `first` and up; the same array every time.
static const struct slice *
tags_from(int first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tags[i] = made_name(names[i], "tag", first + (int)i);
    }
    return tags;
}

static const struct post_user *
people_from(int first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        amplifiers[i] =
            (struct post_user){.id = made_name(names[i], "n:m", first + (int)i)};
    }
    return amplifiers;
}

// Returns how often it had to wait for a flush.
static int
feed(struct pipeline *pipeline, struct post *post, int author, enum status wanted)
{
    char ids[2][MADE_NAME_MAX];
    int waits = 0;
    enum status status;
    post->id = made_name(ids[0], "n:p", ++next_id);
    post->author.id = made_name(ids[1], "n:u", author);
    while ((status = pipeline_post(pipeline, post, WALL)) == STATUS_AGAIN) {
        made_flush(pipeline);
        waits++;
        assert_true(waits < 10);
    }
    assert_int_equal(status, wanted);
    return waits;
}

static int
feed_tags(struct pipeline *pipeline, int author, int first, size_t count, usec time)
{
    struct post post = {
        .time = time, .hashtags = tags_from(first, count), .hashtag_count = count};
    return feed(pipeline, &post, author, STATUS_OK);
}

static int
feed_mentions(struct pipeline *pipeline, int author, int first, size_t count, usec time)
{
    struct post post = {
        .time = time, .mentions = people_from(first, count), .mention_count = count};
    return feed(pipeline, &post, author, STATUS_OK);
}

static int
feed_retweet(struct pipeline *pipeline, int actor, int root, usec time)
{
    char id[MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .time = time,
        .retweet_of = {.id = made_name(id, "n:root", root), .created = USEC_NONE},
    };
    return feed(pipeline, &post, actor, STATUS_OK);
}

static bool
is_complete(const struct pipeline *pipeline)
{
    struct changes_meta meta;
    changes_meta(pipeline, &meta);
    return meta.is_complete;
}

// What a hashtag or person counts in the only window.
static uint64_t
value_of(const struct pipeline *pipeline, uint32_t counter)
{
    const struct counters *counters = &pipeline->windows.counters;
    return counter == COUNTER_NONE
               ? 0
               : counters_value(counters, counters_at(counters, counter), 0);
}

static uint64_t
uses_of(const struct pipeline *pipeline, int number)
{
    char name[MADE_NAME_MAX];
    uint32_t tag = tags_find(&pipeline->tags, made_name(name, "tag", number));
    return tag == TAG_NONE ? 0 : value_of(pipeline, pipeline->tags.rows[tag].counter);
}

// Of somebody who has nothing but mentions.
static uint64_t
mentions_of(const struct pipeline *pipeline, int number)
{
    char name[MADE_NAME_MAX];
    uint32_t user = users_find(&pipeline->users, made_name(name, "n:m", number));
    return user == USER_NONE
               ? 0
               : value_of(pipeline, users_at(&pipeline->users, user)->counters);
}

// ── full tables ────────────────────────────────────────────────────────────

// Between the beginning of a flush and the pull of a board posts may come, and cascades
// that were not written yet may go.
static void
a_board_names_only_cascades_that_exist_when_it_is_pulled(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("cascades.capacity=1000 windows=5m");
    for (int root = 0; root < 900; root++) {
        assert_int_equal(feed_retweet(pipeline, 1, root, T0), 0);
    }
    changes_begin(pipeline);
    for (int root = 900; root < 1400; root++) {
        assert_int_equal(feed_retweet(pipeline, 1, root, T0), 0);
    }
    uint32_t entries = 0;
    struct change change;
    while (changes_next(pipeline, &change)) {
        if (!slice_equal(change.name, SLICE_LIT("cascades:5m"))) {
            continue;
        }
        for (size_t i = 0; i < change.entry_count; i++) {
            struct slice member = change.entries[i].member;
            assert_true(cascades_find(&pipeline->cascades, member) != CASCADE_NONE);
            entries++;
        }
    }
    assert_true(entries > 800);
    pipeline_destroy(&pipeline);
}

static void
open_cascades_that_have_to_go_make_the_boards_incomplete_for_a_window(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("cascades.capacity=1000 windows=5m");
    feed_retweet(pipeline, 1, 0, T0 - USEC_PER_HOUR);
    for (int root = 1; root < 900; root++) {
        feed_retweet(pipeline, 1, root, T0);
    }
    assert_true(is_complete(pipeline));
    for (int root = 900; root < 1100; root++) {
        feed_retweet(pipeline, 1, root, T0 + USEC_PER_S);
    }
    assert_false(is_complete(pipeline));
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_in_range(metrics->cascades_evicted_early, 100, 200);
    assert_int_equal(metrics->cascades_evicted_open, metrics->cascades_evicted_early);
    assert_int_equal(metrics->refused, 0);
    feed_tags(pipeline, 2, 0, 0, T0 + 5 * USEC_PER_MIN);
    assert_false(is_complete(pipeline));
    feed_tags(pipeline, 2, 0, 0, T0 + 6 * USEC_PER_MIN);
    assert_true(is_complete(pipeline));
    pipeline_destroy(&pipeline);
}

static void
closed_cascades_that_a_window_counts_make_the_boards_incomplete_as_well(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("cascades.capacity=1000 windows=24h");
    feed_tags(pipeline, 2, 0, 0, T0 - 2 * USEC_PER_DAY);
    for (int root = 0; root < 930; root++) {
        feed_retweet(pipeline, 1, root, T0);
    }
    made_flush(pipeline);
    assert_true(is_complete(pipeline));
    for (int root = 930; root < 960; root++) {
        feed_retweet(pipeline, 1, root, T0 + 7 * USEC_PER_HOUR);
    }
    made_flush(pipeline);
    assert_int_equal(pipeline_metrics(pipeline)->cascades_evicted_open, 0);
    assert_int_not_equal(pipeline_metrics(pipeline)->cascades_evicted_early, 0);
    assert_false(is_complete(pipeline));
    // Those that no window counts any more may go without harm.
    usec later = T0 + 3 * USEC_PER_DAY;
    feed_tags(pipeline, 2, 0, 0, later);
    assert_true(is_complete(pipeline));
    uint64_t evicted = pipeline_metrics(pipeline)->cascades_evicted_early;
    for (int root = 2000; root < 2930; root++) {
        feed_retweet(pipeline, 1, root, later);
    }
    made_flush(pipeline);
    assert_int_equal(pipeline_metrics(pipeline)->cascades_evicted_early, evicted);
    assert_true(is_complete(pipeline));
    pipeline_destroy(&pipeline);
}

static void
a_full_table_of_cascades_costs_no_wait_and_few_searches(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("cascades.capacity=1000 windows=1h");
    const struct eviction *eviction = &pipeline->cascades.eviction;
    int waits = 0;
    uint64_t searches = 0; // each reads the whole table
    for (int root = 0; root < 20000; root++) {
        uint32_t used = eviction->used;
        uint64_t evicted = pipeline->cascades.evicted;
        waits += feed_retweet(pipeline, root % 50, root, T0 + root * 1000);
        uint64_t gone = pipeline->cascades.evicted - evicted;
        if (used + gone > eviction->used) {
            searches += (used + gone - eviction->used - 1) / eviction->count + 1;
        }
        if (root % 5000 == 4999) {
            made_flush(pipeline);
        }
    }
    assert_int_equal(waits, 0);
    assert_in_range(searches, 1, 20000 / 30);
    assert_true(pipeline->cascades.high <= 2000);
    assert_true(pipeline_metrics(pipeline)->cascades <= 2000);
    made_flush(pipeline);
    assert_int_equal(pipeline->cascades.leaving, 0);
    pipeline_destroy(&pipeline);
}

static void
a_full_table_waits_for_a_flush_also_in_the_first_step_of_time(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("hashtags.capacity=1000 windows=5m");
    for (int author = 0; author < 40; author++) {
        feed_tags(pipeline, author, 25 * author, 25, USEC_PER_S);
    }
    assert_int_equal(feed_tags(pipeline, 50, 2000, 1, USEC_PER_S), 1);
    assert_int_equal(feed_tags(pipeline, 50, 2001, 1, USEC_PER_S), 0);
    pipeline_destroy(&pipeline);
}

static void
a_full_table_of_hashtags_costs_only_new_ones(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("hashtags.capacity=1000 windows=5m");
    feed_tags(pipeline, 99, 0, 0, T0 - USEC_PER_HOUR);
    for (int author = 0; author < 40; author++) { // forty, so that none has too many
        feed_tags(pipeline, author, 25 * author, 25, T0);
    }
    assert_int_equal(pipeline->tags.count, 1000);
    assert_true(is_complete(pipeline));
    struct slice hashtags[2] = {SLICE_LIT("tag7"), SLICE_LIT("unheard-of")};
    struct post_user named = {.id = SLICE_LIT("n:m1")};
    struct post post = {.time = T0,
                        .mentions = &named,
                        .mention_count = 1,
                        .hashtags = hashtags,
                        .hashtag_count = 2};
    int waits = 0;
    for (int i = 0; i < 50; i++) {
        waits += feed(pipeline, &post, 50, STATUS_OK);
    }
    assert_true(waits <= 1);
    assert_int_equal(uses_of(pipeline, 7), 51);
    assert_int_equal(mentions_of(pipeline, 1), 50);
    assert_int_equal(tags_find(&pipeline->tags, hashtags[1]), TAG_NONE);
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->refused, 0);
    assert_int_equal(metrics->hashtags_left_out, 50);
    assert_int_equal(metrics->cut, 50);
    assert_int_equal(metrics->posts, 91);
    assert_false(is_complete(pipeline));
    // They leave the window, and there is room at once.
    post.time = T0 + 6 * USEC_PER_MIN;
    feed(pipeline, &post, 50, STATUS_OK);
    assert_int_not_equal(tags_find(&pipeline->tags, hashtags[1]), TAG_NONE);
    assert_int_equal(metrics->hashtags_left_out, 50);
    pipeline_destroy(&pipeline);
}

static void
a_full_table_of_people_costs_only_new_people(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000 windows=5m");
    feed_tags(pipeline, 0, 0, 0, T0 - USEC_PER_HOUR);
    for (int author = 0; author < 40; author++) {
        feed_mentions(pipeline, author, 24 * author, 24, T0);
    }
    assert_int_equal(pipeline->users.count, 1000);
    struct post_user named[2] = {{.id = SLICE_LIT("n:m7")}, {.id = SLICE_LIT("n:x")}};
    struct post post = {.time = T0, .mentions = named, .mention_count = 2};
    int waits = 0;
    for (int i = 0; i < 50; i++) {
        waits += feed(pipeline, &post, 3, STATUS_OK);
        waits += feed_retweet(pipeline, i % 40, 1 + i / 40, T0);
    }
    assert_true(waits <= 2);
    assert_int_equal(mentions_of(pipeline, 7), 51);
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->users_left_out, 50);
    assert_int_equal(metrics->cut, 50);
    assert_int_equal(metrics->retweets, 50);
    assert_int_equal(metrics->refused, 0);
    assert_false(is_complete(pipeline));
    feed(pipeline, &post, 1234, STATUS_FULL); // nobody has heard of the author
    assert_int_equal(metrics->refused, 1);
    assert_int_equal(metrics->users_left_out, 51);
    pipeline_destroy(&pipeline);
}

static void
full_texts_cost_only_new_names(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=200000 windows=5m");
    feed_mentions(pipeline, 1, 0, 1, T0);
    static char name[POST_NAME_MAX];
    memset(name, 'x', sizeof(name));
    struct post_user named = {.name = {name, sizeof(name)}};
    struct post post = {.time = T0, .mentions = &named, .mention_count = 1};
    for (int i = 2; pipeline_metrics(pipeline)->texts_left_out == 0; i++) {
        char id[MADE_NAME_MAX];
        assert_true(i < 100000);
        named.id = made_name(id, "n:m", i);
        feed(pipeline, &post, 1, STATUS_OK);
    }
    uint64_t before = pipeline_metrics(pipeline)->posts;
    for (int i = 0; i < 50; i++) {
        feed_mentions(pipeline, 1, 0, 1, T0);
    }
    assert_int_equal(mentions_of(pipeline, 0), 51);
    assert_int_equal(pipeline_metrics(pipeline)->posts, before + 50);
    feed(pipeline, &post, 2, STATUS_FULL);
    pipeline_destroy(&pipeline);
}

static void
a_post_counted_in_part_is_taken_back_as_it_was_counted(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("hashtags.capacity=1000 windows=5m");
    for (int author = 0; author < 40; author++) {
        feed_tags(pipeline, author, 25 * author, 25, T0);
    }
    struct slice hashtags[2] = {SLICE_LIT("unheard-of"), SLICE_LIT("tag7")};
    struct post post = {.time = T0, .hashtags = hashtags, .hashtag_count = 2};
    feed(pipeline, &post, 50, STATUS_OK);
    assert_int_equal(uses_of(pipeline, 7), 2);
    char id[MADE_NAME_MAX];
    struct post gone = {.kind = POST_DELETED, .id = made_name(id, "n:p", next_id)};
    assert_int_equal(pipeline_post(pipeline, &gone, WALL), STATUS_OK);
    assert_int_equal(uses_of(pipeline, 7), 1);
    pipeline_destroy(&pipeline);
}

static void
an_unknown_undo_is_a_gap_while_retweets_in_the_window_are_forgotten(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline(
        "dedupe.capacity=1000 dedupe.retweets=10 windows=1h users.capacity=20000");
    struct post gone = {.kind = POST_DELETED, .id = SLICE_LIT("bsky:never")};
    feed_tags(pipeline, 0, 0, 0, T0 - USEC_PER_DAY);
    feed_tags(pipeline, 0, 0, 0, T0);
    assert_int_equal(pipeline_post(pipeline, &gone, WALL), STATUS_OK);
    assert_true(is_complete(pipeline));
    char ids[2][MADE_NAME_MAX];
    for (int i = 0; i < 1100; i++) {
        struct post post = {
            .kind = POST_RETWEETED,
            .id = made_name(ids[0], "bsky:r", i),
            .is_undone_by_id = true,
            .time = T0,
            .author.id = made_name(ids[1], "bsky:u", i),
            .retweet_of = {.id = SLICE_LIT("bsky:root"), .created = USEC_NONE},
        };
        assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    }
    assert_int_not_equal(pipeline_metrics(pipeline)->undo_forgotten, 0);
    assert_true(is_complete(pipeline)); // nothing is taken back
    assert_int_equal(pipeline_post(pipeline, &gone, WALL), STATUS_OK);
    assert_false(is_complete(pipeline));
    feed_tags(pipeline, 0, 0, 0, T0 + USEC_PER_HOUR + 1);
    assert_true(is_complete(pipeline));
    assert_int_equal(pipeline_post(pipeline, &gone, WALL), STATUS_OK);
    assert_true(is_complete(pipeline));
    pipeline_destroy(&pipeline);
}

// ── one post, one author ───────────────────────────────────────────────────

static void
one_post_has_a_bounded_number_of_names(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("users.per_post=30 hashtags.per_post=20 windows=5m");
    feed_tags(pipeline, 1, 0, LIST_MAX, T0);
    feed_mentions(pipeline, 1, 0, LIST_MAX, T0);
    feed_tags(pipeline, 2, 0, 20, T0);
    feed_mentions(pipeline, 2, 0, 30, T0);
    assert_int_equal(uses_of(pipeline, 19), 2);
    assert_int_equal(uses_of(pipeline, 20), 0);
    assert_int_equal(mentions_of(pipeline, 29), 2);
    assert_int_equal(mentions_of(pipeline, 30), 0);
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_int_equal(metrics->names_beyond, 2 * LIST_MAX - 20 - 30);
    assert_int_equal(metrics->cut, 2);
    pipeline_destroy(&pipeline);
}

static void
one_author_fills_no_table(void **state)
{
    (void)state;
    struct pipeline *pipeline =
        made_pipeline("hashtags.capacity=3200 users.capacity=3200 windows=5m");
    for (int i = 0; i < 60; i++) {
        feed_tags(pipeline, 1, 500 * i, 500, T0);
        feed_mentions(pipeline, 1, 500 * i, 500, T0);
    }
    assert_in_range(pipeline->tags.count, 1600, 1600 + 110);
    // Of people it is only known now and then how many are in use.
    assert_in_range(pipeline->users.count, 1600, 2400);
    assert_int_not_equal(pipeline_metrics(pipeline)->names_rationed, 0);
    assert_int_equal(pipeline_metrics(pipeline)->hashtags_left_out, 0);
    // What is known already still counts for that author, and all of it for others.
    feed_tags(pipeline, 1, 0, 1, T0);
    assert_int_equal(uses_of(pipeline, 0), 2);
    for (int author = 2; author < 12; author++) {
        feed_tags(pipeline, author, 100000 + 50 * author, 50, T0);
        assert_int_equal(uses_of(pipeline, 100000 + 50 * author + 49), 1);
        feed_mentions(pipeline, author, 100000 + 50 * author, 50, T0);
        assert_int_equal(mentions_of(pipeline, 100000 + 50 * author + 49), 1);
    }
    pipeline_destroy(&pipeline);
}

static void
quota_finds_sources_of_more_than_a_share(void **state)
{
    (void)state;
    enum { CAPACITY = 6400, SHARE = CAPACITY / QUOTA_PART };
    static struct quota quota;
    uint32_t random = 1;
    uint32_t taken[3] = {0};
    // Three bring a tenth each, thousands bring the rest.
    for (uint32_t i = 0; i < CAPACITY - 1; i++) {
        uint32_t who = made_random(&random, 10);
        bool is_taken = quota_take(&quota, who < 3 ? who : 10 + i, CAPACITY);
        assert_true(is_taken || who < 3);
        if (who < 3) {
            taken[who] += is_taken;
        }
    }
    for (uint32_t who = 0; who < 3; who++) {
        assert_in_range(taken[who], SHARE, SHARE + CAPACITY / (QUOTA_ROWS + 1));
    }
    // They may bring more once others have brought as many as the table holds.
    for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
        assert_true(quota_take(&quota, 1000000 + i, CAPACITY));
    }
    assert_true(quota_take(&quota, 0, CAPACITY));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_names_only_cascades_that_exist_when_it_is_pulled),
        cmocka_unit_test(
            open_cascades_that_have_to_go_make_the_boards_incomplete_for_a_window),
        cmocka_unit_test(
            closed_cascades_that_a_window_counts_make_the_boards_incomplete_as_well),
        cmocka_unit_test(a_full_table_of_cascades_costs_no_wait_and_few_searches),
        cmocka_unit_test(a_full_table_waits_for_a_flush_also_in_the_first_step_of_time),
        cmocka_unit_test(a_full_table_of_hashtags_costs_only_new_ones),
        cmocka_unit_test(a_full_table_of_people_costs_only_new_people),
        cmocka_unit_test(full_texts_cost_only_new_names),
        cmocka_unit_test(a_post_counted_in_part_is_taken_back_as_it_was_counted),
        cmocka_unit_test(
            an_unknown_undo_is_a_gap_while_retweets_in_the_window_are_forgotten),
        cmocka_unit_test(one_post_has_a_bounded_number_of_names),
        cmocka_unit_test(one_author_fills_no_table),
        cmocka_unit_test(quota_finds_sources_of_more_than_a_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
