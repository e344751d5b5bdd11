#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/fold/acts.h"
#include "pipeline/alerts/measures.h"
#include "pipeline/alerts/rules.h"
#include "pipeline/inside.h"
#include "tests/unit/made_pipeline.h"
#include "tests/unit/made_stream.h"

enum { AUTHOR = 900, ROOT = 1, NONE = 0, DEPTH = 50000, RESHARES = 100000 };

// ── posts ──────────────────────────────────────────────────────────────────

// Posts and reshares have numbers of one kind; so have people.
struct made_share {
    int id;
    int actor;
    int via;
    int of; // 0: ROOT
    bool is_quote;
};

static void
share_at(struct pipeline *pipeline, struct made_share reshare, usec time)
{
    char ids[4][MADE_NAME_MAX];
    int of = reshare.of != 0 ? reshare.of : ROOT;
    struct post_ref ref = {.id = made_name(ids[0], "n:p", of), .created = USEC_NONE};
    struct post post = {
        .kind = reshare.is_quote ? POST_PUBLISHED : POST_RETWEETED,
        .id = made_name(ids[1], "n:p", reshare.id),
        .time = time,
        .author.id = made_name(ids[2], "n:u", reshare.actor),
        .via = reshare.via != NONE ? made_name(ids[3], "n:p", reshare.via) : SLICE_NONE,
    };
    *(reshare.is_quote ? &post.quote : &post.retweet_of) = ref;
    enum status status;
    while ((status = pipeline_post(pipeline, &post, WALL)) == STATUS_AGAIN) {
        made_flush(pipeline);
    }
    assert_int_equal(status, STATUS_OK);
}

static void
share(struct pipeline *pipeline, struct made_share reshare)
{
    share_at(pipeline, reshare, T0 + 1);
}

static void
undo(struct pipeline *pipeline, int id)
{
    char name[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(name, "n:p", id)};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static struct pipeline *
begin(void)
{
    struct pipeline *pipeline = made_pipeline("windows=5m,24h");
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(ids[0], "n:p", ROOT),
        .time = T0,
        .author.id = made_name(ids[1], "n:u", AUTHOR),
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    return pipeline;
}

// ── what is counted ────────────────────────────────────────────────────────

static int64_t
value_of(const struct pipeline *pipeline, uint32_t user, enum tally tally,
         uint32_t window)
{
    const struct counters *counters = &pipeline->windows.counters;
    for (uint32_t c = users_at(&pipeline->users, user)->counters; c != COUNTER_NONE;) {
        const struct counter *counter = counters_at(counters, c);
        if (counter_tally(counter) == tally) {
            return (int64_t)counters_value(counters, counter, window);
        }
        c = counter->next;
    }
    return 0;
}

static int64_t
value(const struct pipeline *pipeline, int person, enum tally tally)
{
    char name[MADE_NAME_MAX];
    uint32_t user = users_find(&pipeline->users, made_name(name, "n:u", person));
    return user != USER_NONE ? value_of(pipeline, user, tally, 1) : 0;
}

static int64_t
carried(const struct pipeline *pipeline, int person)
{
    return value(pipeline, person, TALLY_CARRIED);
}

// Without decay, since all happened at about the same time.
static int64_t
carried_acts(const struct pipeline *pipeline, int person)
{
    char name[MADE_NAME_MAX];
    uint32_t user = users_find(&pipeline->users, made_name(name, "n:u", person));
    uint32_t row = carriers_find(&pipeline->carriers, user);
    return llround(carriers_view(&pipeline->carriers, row, T0 + 1).carried_acts);
}

static double
measured(struct pipeline *pipeline, enum measure what)
{
    char id[MADE_NAME_MAX];
    uint32_t cascade = cascades_find(&pipeline->cascades, made_name(id, "n:p", ROOT));
    return measure_of(pipeline, cascade, what, INFINITY);
}

static void
acts_have_as_children_those_who_came_through_them(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1});
    share(pipeline, (struct made_share){.id = 3, .actor = 2, .via = 2});
    share(pipeline, (struct made_share){.id = 4, .actor = 3, .via = 2});
    share(pipeline, (struct made_share){.id = 5, .actor = 4, .via = 3});
    assert_int_equal(carried(pipeline, 1), 2);
    assert_int_equal(carried(pipeline, 2), 1);
    assert_int_equal(carried(pipeline, AUTHOR), 0);
    // A person is a child at most once, and of another person.
    share(pipeline,
          (struct made_share){.id = 6, .actor = 3, .via = 3, .is_quote = true});
    share(pipeline, (struct made_share){.id = 7, .actor = 5});
    share(pipeline,
          (struct made_share){.id = 8, .actor = 5, .via = 7, .is_quote = true});
    assert_int_equal(carried(pipeline, 2), 1);
    assert_int_equal(carried(pipeline, 5), 0);
    assert_int_equal(pipeline_metrics(pipeline)->acts, 5);
    assert_int_equal(pipeline_metrics(pipeline)->children, 3);
    pipeline_destroy(&pipeline);
}

