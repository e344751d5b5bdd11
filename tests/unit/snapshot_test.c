#include "pipeline/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "tests/unit/kept.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define WALL (T0 + 3650 * USEC_PER_DAY)

static struct pipeline *
create(uint64_t seed, uint64_t top)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.memory_posts = 1 << 20;
    options.dedupe_capacity = 1000;
    options.cascades_capacity = 150;
    options.top = top;
    struct hash_key key = {seed, ~seed};
    struct pipeline *pipeline = pipeline_create(&options, &key, true, NULL);
    assert_non_null(pipeline);
    return pipeline;
}

static void
write_out(struct pipeline *pipeline)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
    }
    changes_written(pipeline, SIZE_MAX);
}

// Posts, retweets and deletions of a small world; `number` decides everything.
static void
feed(struct pipeline *pipeline, uint32_t number)
{
    char ids[4][32];
    uint32_t random = number * 2654435761u;
    snprintf(ids[0], sizeof(ids[0]), "bsky:%u", number);
    snprintf(ids[1], sizeof(ids[1]), "n:u%u", (random >> 8) % 40);
    snprintf(ids[2], sizeof(ids[2]), "bsky:%u", number > 20 ? number - random % 20 : 0);
    snprintf(ids[3], sizeof(ids[3]), "n:u%u", (random >> 20) % 40);
    struct slice tag = SLICE_LIT("tea");
    struct post_user named = {.id = slice_of(ids[3]), .handle = slice_of(ids[3])};
    struct post post = {
        .kind = random % 3 == 0 ? POST_RETWEETED : POST_PUBLISHED,
        .id = slice_of(ids[0]),
        .is_undone_by_id = random % 3 == 0,
        .time = T0 + number * USEC_PER_MIN,
        .author = {.id = slice_of(ids[1]),
                   .followers = random % 99,
                   .has_followers = true},
        .text = SLICE_LIT("something to say"),
    };
    if (post.kind == POST_RETWEETED) {
        post.retweet_of =
            (struct post_ref){.id = slice_of(ids[2]), .created = USEC_NONE};
    } else {
        post.mentions = &named;
        post.mention_count = 1;
        post.hashtags = &tag;
        post.hashtag_count = 1;
    }
    if (random % 17 == 0) {
        post = (struct post){.kind = POST_DELETED, .id = slice_of(ids[2])};
    }
    if (random % 19 == 0) { // perhaps a retweet behind the newest events
        snprintf(ids[2], sizeof(ids[2]), "bsky:%u", number - 1200);
        post = (struct post){.kind = POST_DELETED, .id = slice_of(ids[2])};
    }
    enum status status;
    while ((status = pipeline_post(pipeline, &post, WALL)) == STATUS_AGAIN) {
        write_out(pipeline);
    }
    assert_int_equal(status, STATUS_OK);
    if (number % 10 == 9) {
        write_out(pipeline);
    }
}

// Everything the pipeline holds as it would be told anew; freed by the caller.
static char *
dump(struct pipeline *pipeline)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    changes_restart(pipeline);
    changes_begin(pipeline);
    struct change change;
    while (changes_next(pipeline, &change)) {
        fprintf(out, "%d %.*s", change.kind, SLICE_ARG(change.name));
        for (size_t i = 0; i < change.field_count; i++) {
            fprintf(out, " %.*s=%.*s", SLICE_ARG(change.fields[i].name),
                    SLICE_ARG(change.fields[i].value));
        }
        for (size_t i = 0; i < change.entry_count; i++) {
            fprintf(out, " %.*s=%llu", SLICE_ARG(change.entries[i].member),
                    (unsigned long long)change.entries[i].score);
        }
        fputc('\n', out);
    }
    changes_written(pipeline, SIZE_MAX);
    fclose(out);
    return text;
}

static void
snapshot_read_back_counts_on_like_the_one_that_was_written(void **state)
{
    (void)state;
    struct pipeline *whole = create(1, 10);
    for (uint32_t i = 0; i < 3000; i++) {
        feed(whole, i);
    }
    struct kept kept;
    assert_true(kept_save(&kept, whole));
    struct pipeline *restored = create(2, 10);
    assert_true(kept_load(&kept, restored, NULL));
    for (uint32_t i = 2990; i < 5000; i++) { // ten of them are known already
        feed(whole, i);
        feed(restored, i);
    }
    assert_true(pipeline_metrics(restored)->undone > 0);
    assert_true(pipeline_metrics(restored)->retweets_lasting > 0);
    assert_true(pipeline_metrics(restored)->cascades_evicted > 0);
    assert_int_equal(pipeline_metrics(restored)->cascades_evicted,
                     pipeline_metrics(whole)->cascades_evicted);
    assert_int_equal(pipeline_metrics(restored)->undone,
                     pipeline_metrics(whole)->undone);
    assert_int_equal(pipeline_metrics(restored)->duplicates,
                     pipeline_metrics(whole)->duplicates);
    char *expected = dump(whole);
    char *got = dump(restored);
    assert_true(strlen(expected) > 1000);
    assert_string_equal(got, expected);
    free(expected);
    free(got);
    pipeline_destroy(&whole);
    pipeline_destroy(&restored);
}

static void
snapshot_of_nothing_is_nothing_again(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1, 10);
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    struct pipeline *restored = create(2, 10);
    assert_int_equal(snapshot_load(restored, kept_read, &kept, NULL), STATUS_OK);
    feed(restored, 1);
    free(kept.bytes);
    pipeline_destroy(&pipeline);
    pipeline_destroy(&restored);
}

static void
snapshot_of_other_options_is_refused_by_their_name(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1, 10);
    feed(pipeline, 1);
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    struct pipeline *other = create(1, 20);
    struct error error = {0};
    assert_int_equal(snapshot_load(other, kept_read, &kept, &error), STATUS_PARSE);
    assert_string_equal(error.text,
                        "it was made with other options: redis.top (10, now 20); it "
                        "holds 1 posts and 2 people up to 2023-11-14T22:14:20.000Z");
    free(kept.bytes);
    pipeline_destroy(&pipeline);
    pipeline_destroy(&other);
}

static void
snapshot_that_ends_early_or_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    struct pipeline *pipeline = create(1, 10);
    for (uint32_t i = 0; i < 200; i++) {
        feed(pipeline, i);
    }
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    for (size_t cut = 0; cut < kept.size; cut += 1 + kept.size / 50) {
        struct kept part = {.bytes = kept.bytes, .size = cut};
        struct pipeline *other = create(1, 10);
        struct error error = {0};
        assert_int_equal(snapshot_load(other, kept_read, &part, &error), STATUS_IO);
        assert_non_null(strstr(error.text, "ends early"));
        pipeline_destroy(&other);
        struct kept small = {.bytes = kept.bytes, .room = kept.room, .limit = cut};
        assert_int_equal(snapshot_save(pipeline, kept_write, &small), STATUS_IO);
    }
    free(kept.bytes);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshot_read_back_counts_on_like_the_one_that_was_written),
        cmocka_unit_test(snapshot_of_nothing_is_nothing_again),
        cmocka_unit_test(snapshot_of_other_options_is_refused_by_their_name),
        cmocka_unit_test(snapshot_that_ends_early_or_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
