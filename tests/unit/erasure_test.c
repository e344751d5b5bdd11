// Persons who are removed from a stream of posts of all kinds.
#include "pipeline/fold/erasure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "tests/unit/flushed.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"
#include "tests/unit/made_stream.h"

enum {
    POSTS = 6000,
    EVERY = 61,
    FIRST = 1000 /* four digits: no id contains another */
};

// Smaller than a configuration may set: everything is forgotten all the time.
static struct pipeline *
create(void)
{
    struct pipeline_options options;
    struct hash_key key = {1, 2};
    option_presets(pipeline_option_rows, &options);
    made_options(pipeline_option_rows, &options, "windows=30s,4m");
    options.users_capacity = 3000;
    options.cascades_capacity = 200;
    options.cascades_authors = 50;
    options.dedupe_capacity = 400;
    options.dedupe_retweets = 60;
    options.hashtags_capacity = 200;
    options.memory_posts = 64 << 10;
    options.memory_windows = 4 << 20;
    options.memory_texts = 64 << 20;
    options.carriers_capacity = 100;
    struct pipeline *pipeline = pipeline_create(&options, &key, true, NULL);
    assert_non_null(pipeline);
    return pipeline;
}

static void
feed(struct pipeline *pipeline, uint32_t number)
{
    struct made_stream made;
    made_stream_make(&made, number);
    for (int tries = 0;
         tries < 3 && pipeline_post(pipeline, &made.post, WALL) == STATUS_AGAIN;
         tries++) {
        made_flush(pipeline);
    }
}

static void
lose_flush(struct pipeline *pipeline)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
    }
    changes_lost(pipeline);
}

static bool
contains(const struct kept *kept, struct slice text)
{
    const char *at = kept->bytes;
    const char *end = kept->bytes + kept->size;
    while ((size_t)(end - at) >= text.len &&
           (at = memchr(at, text.ptr[0], (size_t)(end - at) - text.len + 1)) != NULL) {
        if (memcmp(at, text.ptr, text.len) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

// A freed piece of a slab may have lost its first bytes: the id is looked for without
// its network.
static bool
is_in_snapshot(struct pipeline *pipeline, struct slice id)
{
    struct kept kept;
    size_t head = sizeof("bsky:") - 1;
    assert_true(kept_save(&kept, pipeline));
    bool is_found = contains(&kept, (struct slice){id.ptr + head, id.len - head});
    free(kept.bytes);
    return is_found;
}

// is_unlucky: the first flush is lost. False: no one of that id is known.
static bool
erase(struct pipeline *pipeline, struct slice id, bool is_unlucky)
{
    struct erasure erasure = {0};
    enum status status = erasure_begin(pipeline, id, &erasure);
    bool is_known = status == STATUS_OK;
    assert_true(is_known || status == STATUS_RANGE);
    while (is_known && !erasure_is_searched(pipeline, &erasure)) {
        (void)pipeline_settle(pipeline);
    }
    erasure_detach(pipeline, id, &erasure);
    if (is_unlucky) {
        erasure_flush_begins(&erasure);
        lose_flush(pipeline);
        assert_false(erasure_finish(pipeline, &erasure) && erasure.posts != 0 &&
                     is_in_snapshot(pipeline, id));
    }
    for (int i = 0; i < 8; i++) {
        erasure_flush_begins(&erasure);
        made_flush(pipeline);
        if (erasure_finish(pipeline, &erasure)) {
            return is_known;
        }
    }
    fail_msg("%.*s is never over", SLICE_ARG(id));
    return false;
}

static void
an_erased_person_is_in_no_snapshot(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    uint32_t erased = 0;
    uint32_t were_in = 0;
    for (uint32_t i = 0; i < POSTS; i++) {
        char buffer[MADE_NAME_MAX];
        feed(pipeline, i);
        if (i % EVERY != 0) {
            continue;
        }
        if (i % 2 == 0) {
            made_flush(pipeline);
        }
        struct slice id =
            made_name(buffer, "bsky:u", FIRST + i * 7 % (MADE_STREAM_PEOPLE - FIRST));
        were_in += is_in_snapshot(pipeline, id);
        erased += erase(pipeline, id, i % 3 == 0);
        assert_false(is_in_snapshot(pipeline, id));
    }
    print_message("%u persons were erased, %u were in a snapshot before\n", erased,
                  were_in);
    assert_true(erased > 20 && were_in > 20);
    pipeline_destroy(&pipeline);
}

// ── what of others changes ─────────────────────────────────────────────────

// The lines of a flush that are about neither the person nor the number of boards.
static char *
lines_without(char *text, const char *id)
{
    char *kept = malloc(strlen(text) + 1);
    assert_non_null(kept);
    kept[0] = '\0';
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, id) == NULL) {
            strcat(strcat(kept, line), "\n");
        }
    }
    return kept;
}

