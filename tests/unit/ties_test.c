// What is equal is put in order by the next thing the headers name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "pipeline/records/eviction.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

// ── boards ─────────────────────────────────────────────────────────────────

static void
publish(struct pipeline *pipeline, int author, usec time)
{
    static int id = 0;
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(ids[0], "n:t", id++),
        .time = time,
        .author.id = made_name(ids[1], "n:u", author),
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

// The score on a board, or 0 if that member is not on it.
static uint32_t
score_on(struct pipeline *pipeline, struct slice board, struct slice id)
{
    struct change change;
    uint64_t score = 0;
    changes_restart(pipeline);
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        for (size_t i = 0; change.kind == CHANGE_BOARD && i < change.entry_count; i++) {
            if (slice_equal(change.name, board) &&
                slice_equal(change.entries[i].member, id)) {
                score = change.entries[i].score;
            }
        }
    }
    changes_lost(pipeline);
    return (uint32_t)score;
}

static uint32_t
score_of(struct pipeline *pipeline, int author)
{
    char buffer[MADE_NAME_MAX];
    return score_on(pipeline, SLICE_LIT("posts:5m"), made_name(buffer, "n:u", author));
}

static void
equal_values_are_in_the_order_of_the_bytes_of_their_ids(void **state)
{
    (void)state;
    // Authors 1000 and up: by bytes in the order of their numbers. One more than fit,
    // and many more, so that candidates are dropped and searched again.
    static const int counts[] = {1001, 4001, 9000};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (int way = 0; way < 3; way++) {
            struct pipeline *pipeline = made_pipeline("windows=5m redis.top=1000");
            uint32_t step = way == 0 ? 1 : way == 1 ? (uint32_t)counts[i] - 1 : 997;
            for (uint32_t k = 0; k < (uint32_t)counts[i]; k++) {
                uint32_t at = k * step % (uint32_t)counts[i];
                publish(pipeline, 1000 + (int)at, T0);
            }
            assert_int_equal(score_of(pipeline, 1000), 1);
            assert_int_equal(score_of(pipeline, 1999), 1); // the thousandth
            assert_int_equal(score_of(pipeline, 2000), 0);
            assert_int_equal(score_of(pipeline, 999 + counts[i]), 0);
            made_flush(pipeline);
            publish(pipeline, 0, T0); // "n:u0" is less than all
            assert_int_equal(score_of(pipeline, 0), 1);
            assert_int_equal(score_of(pipeline, 1999), 0);
            made_flush(pipeline);
            publish(pipeline, 2000, T0); // greater by its value
            assert_int_equal(score_of(pipeline, 2000), 2);
            assert_int_equal(score_of(pipeline, 1998), 0);
            assert_int_equal(score_of(pipeline, 1997), 1);
            pipeline_destroy(&pipeline);
        }
    }
}

static void
an_id_is_less_than_a_longer_one_that_begins_with_it(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=5m redis.top=1");
    publish(pipeline, 10, T0);
    publish(pipeline, 1, T0);
    publish(pipeline, 100, T0);
    assert_int_equal(score_of(pipeline, 1), 1);
    assert_int_equal(score_of(pipeline, 10), 0);
    assert_int_equal(score_of(pipeline, 100), 0);
    pipeline_destroy(&pipeline);
}

static void
a_person_whose_id_becomes_known_is_put_in_the_order_of_that_id(void **state)
{
    (void)state;
    const struct slice board = SLICE_LIT("mentions:5m");
    struct pipeline *pipeline = made_pipeline("windows=5m redis.top=2");
    const struct post_user named[] = {
        {.id = SLICE_LIT("n:@zoe"), .handle = SLICE_LIT("zoe")},
        {.id = SLICE_LIT("n:a")},
        {.id = SLICE_LIT("n:b")},
    };
    struct post post = {.kind = POST_PUBLISHED,
                        .id = SLICE_LIT("n:1"),
                        .time = T0,
                        .author.id = SLICE_LIT("n:x"),
                        .mentions = named,
                        .mention_count = sizeof(named) / sizeof(named[0])};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    assert_int_equal(score_on(pipeline, board, SLICE_LIT("n:@zoe")), 1);
    assert_int_equal(score_on(pipeline, board, SLICE_LIT("n:b")), 0);
    made_flush(pipeline);
    post = (struct post){
        .kind = POST_PUBLISHED,
        .id = SLICE_LIT("n:2"),
        .time = T0,
        .author = {.id = SLICE_LIT("n:z"), .handle = SLICE_LIT("zoe")},
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    assert_int_equal(score_on(pipeline, board, SLICE_LIT("n:z")), 0);
    assert_int_equal(score_on(pipeline, board, SLICE_LIT("n:b")), 1);
    pipeline_destroy(&pipeline);
}

// ── eviction ───────────────────────────────────────────────────────────────

static void
those_to_be_evicted_are_in_order_of_rank_weight_idleness_and_age(void **state)
{
    (void)state;
    enum { ALL = 16, KEPT = 11 };
    struct eviction eviction;
    assert_true(eviction_init(&eviction, KEPT));
    for (uint32_t round = 0; round < ALL; round++) {
        eviction_begin(&eviction);
        for (uint32_t i = 0; i < ALL; i++) {
            // The index is the place that the candidate must get.
            uint32_t index = (i * 7 + round) % ALL;
            eviction_offer(&eviction, (struct eviction_candidate){
                                          .index = index,
                                          .rank = index / 8,
                                          .weight = 5 + index / 4 % 2,
                                          .last = T0 + index / 2 % 2,
                                          .birth = 1 + index % 2,
                                      });
        }
        eviction_end(&eviction);
        for (uint32_t place = 0; place < KEPT; place++) {
            assert_int_equal(eviction_next(&eviction)->index, place);
        }
        assert_null(eviction_next(&eviction));
    }
    eviction_fini(&eviction);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_are_in_the_order_of_the_bytes_of_their_ids),
        cmocka_unit_test(an_id_is_less_than_a_longer_one_that_begins_with_it),
        cmocka_unit_test(
            a_person_whose_id_becomes_known_is_put_in_the_order_of_that_id),
        cmocka_unit_test(
            those_to_be_evicted_are_in_order_of_rank_weight_idleness_and_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
