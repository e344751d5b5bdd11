// Accounts that get another handle or are gone.
#include "pipeline/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "pipeline/fold/names.h"
#include "pipeline/fold/withdrawals.h"
#include "tests/unit/flushed.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

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
publish(struct pipeline *pipeline, int id, const char *author, usec time)
{
    char buffer[MADE_NAME_MAX];
    feed(pipeline, &(struct post){
                       .kind = POST_PUBLISHED,
                       .id = made_name(buffer, "n:p", id),
                       .time = time,
                       .author.id = slice_of(author),
                   });
}

static void
retweet(struct pipeline *pipeline, int id, const char *actor, int root)
{
    char ids[2][MADE_NAME_MAX];
    feed(pipeline, &(struct post){
                       .kind = POST_RETWEETED,
                       .id = made_name(ids[0], "n:r", id),
                       .time = T0,
                       .author.id = slice_of(actor),
                       .retweet_of = {.id = made_name(ids[1], "n:p", root),
                                      .author.id = SLICE_LIT("n:root"),
                                      .created = USEC_NONE},
                   });
}

static void
rename_user(struct pipeline *pipeline, const char *id, const char *handle)
{
    feed(pipeline, &(struct post){
                       .kind = POST_RENAMED,
                       .author = {.id = slice_of(id), .handle = slice_of(handle)},
                   });
}

static void
withdraw_at(struct pipeline *pipeline, const char *id, usec time)
{
    feed(pipeline, &(struct post){
                       .kind = POST_WITHDRAWN,
                       .time = time,
                       .author.id = slice_of(id),
                   });
}

static void
withdraw(struct pipeline *pipeline, const char *id)
{
    withdraw_at(pipeline, id, USEC_NONE);
}

// ── another handle ─────────────────────────────────────────────────────────

static void
a_new_handle_is_valid_at_once_and_the_old_key_is_deleted(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, 1, "n:a", T0);
    rename_user(pipeline, "n:a", "Old");
    FLUSHED_HAS(pipeline, "n:a handle=Old", "+handle:n:old");
    rename_user(pipeline, "n:a", "new");
    FLUSHED_HAS(pipeline, "n:a handle=new +handle:n:new -handle:n:old");
    pipeline_destroy(&pipeline);
}

static void
a_new_handle_creates_no_person_and_moves_no_clock(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    rename_user(pipeline, "n:a", "ann");
    assert_int_equal(pipeline_metrics(pipeline)->users, 0);
    assert_int_equal(pipeline_clock(pipeline), 0);
    assert_false(changes_pending(pipeline));
    pipeline_destroy(&pipeline);
}

static void
a_look_up_does_not_bring_back_the_old_handle(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, 1, "n:a", T0);
    retweet(pipeline, 2, "n:b", 1);
    rename_user(pipeline, "n:a", "new");
    struct post_user late = {
        .id = SLICE_LIT("n:a"), .handle = SLICE_LIT("old"), .name = SLICE_LIT("Ann")};
    names_learn_user(pipeline, &late);
    struct post_ref facts = {.id = SLICE_LIT("n:p1"),
                             .author = late,
                             .text = SLICE_LIT("words"),
                             .created = USEC_NONE};
    names_learn_post(pipeline, &facts);
    FLUSHED_HAS(pipeline, "n:a handle=new name=Ann", "text=words");
    publish(pipeline, 3, "n:b", T0 + NAMES_RENAMED_FOR);
    names_learn_user(pipeline, &late);
    FLUSHED_HAS(pipeline, "n:a handle=old");
    pipeline_destroy(&pipeline);
}

static void
a_look_up_gives_a_root_its_time(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    retweet(pipeline, 2, "n:b", 1);
    struct post_ref facts = {.id = SLICE_LIT("n:p1"), .created = T0 - USEC_PER_HOUR};
    names_learn_post(pipeline, &facts);
    char field[64];
    snprintf(field, sizeof(field), "created_ms=%lld",
             (long long)(facts.created / USEC_PER_MS));
    FLUSHED_HAS(pipeline, field);
    pipeline_destroy(&pipeline);
}

// ── an account that is gone ────────────────────────────────────────────────

static void
an_account_that_is_gone_takes_back_what_it_did(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, 1, "n:root", T0);
    publish(pipeline, 2, "n:bot", T0);
    retweet(pipeline, 3, "n:bot", 1);
    retweet(pipeline, 4, "n:b", 1);
    FLUSHED_HAS(pipeline, "retweets:1h n:root=2", "posts:1h n:root=1 n:bot=1");
    withdraw(pipeline, "n:bot");
    assert_int_equal(pipeline_metrics(pipeline)->undone, 2);
    assert_int_equal(pipeline_metrics(pipeline)->withdrawals, 1);
    FLUSHED_HAS(pipeline, "n:bot gone", "retweets:1h n:root=1", "posts:1h n:bot=0",
                "size=1");
    pipeline_destroy(&pipeline);
}

static void
all_posts_of_an_account_that_is_gone_are_hidden(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    retweet(pipeline, 3, "n:b", 1);
    FLUSHED_HAS(pipeline, "cascades:1h n:p1=1");
    withdraw(pipeline, "n:root");
    FLUSHED_HAS(pipeline, "n:p1 gone", "cascades:1h n:p1=0");
    pipeline_destroy(&pipeline);
}