static void
acts_that_are_quotes_translate(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1, .is_quote = true});
    share(pipeline, (struct made_share){.id = 3, .actor = 2, .of = 2});
    share(pipeline, (struct made_share){.id = 4, .actor = 3, .via = 2});
    share(pipeline, (struct made_share){.id = 5, .actor = 4, .via = 4});
    assert_int_equal(carried(pipeline, 1), 2);
    assert_int_equal(value(pipeline, 1, TALLY_TRANSLATED), 2);
    assert_int_equal(carried(pipeline, 3), 1);
    assert_int_equal(value(pipeline, 3, TALLY_TRANSLATED), 0);
    // The author of the root has no act below it.
    share(pipeline, (struct made_share){.id = 6, .actor = AUTHOR, .of = 2});
    share(pipeline, (struct made_share){.id = 7, .actor = 5, .of = 2, .via = 6});
    assert_int_equal(carried(pipeline, 1), 2);
    assert_int_equal(carried(pipeline, AUTHOR), 1); // in the cascade of the quote
    pipeline_destroy(&pipeline);
}

static void
acts_that_name_the_root_have_an_observed_parent(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1, .via = ROOT});
    share(pipeline, (struct made_share){.id = 3, .actor = 2, .via = ROOT});
    share(pipeline, (struct made_share){.id = 4, .actor = 3, .via = 2});
    share(pipeline, (struct made_share){.id = 5, .actor = 4});
    assert_int_equal(measured(pipeline, MEASURE_DEPTH), 2);
    const struct cascade *row = cascades_at(&pipeline->cascades, 0);
    assert_int_equal(row->tree.observed, 3);
    assert_int_equal(pipeline_metrics(pipeline)->vias_dropped, 0);
    undo(pipeline, 3);
    undo(pipeline, 2);
    assert_int_equal(row->tree.observed, 1);
    undo(pipeline, 4);
    assert_int_equal(row->tree.observed, 0);
    assert_int_equal(row->tree.count, 1);
    pipeline_destroy(&pipeline);
}

static void
acts_with_most_children_are_named_in_an_alert(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    snprintf(rule.name, sizeof(rule.name), "all");
    for (const struct option *row = rule_option_rows; row->name != NULL; row++) {
        if (strcmp(row->name, "min_size") == 0) {
            assert_int_equal(option_set(row, &rule, SLICE_LIT("20"), NULL), STATUS_OK);
        }
    }
    pipeline_set_rules(pipeline, &rule, 1);
    for (int i = 0; i < 7; i++) {
        share(pipeline, (struct made_share){.id = 2 + i, .actor = 1 + i});
    }
    for (int i = 0; i < 13; i++) { // 5 through the first, 4 through the second, …
        static const int through[] = {2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6};
        share(pipeline,
              (struct made_share){.id = 20 + i, .actor = 20 + i, .via = through[i]});
    }
    struct change change;
    bool is_seen = false;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        if (change.kind == CHANGE_ALERT) {
            is_seen = true;
            static const uint64_t people[] = {5, 4, 2, 1, 1};
            assert_int_equal(change.alert.carrier_count, 5);
            for (int i = 0; i < 5; i++) {
                assert_int_equal(change.alert.carriers[i].people, people[i]);
            }
        }
    }
    assert_true(is_seen);
    changes_written(pipeline, SIZE_MAX);
    pipeline_destroy(&pipeline);
}

// ── in any order ───────────────────────────────────────────────────────────

