// Bytes that are no snapshot of this build: the checksum lets none through, and still
// none leads past the end of a container.
#include "pipeline/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

enum { POSTS = 60, SMALL = 8 };

// A snapshot of which some bytes are others.
struct changed {
    struct kept kept;
    size_t moves;     // so far
    size_t move;      // whose bytes are changed, if it is a small one; or
    size_t field;     // of struct pipeline: that one
    const void *from; // where it is
    bool is_changed;
};

static struct pipeline *
create(void)
{
    return made_pipeline("users.capacity=1000 cascades.capacity=1000 "
                         "hashtags.capacity=1000 trees.capacity=1000 "
                         "dedupe.capacity=1000 alerts.capacity=16 memory.posts=64K");
}

static void
feed(struct pipeline *pipeline)
{
    char names[4][MADE_NAME_MAX];
    for (int i = 0; i < POSTS; i++) {
        struct slice tag = made_name(names[0], "t", i % 5);
        struct post post = {.kind = POST_PUBLISHED,
                            .id = made_name(names[1], "n:p", i),
                            .time = T0 + i * USEC_PER_S,
                            .author.id = made_name(names[2], "n:u", i % 30),
                            .hashtags = &tag,
                            .hashtag_count = 1};
        if (i % 3 != 0) {
            post.kind = POST_RETWEETED;
            post.hashtag_count = 0;
            post.retweet_of =
                (struct post_ref){.id = made_name(names[3], "n:p", i - i % 6),
                                  .author.id = SLICE_LIT("n:root"),
                                  .created = T0};
        }
        assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    }
}

static bool
read_changed(void *context, void *bytes, size_t size)
{
    struct changed *changed = context;
    bool is_good = kept_read(&changed->kept, bytes, size);
    bool is_wanted = changed->from == NULL ? changed->moves == changed->move
                                           : changed->from == bytes;
    changed->moves++;
    if (is_wanted && size <= SMALL) {
        memset(bytes, 0xff, size);
        changed->is_changed = true;
    }
    return is_good;
}

static struct kept
kept_of_some_posts(void)
{
    struct pipeline *pipeline = create();
    struct kept kept;
    feed(pipeline);
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    return kept;
}

static void
no_number_leads_past_the_end_of_a_container(void **state)
{
    (void)state;
    struct changed changed = {.kept = kept_of_some_posts()};
    size_t moves = SIZE_MAX;
    for (size_t move = 0; move < moves; move++) {
        struct pipeline *pipeline = create();
        changed.kept.at = 0;
        changed.moves = 0;
        changed.move = move;
        changed.is_changed = false;
        enum status status = snapshot_load(pipeline, read_changed, &changed, NULL);
        moves = changed.is_changed ? moves : changed.moves;
        assert_true(status == STATUS_OK || status == STATUS_PARSE ||
                    status == STATUS_IO);
        pipeline_destroy(&pipeline);
    }
    free(changed.kept.bytes);
}

static void
assert_refused(struct changed *changed, const char *why)
{
    struct pipeline *pipeline = create();
    struct error error = {0};
    changed->kept.at = 0;
    if (changed->field != 0) {
        changed->from = (const char *)pipeline + changed->field;
    }
    if (snapshot_load(pipeline, read_changed, changed, &error) != STATUS_PARSE ||
        strstr(error.text, why) == NULL) {
        fail_msg("%s is not found in: %s", why, error.text);
    }
    pipeline_destroy(&pipeline);
}

#define AT(member) offsetof(struct pipeline, member)

static void
numbers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const size_t fields[] = {
        AT(windows.counters.rows.high),
        AT(windows.counters.spills.high),
        AT(windows.chunk_high),
        AT(users.high),
        AT(users.queue.count),
        AT(users.by_id.count),
        AT(users.by_handle.count),
        AT(users.traces.high),
        AT(cascades.high),
        AT(cascades.eviction.count),
        AT(cascades.eviction.used),
        AT(cascades.timers.count),
        AT(cascades.queue.count),
        AT(cascades.by_id.count),
        AT(trees.nodes.high),
        AT(trees.nodes.count),
        AT(trees.pending.next),
        AT(forecasts.timers.count),
        AT(forecasts.network_count),
        AT(forecasts.baselines.count),
        AT(tags.high),
        AT(tags.fading_count),
        AT(records.newest.next),
        AT(records.lasting.next),
        AT(records.by_hash.count),
        AT(records.texts.head),
        AT(locals.by_name.count),
        AT(alerts.queue.pulled),
        AT(alerts.queue.end),
        AT(alerts.shown),
        AT(alerts.memory.high),
        AT(withdrawals.next),
        AT(flush.flying_next),
    };
    struct changed changed = {.kept = kept_of_some_posts()};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        changed.is_changed = false;
        changed.field = fields[i];
        assert_refused(&changed, "its parts do not fit each other");
        assert_true(changed.is_changed);
    }
    free(changed.kept.bytes);
}

static void
bytes_of_another_version_are_refused(void **state)
{
    (void)state;
    struct changed changed = {.kept = kept_of_some_posts(), .move = SIZE_MAX};
    char *head = changed.kept.bytes + sizeof(uint32_t);
    char *sizes = head + *(const uint32_t *)(const void *)changed.kept.bytes;
    const char why[] =
        "it was made by another version; it holds 60 posts and 31 people";
    for (size_t i = 0; i < 3; i++) {
        char *place =
            i == 0 ? head + strlen("format ") : sizes + (i - 1) * sizeof(size_t);
        ++*place;
        assert_refused(&changed, why);
        --*place;
    }
    free(changed.kept.bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_another_version_are_refused),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(no_number_leads_past_the_end_of_a_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
