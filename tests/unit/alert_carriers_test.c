// Known carriers in alert rules: carriers_in.
#include "pipeline/alerts/alert_carriers.h"

#include <math.h>

#include "pipeline/alerts/measures.h"
#include "pipeline/alerts/rules.h"
#include "pipeline/carriers/known_acts.h"
#include "pipeline/inside.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

static struct pipeline *pipeline;
static int next_event;
static int next_person;

static void
set_rule(const char *settings)
{
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    made_options(rule_option_rows, &rule, settings);
    snprintf(rule.name, sizeof(rule.name), "r");
    assert_int_equal(rules_check(&rule, NULL), STATUS_OK);
    pipeline_set_rules(pipeline, &rule, 1);
}

static void
begin(const char *settings, const char *rule)
{
    next_event = 1;
    next_person = 1000;
    pipeline = made_pipeline(settings);
    set_rule(rule);
}

// A retweet or quote of the root; via: an event, 0: none is known. Returns its number.
static int
share(int root, int person, int via, bool is_quote)
{
    char ids[5][MADE_NAME_MAX];
    struct post_ref reference = {.id = made_name(ids[0], "n:p", root),
                                 .author.id = made_name(ids[1], "n:a", root),
                                 .created = T0};
    struct post post = {
        .kind = is_quote ? POST_PUBLISHED : POST_RETWEETED,
        .id = made_name(ids[2], "n:e", next_event),
        .author.id = made_name(ids[3], person < 0 ? "n:a" : "n:u",
                               person < 0 ? -person : person),
        .time = T0 + next_event * USEC_PER_S,
        .via = via != 0 ? made_name(ids[4], "n:e", via) : SLICE_NONE,
    };
    *(is_quote ? &post.quote : &post.retweet_of) = reference;
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    return next_event++;
}

static int
retweet(int root, int person)
{
    return share(root, person, 0, false);
}

static void
undo(int event)
{
    char id[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(id, "n:e", event)};
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
}

static void
grow(int root, int count)
{
    for (int i = 0; i < count; i++) {
        retweet(root, next_person++);
    }
}

// So many people come through the person, in a cascade of its own.
static void
make_carrier(int root, int person, int people)
{
    int via = retweet(root, person);
    for (int i = 0; i < people; i++) {
        share(root, next_person++, via, false);
    }
}

// The reasons of the alerts of a flush: "n:p2 size 5 >= 5, carrier_rank 1 <= 2;".
static const char *
told(void)
{
    static char text[1024];
    size_t used = 0;
    struct change change;
    text[0] = '\0';
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        const struct change_alert *alert = &change.alert;
        for (size_t i = 0; change.kind == CHANGE_ALERT && i < alert->why_count; i++) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s%s%.*s%s",
                                     i == 0 ? (int)alert->cascade.len : 0,
                                     alert->cascade.ptr, i == 0 ? " " : ", ",
                                     SLICE_ARG(alert->why[i]),
                                     i + 1 == alert->why_count ? ";" : "");
        }
    }
    changes_written(pipeline, SIZE_MAX);
    return text;
}

static void
restart(const char *settings, const char *rule)
{
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = made_pipeline(settings);
    assert_true(kept_load(&kept, pipeline, NULL));
    set_rule(rule);
}

static void
carriers_in_holds_if_a_known_carrier_came_before_min_size(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=5 carriers_in=2");
    make_carrier(1, 1, 3);
    make_carrier(2, 2, 2);
    make_carrier(3, 3, 1);
    assert_string_equal(told(), "");
    grow(4, 6); // no one who is known
    assert_string_equal(told(), "");
    retweet(5, 3); // the third
    grow(5, 4);
    assert_string_equal(told(), "");
    grow(6, 3);
    retweet(6, 2);
    assert_string_equal(told(), "");
    retweet(6, 1); // the last of five
    assert_string_equal(told(), "n:p6 size 5 >= 5, carrier_rank 1 <= 2;");
    grow(7, 5);
    retweet(7, 1); // too late
    assert_string_equal(told(), "");
    retweet(8, 2);
    grow(8, 4);
    assert_string_equal(told(), "n:p8 size 5 >= 5, carrier_rank 2 <= 2;");
    pipeline_destroy(&pipeline);
}