static void
acts_gain_children_that_waited_for_them_at_the_time_of_these(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share_at(pipeline, (struct made_share){.id = 3, .actor = 2, .via = 2},
             T0 + USEC_PER_MIN);
    share_at(pipeline, (struct made_share){.id = 4, .actor = 3, .via = 2},
             T0 + 8 * USEC_PER_MIN);
    assert_int_equal(carried(pipeline, 1), 0);
    share_at(pipeline, (struct made_share){.id = 2, .actor = 1}, T0 + 8 * USEC_PER_MIN);
    assert_int_equal(carried(pipeline, 1), 2);
    char name[MADE_NAME_MAX];
    uint32_t user = users_find(&pipeline->users, made_name(name, "n:u", 1));
    assert_int_equal(value_of(pipeline, user, TALLY_CARRIED, 0), 1); // last 5 minutes
    undo(pipeline, 4);
    assert_int_equal(value_of(pipeline, user, TALLY_CARRIED, 0), 0);
    assert_int_equal(carried(pipeline, 1), 1);
    undo(pipeline, 3);
    assert_int_equal(carried(pipeline, 1), 0);
    pipeline_destroy(&pipeline);
}

static void
acts_taken_back_keep_the_children_that_they_had_until_then(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1});
    share(pipeline, (struct made_share){.id = 3, .actor = 2, .via = 2});
    undo(pipeline, 2);
    assert_int_equal(carried(pipeline, 1), 1);
    share(pipeline, (struct made_share){.id = 4, .actor = 3, .via = 2});
    assert_int_equal(carried(pipeline, 1), 1);
    undo(pipeline, 3);
    assert_int_equal(carried(pipeline, 1), 0);
    undo(pipeline, 4);
    assert_int_equal(carried(pipeline, 1), 0);
    assert_int_equal(pipeline_metrics(pipeline)->children_undone, 1);
    pipeline_destroy(&pipeline);
}

static void
acts_taken_back_are_replaced_by_the_next_reshare_of_the_person(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1});
    share(pipeline, (struct made_share){.id = 3, .actor = 2});
    share(pipeline,
          (struct made_share){.id = 4, .actor = 2, .via = 2, .is_quote = true});
    share(pipeline, (struct made_share){.id = 5, .actor = 3, .of = 4});
    share(pipeline, (struct made_share){.id = 6, .actor = 4, .of = 4});
    assert_int_equal(carried(pipeline, 1), 0); // the second reshare is no act
    assert_int_equal(carried(pipeline, 2), 0);
    undo(pipeline, 3);
    assert_int_equal(carried(pipeline, 1), 1);
    assert_int_equal(carried(pipeline, 2), 2);
    assert_int_equal(value(pipeline, 2, TALLY_TRANSLATED), 2);
    undo(pipeline, 6);
    assert_int_equal(value(pipeline, 2, TALLY_TRANSLATED), 1);
    undo(pipeline, 4);
    assert_int_equal(carried(pipeline, 1), 0);
    assert_int_equal(carried(pipeline, 2), 1);
    undo(pipeline, 5);
    assert_int_equal(carried(pipeline, 2), 0);
    assert_int_equal(pipeline_metrics(pipeline)->acts_lost, 0);
    pipeline_destroy(&pipeline);
}

static void
acts_that_name_one_another_have_one_child(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1, .via = 4});
    share(pipeline, (struct made_share){.id = 3, .actor = 2, .via = 2});
    share(pipeline, (struct made_share){.id = 4, .actor = 3, .via = 3});
    assert_int_equal(carried(pipeline, 1) + carried(pipeline, 2) + carried(pipeline, 3),
                     2);
    assert_int_equal(pipeline_metrics(pipeline)->tree_cycles, 1);
    pipeline_destroy(&pipeline);
}

// The two reshares become acts of one person when the handle's holder is known.
static void
acts_under_two_names_have_their_own_first_child(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    struct post named = {
        .kind = POST_RETWEETED,
        .id = SLICE_LIT("n:p2"),
        .time = T0 + 1,
        .author.id = SLICE_LIT("n:@ann"),
        .retweet_of = {.id = SLICE_LIT("n:p1"), .created = USEC_NONE},
    };
    assert_int_equal(pipeline_post(pipeline, &named, WALL), STATUS_OK);
    share(pipeline, (struct made_share){.id = 3, .actor = 2, .via = 2});
    share(pipeline, (struct made_share){.id = 4, .actor = 1});
    struct post holder = {
        .kind = POST_PUBLISHED,
        .id = SLICE_LIT("n:p5"),
        .time = T0 + 1,
        .author = {.id = SLICE_LIT("n:u1"), .handle = SLICE_LIT("Ann")},
    };
    assert_int_equal(pipeline_post(pipeline, &holder, WALL), STATUS_OK);
    assert_int_equal(carried_acts(pipeline, 1), 1);
    share(pipeline, (struct made_share){.id = 6, .actor = 3, .via = 4});
    share(pipeline, (struct made_share){.id = 7, .actor = 4, .via = 4});
    assert_int_equal(carried_acts(pipeline, 1), 2);
    undo(pipeline, 2);
    assert_int_equal(carried_acts(pipeline, 1), 1);
    share(pipeline, (struct made_share){.id = 8, .actor = 5, .via = 4});
    assert_int_equal(carried_acts(pipeline, 1), 1);
    undo(pipeline, 6);
    assert_int_equal(carried_acts(pipeline, 1), 1);
    undo(pipeline, 7);
    undo(pipeline, 8);
    assert_int_equal(carried_acts(pipeline, 1), 0);
    pipeline_destroy(&pipeline);
}