static void
a_message_that_comes_again_takes_back_nothing_later(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    publish(pipeline, 1, "n:root", T0);
    publish(pipeline, 2, "n:root", T0 + 1);
    retweet(pipeline, 3, "n:b", 2);
    withdraw_at(pipeline, "n:root", T0);
    FLUSHED_HAS(pipeline, "posts:1h n:root=1", "cascades:1h n:p2=1");
    withdraw_at(pipeline, "n:root", T0 + 1);
    FLUSHED_HAS(pipeline, "posts:1h n:root=0", "cascades:1h n:p2=0");
    pipeline_destroy(&pipeline);
}

enum { MANY = 60000 };

// A person with so many events that the search takes many posts.
static struct pipeline *
create_busy(void)
{
    struct pipeline *pipeline = create();
    for (int i = 0; i < MANY; i++) {
        publish(pipeline, i, i % 2 == 0 ? "n:busy" : "n:other", T0);
    }
    free(flushed(pipeline));
    return pipeline;
}

static void
an_account_with_many_events_does_not_delay_a_post(void **state)
{
    (void)state;
    struct pipeline *pipeline = create_busy();
    withdraw(pipeline, "n:busy");
    uint64_t before = pipeline_metrics(pipeline)->undone;
    assert_in_range(before, 1, WITHDRAWALS_AT_ONCE / WITHDRAWALS_PER_EVENT + 1);
    int posts = MANY;
    while (pipeline_metrics(pipeline)->undone < MANY / 2) {
        publish(pipeline, posts++, "n:busy", T0);
        uint64_t undone = pipeline_metrics(pipeline)->undone;
        assert_true(undone - before <=
                    WITHDRAWALS_PER_POST / WITHDRAWALS_PER_EVENT + 1);
        before = undone;
    }
    while (pipeline_settle(pipeline)) {
    }
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "posts:1h n:busy=%d", posts - MANY);
    FLUSHED_HAS(pipeline, wanted);
    pipeline_destroy(&pipeline);
}

static void
a_search_reads_what_others_did_in_few_steps(void **state)
{
    (void)state;
    struct pipeline *pipeline = create_busy();
    publish(pipeline, MANY, "n:seldom", T0);
    withdraw(pipeline, "n:seldom");
    int steps = 0;
    while (pipeline_settle(pipeline)) {
        steps++;
    }
    assert_true(steps <= MANY / WITHDRAWALS_AT_ONCE + 1);
    assert_int_equal(pipeline_metrics(pipeline)->undone, 1);
    pipeline_destroy(&pipeline);
}

static void
a_search_continues_from_a_snapshot(void **state)
{
    (void)state;
    struct pipeline *pipeline = create_busy();
    withdraw(pipeline, "n:busy");
    withdraw(pipeline, "n:other");
    withdraw(pipeline, "n:other");
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = create();
    assert_true(kept_load(&kept, pipeline, NULL));
    while (pipeline_settle(pipeline)) {
    }
    assert_int_equal(pipeline_metrics(pipeline)->undone, MANY);
    FLUSHED_HAS(pipeline, "n:busy gone", "n:other gone", "posts:1h whole\n");
    pipeline_destroy(&pipeline);
}

static void
accounts_beyond_what_can_wait_are_counted(void **state)
{
    (void)state;
    struct pipeline *pipeline = create_busy();
    char buffer[MADE_NAME_MAX];
    for (int i = 0; i < WITHDRAWALS_MAX; i++) {
        struct slice id = made_name(buffer, "n:u", i);
        publish(pipeline, MANY + i, id.ptr, T0);
    }
    withdraw(pipeline, "n:busy");
    while (pipeline_metrics(pipeline)->withdrawals < WITHDRAWALS_MAX) {
        struct slice id = made_name(
            buffer, "n:u", (int64_t)pipeline_metrics(pipeline)->withdrawals - 1);
        // Nothing but the table of those that wait is looked at here.
        withdrawals_add(pipeline, &(struct post){.author.id = id});
    }
    withdrawals_add(pipeline, &(struct post){.author.id = SLICE_LIT("n:other")});
    assert_int_equal(pipeline_metrics(pipeline)->withdrawals_refused, 1);
    while (pipeline_settle(pipeline)) {
    }
    assert_int_equal(pipeline_metrics(pipeline)->undone,
                     MANY / 2 + WITHDRAWALS_MAX - 1);
    pipeline_destroy(&pipeline);
}

static void
an_unknown_account_changes_nothing(void **state)
{
    (void)state;
    struct pipeline *pipeline = create();
    withdraw(pipeline, "n:a");
    assert_int_equal(pipeline_metrics(pipeline)->withdrawals, 0);
    assert_false(pipeline_settle(pipeline));
    assert_false(changes_pending(pipeline));
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_handle_is_valid_at_once_and_the_old_key_is_deleted),
        cmocka_unit_test(a_new_handle_creates_no_person_and_moves_no_clock),
        cmocka_unit_test(a_look_up_does_not_bring_back_the_old_handle),
        cmocka_unit_test(a_look_up_gives_a_root_its_time),
        cmocka_unit_test(an_account_that_is_gone_takes_back_what_it_did),
        cmocka_unit_test(all_posts_of_an_account_that_is_gone_are_hidden),
        cmocka_unit_test(a_message_that_comes_again_takes_back_nothing_later),
        cmocka_unit_test(an_account_with_many_events_does_not_delay_a_post),
        cmocka_unit_test(a_search_reads_what_others_did_in_few_steps),
        cmocka_unit_test(a_search_continues_from_a_snapshot),
        cmocka_unit_test(accounts_beyond_what_can_wait_are_counted),
        cmocka_unit_test(an_unknown_account_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