static void
others_keep_what_they_have_after_a_withdrawal(void **state)
{
    (void)state;
    enum { COUNT = 900 };
    static const char id[] = "bsky:u1100";
    struct pipeline *both[2] = {create(), create()};
    char *texts[2];
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            feed(both[k], i);
        }
        made_flush(both[k]);
    }
    assert_true(erase(both[0], slice_of(id), false));
    const struct post gone = {.kind = POST_WITHDRAWN, .author.id = slice_of(id)};
    assert_int_equal(pipeline_post(both[1], &gone, WALL), STATUS_OK);
    while (pipeline_settle(both[1])) {
    }
    for (size_t k = 0; k < 2; k++) {
        made_flush(both[k]);
        changes_restart(both[k]);
        char *text = flushed(both[k]);
        texts[k] = lines_without(text, id);
        free(text);
    }
    assert_string_equal(texts[0], texts[1]);
    for (size_t k = 0; k < 2; k++) {
        free(texts[k]);
        pipeline_destroy(&both[k]);
    }
}

// ── what arrives during the search ─────────────────────────────────────────

static void
reshare(struct pipeline *pipeline, const char *id, const char *author, const char *via)
{
    const struct post post = {
        .kind = POST_RETWEETED,
        .id = slice_of(id),
        .author.id = slice_of(author),
        .time = T0 + 2 * USEC_PER_S,
        .is_undone_by_id = true,
        .retweet_of = {.id = SLICE_LIT("bsky:p1"), .author.id = SLICE_LIT("bsky:u1")},
        .via = slice_of(via),
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static void
publish(struct pipeline *pipeline, const char *id, const char *author)
{
    const struct post_user named = {.id = SLICE_LIT("bsky:u7")};
    const struct post post = {
        .kind = POST_PUBLISHED,
        .id = slice_of(id),
        .author.id = slice_of(author),
        .time = T0 + USEC_PER_S,
        .text = SLICE_LIT("tea for two"),
        .mentions = &named,
        .mention_count = 1,
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static void
undo(struct pipeline *pipeline, const char *id)
{
    const struct post post = {.kind = POST_DELETED,
                              .id = slice_of(id),
                              .author.id = SLICE_LIT("bsky:who"),
                              .time = T0 + 3 * USEC_PER_S};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

// The place of a person on boards.
static void
cut_member(char *text, const char *member)
{
    char *to = text;
    for (const char *at = text; *at != '\0';) {
        if (strncmp(at, member, strlen(member)) == 0) {
            at += strlen(member);
            at += strspn(at, "0123456789");
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
}

// The twin deletes what the person does during the search of the other.
static char *
lines_after_an_arrival(bool is_twin)
{
    struct pipeline *pipeline = made_pipeline(
        "users.capacity=1000 cascades.capacity=1000 dedupe.capacity=1000");
    pipeline_set_thresholds(pipeline, 1, 1);
    publish(pipeline, "bsky:p1", "bsky:u1");
    reshare(pipeline, "bsky:who0", "bsky:who", "");
    reshare(pipeline, "bsky:r9", "bsky:u9", "");
    made_flush(pipeline);
    struct erasure erasure;
    assert_int_equal(erasure_begin(pipeline, SLICE_LIT("bsky:who"), &erasure),
                     STATUS_OK);
    reshare(pipeline, "bsky:who1", "bsky:who", "bsky:r9");
    reshare(pipeline, "bsky:r5", "bsky:u5", "bsky:who1");
    publish(pipeline, "bsky:who2", "bsky:who");
    if (is_twin) {
        undo(pipeline, "bsky:who1");
        undo(pipeline, "bsky:who2");
    }
    while (!erasure_is_searched(pipeline, &erasure)) {
        (void)pipeline_settle(pipeline);
    }
    if (!is_twin) {
        erasure_detach(pipeline, SLICE_LIT("bsky:who"), &erasure);
    }
    reshare(pipeline, "bsky:r6", "bsky:u6", "bsky:who1");
    undo(pipeline, "bsky:who1");
    undo(pipeline, "bsky:who2");
    reshare(pipeline, "bsky:r8", "bsky:u8", "bsky:r6");
    made_flush(pipeline);
    changes_restart(pipeline);
    char *text = flushed(pipeline);
    cut_member(text, " bsky:who=");
    char *lines = lines_without(text, "bsky:who");
    free(text);
    pipeline_destroy(&pipeline);
    return lines;
}

static void
what_arrives_during_the_search_is_taken_back(void **state)
{
    (void)state;
    char *lines = lines_after_an_arrival(false);
    char *twin = lines_after_an_arrival(true);
    assert_non_null(strstr(twin, "bsky:p1"));
    assert_string_equal(lines, twin);
    free(lines);
    free(twin);
}

// ── what is lost ───────────────────────────────────────────────────────────

static void
a_loss_after_all_was_pulled_is_waited_for(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline(
        "users.capacity=1000 cascades.capacity=1000 dedupe.capacity=1000");
    const struct slice id = SLICE_LIT("bsky:who");
    struct erasure erasure;
    struct change change;
    pipeline_set_thresholds(pipeline, 1, 1);
    publish(pipeline, "bsky:who2", "bsky:who");
    made_flush(pipeline);
    assert_int_equal(erasure_begin(pipeline, id, &erasure), STATUS_OK);
    while (!erasure_is_searched(pipeline, &erasure)) {
        (void)pipeline_settle(pipeline);
    }
    erasure_detach(pipeline, id, &erasure);
    erasure_flush_begins(&erasure);
    made_flush(pipeline);
    publish(pipeline, "bsky:p1", "bsky:u1"); // for a place on a board
    erasure_flush_begins(&erasure);
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
    }
    assert_false(erasure_finish(pipeline, &erasure));
    changes_lost(pipeline);
    for (int i = 0; i < 2; i++) {
        assert_false(erasure_finish(pipeline, &erasure));
        erasure_flush_begins(&erasure);
        made_flush(pipeline);
    }
    assert_true(erasure_finish(pipeline, &erasure));
    pipeline_destroy(&pipeline);
}

static void
a_handle_is_not_taken_for_an_id(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000");
    const struct post post = {
        .kind = POST_PUBLISHED,
        .id = SLICE_LIT("x:p1"),
        .author = {.id = SLICE_LIT("x:783214"), .handle = SLICE_LIT("ann")},
        .time = T0};
    struct erasure erasure;
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    struct slice id = erasure_other_id(pipeline, SLICE_LIT("x:@ann"));
    assert_true(slice_equal(id, SLICE_LIT("x:783214")));
    assert_true(slice_is_none(erasure_other_id(pipeline, id)));
    assert_int_equal(erasure_begin(pipeline, SLICE_LIT("x:@ann"), &erasure),
                     STATUS_RANGE);
    pipeline_destroy(&pipeline);
}

static void
an_unknown_id_erases_no_one(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    struct erasure erasure;
    feed(pipeline, 1);
    assert_int_equal(erasure_begin(pipeline, SLICE_LIT("bsky:u9999"), &erasure),
                     STATUS_RANGE);
    assert_int_equal(erasure_begin(pipeline, SLICE_LIT("bsky:@nobody"), &erasure),
                     STATUS_RANGE);
    pipeline_destroy(&pipeline);
}

static void
a_post_that_is_known_without_its_author_is_erased(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("users.capacity=1000");
    const struct slice id = SLICE_LIT("bsky:did:plc:ann");
    const struct post post = {
        .kind = POST_RETWEETED,
        .id = SLICE_LIT("bsky:p1"),
        .author.id = SLICE_LIT("bsky:did:plc:bob"),
        .retweet_of.id = SLICE_LIT("bsky:at://did:plc:ann/app.bsky.feed.post/3k"),
        .time = T0};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    made_flush(pipeline);
    assert_true(is_in_snapshot(pipeline, id));
    assert_false(erase(pipeline, id, false));
    assert_false(is_in_snapshot(pipeline, id));
    assert_true(is_in_snapshot(pipeline, SLICE_LIT("bsky:did:plc:bob")));
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_erased_person_is_in_no_snapshot),
        cmocka_unit_test(others_keep_what_they_have_after_a_withdrawal),
        cmocka_unit_test(what_arrives_during_the_search_is_taken_back),
        cmocka_unit_test(a_loss_after_all_was_pulled_is_waited_for),
        cmocka_unit_test(a_handle_is_not_taken_for_an_id),
        cmocka_unit_test(an_unknown_id_erases_no_one),
        cmocka_unit_test(a_post_that_is_known_without_its_author_is_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