static void
carriers_in_takes_quotes_and_counts_neither_the_author_nor_later_fame(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=3 carriers_in=5");
    make_carrier(1, 1, 3);
    assert_string_equal(told(), "");
    share(2, 1, 0, true);
    grow(2, 2);
    assert_string_equal(told(), "n:p2 size 3 >= 3, carrier_rank 1 <= 5;");
    // Who becomes a carrier in this very cascade was not known when it began.
    make_carrier(3, 50, 4);
    assert_string_equal(told(), "");
    pipeline_destroy(&pipeline);
    begin("windows=1h", "min_size=3 carriers_in=5");
    // The author of the root 9 becomes a carrier of another post.
    int via = retweet(1, -9);
    share(1, 1, via, false);
    retweet(9, -9);
    grow(9, 3);
    assert_string_equal(told(), "");
    pipeline_destroy(&pipeline);
}

static void
carriers_in_without_min_size_is_about_every_reshare(void **state)
{
    (void)state;
    begin("windows=1h", "carriers_in=1");
    make_carrier(1, 1, 2);
    grow(2, 20);
    assert_string_equal(told(), "");
    retweet(2, 1);
    assert_string_equal(told(), "n:p2 carrier_rank 1 <= 1;");
    pipeline_destroy(&pipeline);
}

static void
levels_of_a_rule_share_the_time_before_its_min_size(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=3 levels=1,2 carriers_in=1");
    make_carrier(1, 1, 2);
    grow(2, 3);
    retweet(2, 1); // before 6, not before 3
    grow(2, 4);
    assert_string_equal(told(), "");
    retweet(3, 1);
    grow(3, 2);
    assert_string_equal(told(), "n:p3 size 3 >= 3, carrier_rank 1 <= 1;");
    grow(3, 3);
    assert_string_equal(told(), "n:p3 size 6 >= 6, carrier_rank 1 <= 1;");
    pipeline_destroy(&pipeline);
}

static void
carriers_in_no_longer_holds_when_the_reshare_is_taken_back(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=3 carriers_in=1");
    make_carrier(1, 1, 2);
    int event = retweet(2, 1);
    grow(2, 1);
    undo(event);
    grow(2, 2);
    assert_string_equal(told(), "");
    // Another reshare of the same person remains.
    event = retweet(3, 1);
    share(3, 1, 0, true);
    undo(event);
    grow(3, 2);
    assert_string_equal(told(), "n:p3 size 3 >= 3, carrier_rank 1 <= 1;");
    pipeline_destroy(&pipeline);
}

static void
carriers_in_waits_for_hysteresis_and_an_undo_begins_it_again(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=2 carriers_in=1 hysteresis=20s");
    make_carrier(1, 1, 2);
    int event = retweet(2, 1);
    grow(2, 1);
    assert_string_equal(told(), "");
    undo(event);
    grow(2, 40);
    assert_string_equal(told(), "");
    retweet(3, 1);
    grow(3, 1);
    assert_string_equal(told(), "");
    grow(3, 25);
    assert_non_null(strstr(told(), "carrier_rank 1 <= 1;"));
    pipeline_destroy(&pipeline);
}

static void
what_was_recorded_outlives_a_restart(void **state)
{
    (void)state;
    const char *rule = "min_size=4 carriers_in=1";
    begin("windows=1h", rule);
    make_carrier(1, 1, 2);
    int event = retweet(2, 1);
    retweet(3, 1);
    grow(2, 1);
    restart("windows=1h", rule);
    undo(event);
    grow(2, 4);
    assert_string_equal(told(), "");
    grow(3, 3);
    assert_string_equal(told(), "n:p3 size 4 >= 4, carrier_rank 1 <= 1;");
    pipeline_destroy(&pipeline);
}

static void
a_rule_loaded_later_knows_what_earlier_rules_asked_for(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=100");
    make_carrier(1, 1, 2);
    retweet(2, 1);
    set_rule("min_size=3 carriers_in=1");
    retweet(3, 1);
    grow(2, 3); // the carrier came before the rule
    assert_string_equal(told(), "");
    set_rule("min_size=2 carriers_in=3");
    grow(3, 1);
    assert_string_equal(told(), "n:p3 size 2 >= 2, carrier_rank 1 <= 3;");
    pipeline_destroy(&pipeline);
}

static void
a_thousand_reshares_of_a_carrier_are_bounded_and_counted(void **state)
{
    (void)state;
    begin("windows=1h", "carriers_in=1 levels=1");
    make_carrier(1, 1, 2);
    for (int i = 0; i < KNOWN_ACTS_MAX + 10; i++) {
        share(2, 1, 0, true);
    }
    assert_int_equal(pipeline_metrics(pipeline)->carriers_refused, 10);
    assert_string_equal(told(), "n:p2 carrier_rank 1 <= 1;");
    pipeline_destroy(&pipeline);
}

