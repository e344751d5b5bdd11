// Which names a look-up service is asked for.
#include "pipeline/fold/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/pipeline.h"
#include "tests/unit/made_pipeline.h"

enum { FOUND_MAX = 64 };

struct found {
    struct names_item items[FOUND_MAX];
    size_t count;
};

static struct found
search(const struct pipeline *pipeline, const char *network)
{
    struct found found = {.count = 0};
    struct names_cursor cursor = {0};
    while (found.count < FOUND_MAX && names_next(pipeline, slice_of(network), &cursor,
                                                 &found.items[found.count])) {
        found.count++;
    }
    assert_true(found.count < FOUND_MAX);
    return found;
}

// How often an id was found; each time as that.
static size_t
times(const struct found *found, const char *id, bool is_post, bool is_known)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (slice_equal(found->items[i].id, slice_of(id))) {
            assert_int_equal(found->items[i].is_post, is_post);
            assert_int_equal(found->items[i].is_known, is_known);
            count++;
        }
    }
    return count;
}

static void
feed(struct pipeline *pipeline, const struct post *post)
{
    assert_int_equal(pipeline_post(pipeline, post, WALL), STATUS_OK);
}

static void
every_person_and_post_on_a_board_is_found_and_no_hashtag(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=1h");
    const struct slice hashtags[] = {SLICE_LIT("tea"), SLICE_LIT("bsky"),
                                     SLICE_LIT("cup")};
    feed(pipeline,
         &(struct post){.id = SLICE_LIT("bsky:p1"),
                        .time = T0,
                        .author = {.id = SLICE_LIT("bsky:a")},
                        .hashtags = hashtags,
                        .hashtag_count = sizeof(hashtags) / sizeof(hashtags[0])});
    feed(pipeline, &(struct post){.id = SLICE_LIT("x:p2"),
                                  .time = T0,
                                  .author = {.id = SLICE_LIT("x:b")}});
    assert_int_equal(search(pipeline, "bsky").count, 0); // no board is published
    feed(pipeline,
         &(struct post){.kind = POST_RETWEETED,
                        .id = SLICE_LIT("bsky:r1"),
                        .time = T0,
                        .author = {.id = SLICE_LIT("bsky:c"), .handle = SLICE_LIT("c")},
                        .retweet_of = {.id = SLICE_LIT("bsky:p1"),
                                       .author.id = SLICE_LIT("bsky:a"),
                                       .created = USEC_NONE}});
    made_flush(pipeline);
    struct found found = search(pipeline, "bsky");
    size_t root = times(&found, "bsky:p1", true, false);
    size_t author = times(&found, "bsky:a", false, false);
    size_t actor = times(&found, "bsky:c", false, true);
    assert_in_range(root, 1, FOUND_MAX);
    assert_in_range(author, 2, FOUND_MAX); // posts, retweets …
    assert_int_equal(root + author + actor, found.count);
    found = search(pipeline, "x");
    assert_int_equal(found.count, 1);
    assert_int_equal(times(&found, "x:b", false, false), 1);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_person_and_post_on_a_board_is_found_and_no_hashtag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