// ── large ──────────────────────────────────────────────────────────────────

static void
acts_in_a_chain_of_50000_have_one_child_each(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    for (int i = 0; i < DEPTH; i++) {
        share(pipeline, (struct made_share){
                            .id = ROOT + 1 + i, .actor = 1000 + i, .via = ROOT + i});
    }
    assert_int_equal(pipeline_metrics(pipeline)->children, DEPTH - 1);
    assert_int_equal(carried(pipeline, 1000), 1);
    assert_int_equal(carried(pipeline, 1000 + DEPTH - 2), 1);
    undo(pipeline, ROOT + 2);
    assert_int_equal(carried(pipeline, 1000), 0);
    assert_int_equal(carried(pipeline, 1001), 1);
    pipeline_destroy(&pipeline);
}

static void
acts_of_a_person_who_reshares_100000_times_are_one(void **state)
{
    (void)state;
    struct pipeline *pipeline = begin();
    share(pipeline, (struct made_share){.id = 2, .actor = 1});
    for (int i = 0; i < RESHARES; i++) {
        share(pipeline,
              (struct made_share){.id = 3 + i, .actor = 2, .via = 2, .is_quote = true});
    }
    assert_int_equal(pipeline_metrics(pipeline)->acts, 2);
    assert_int_equal(carried(pipeline, 1), 1);
    for (int i = 0; i < 1000; i++) { // the next one becomes the act
        undo(pipeline, 3 + i);
        assert_int_equal(carried(pipeline, 1), 1);
    }
    pipeline_destroy(&pipeline);
}

// The sum over all people is the number of those whose act came through the act of
// another person.
static void
acts_of_a_stream_add_up(void **state)
{
    (void)state;
    struct pipeline *pipeline = made_pipeline("windows=24h");
    // Without a pause in which cascades are forgotten.
    for (uint32_t number = 0; number < 1500; number++) {
        struct made_stream made;
        made_stream_make(&made, number);
        while (pipeline_post(pipeline, &made.post, WALL) == STATUS_AGAIN) {
            made_flush(pipeline);
        }
    }
    int64_t sum = 0;
    for (uint32_t i = 0; i < pipeline->users.high; i++) {
        bool is_used = users_at(&pipeline->users, i)->card != SLAB_NONE;
        sum += is_used ? value_of(pipeline, i, TALLY_CARRIED, 0) : 0;
    }
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_true(sum > 100);
    assert_true(metrics->children_undone > 5);
    assert_int_equal(sum, metrics->children - metrics->children_undone);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_have_as_children_those_who_came_through_them),
        cmocka_unit_test(acts_that_are_quotes_translate),
        cmocka_unit_test(acts_that_name_the_root_have_an_observed_parent),
        cmocka_unit_test(acts_with_most_children_are_named_in_an_alert),
        cmocka_unit_test(acts_gain_children_that_waited_for_them_at_the_time_of_these),
        cmocka_unit_test(acts_taken_back_keep_the_children_that_they_had_until_then),
        cmocka_unit_test(
            acts_taken_back_are_replaced_by_the_next_reshare_of_the_person),
        cmocka_unit_test(acts_that_name_one_another_have_one_child),
        cmocka_unit_test(acts_under_two_names_have_their_own_first_child),
        cmocka_unit_test(acts_in_a_chain_of_50000_have_one_child_each),
        cmocka_unit_test(acts_of_a_person_who_reshares_100000_times_are_one),
        cmocka_unit_test(acts_of_a_stream_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