// ── ranks ──────────────────────────────────────────────────────────────────

enum { PEOPLE = 40 };

static uint32_t
user_of(int person)
{
    char id[MADE_NAME_MAX];
    return users_find(&pipeline->users, made_name(id, "n:u", person));
}

// By counting who has a greater score, or an equal one and a lower id.
static uint32_t
counted_rank(int person, uint32_t most)
{
    const struct carriers *carriers = &pipeline->carriers;
    uint64_t scores[PEOPLE];
    char ids[2][MADE_NAME_MAX];
    for (int i = 0; i < PEOPLE; i++) {
        uint32_t user = user_of(i);
        uint32_t row = user != USER_NONE ? carriers_find(carriers, user) : CARRIER_NONE;
        scores[i] =
            row != CARRIER_NONE ? carriers_score(carriers, CARRIERS_PEOPLE, row) : 0;
    }
    uint32_t rank = 1;
    struct slice id = made_name(ids[0], "n:u", person);
    for (int i = 0; i < PEOPLE; i++) {
        rank += scores[i] > scores[person] ||
                (scores[i] == scores[person] &&
                 slice_compare(made_name(ids[1], "n:u", i), id) < 0);
    }
    return scores[person] != 0 && rank <= most ? rank : 0;
}

static void
ranks_are_exact_also_between_flushes_and_when_people_fall(void **state)
{
    (void)state;
    uint32_t random = 11;
    static int acts[PEOPLE];
    static int events[4096];
    int count = 0;
    // Few places, so that most carriers are no candidates, and many come and go.
    begin("windows=1h redis.top=3", "min_size=2 carriers_in=3");
    for (int person = 0; person < PEOPLE; person++) {
        acts[person] = retweet(1, person);
    }
    for (int i = 0; i < 1500; i++) {
        if (count != 0 && made_random(&random, 3) == 0) {
            int which = (int)made_random(&random, (uint32_t)count);
            undo(events[which]);
            events[which] = events[--count];
        } else {
            int person = (int)made_random(&random, PEOPLE);
            events[count++] = share(1, next_person++, acts[person], false);
        }
        for (int person = 0; person < PEOPLE; person++) {
            assert_int_equal(alert_carriers_rank(pipeline, user_of(person)),
                             counted_rank(person, 3));
        }
        if (made_random(&random, 50) == 0) {
            made_flush(pipeline);
        }
    }
    pipeline_destroy(&pipeline);
}

static void
no_rank_is_computed_while_no_rule_asks(void **state)
{
    (void)state;
    begin("windows=1h", "min_size=2");
    make_carrier(1, 1, 2);
    assert_int_equal(alert_carriers_rank(pipeline, user_of(1)), 0);
    set_rule("carriers_in=10000");
    assert_int_equal(alert_carriers_rank(pipeline, user_of(1)), 1);
    assert_int_equal(alert_carriers_rank(pipeline, user_of(1000)), 0);
    pipeline_destroy(&pipeline);
    begin("windows=1h carriers.capacity=0", "carriers_in=10");
    make_carrier(1, 1, 2);
    retweet(2, 1);
    assert_string_equal(told(), "");
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carriers_in_holds_if_a_known_carrier_came_before_min_size),
        cmocka_unit_test(
            carriers_in_takes_quotes_and_counts_neither_the_author_nor_later_fame),
        cmocka_unit_test(carriers_in_without_min_size_is_about_every_reshare),
        cmocka_unit_test(levels_of_a_rule_share_the_time_before_its_min_size),
        cmocka_unit_test(carriers_in_no_longer_holds_when_the_reshare_is_taken_back),
        cmocka_unit_test(carriers_in_waits_for_hysteresis_and_an_undo_begins_it_again),
        cmocka_unit_test(what_was_recorded_outlives_a_restart),
        cmocka_unit_test(a_rule_loaded_later_knows_what_earlier_rules_asked_for),
        cmocka_unit_test(a_thousand_reshares_of_a_carrier_are_bounded_and_counted),
        cmocka_unit_test(ranks_are_exact_also_between_flushes_and_when_people_fall),
        cmocka_unit_test(no_rank_is_computed_while_no_rule_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
