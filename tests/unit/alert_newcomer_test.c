// Alerts about people who take part in a campaign for the first time.
#include "pipeline/alerts/alert_newcomer.h"

#include "pipeline/inside.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_pipeline.h"

enum { CUP = 1, TEA = 2, BOTH = 3 };

#define FOLLOWED "kind=newcomer campaigns=cup min_followers=100"

static struct pipeline *pipeline;
static const char *options;
static struct campaign campaigns[2];
static uint32_t order;
static usec now;
static int next_event;

// ── making ─────────────────────────────────────────────────────────────────

static void
set_rule(const char *settings)
{
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    made_options(rule_option_rows, &rule, settings);
    snprintf(rule.name, sizeof(rule.name), "new");
    assert_int_equal(rules_check(&rule, NULL), STATUS_OK);
    pipeline_set_rules(pipeline, &rule, 1);
}

static void
begin(const char *settings, const char *rule)
{
    static const char *const names[] = {"cup", "tea"};
    options = settings;
    pipeline = made_pipeline(settings);
    now = T0;
    next_event = 1;
    for (size_t i = 0; i < 2; i++) {
        memset(&campaigns[i], 0, sizeof(campaigns[i]));
        option_presets(campaign_option_rows, &campaigns[i]);
        snprintf(campaigns[i].name, sizeof(campaigns[i].name), "%s", names[i]);
        made_options(campaign_option_rows, &campaigns[i], "words=x");
    }
    order = pipeline_set_campaigns(pipeline, campaigns, 2);
    set_rule(rule);
}

static int
end(void **state)
{
    (void)state;
    pipeline_destroy(&pipeline);
    return 0;
}

static usec
wall(void)
{
    return pipeline->is_event_time ? WALL : now;
}

// Followers below 0 are not known. Returns the number of the event.
static int
publish_as(const char *id, const char *handle, int64_t followers, uint64_t set)
{
    char event[MADE_NAME_MAX];
    struct post post = {
        .id = made_name(event, "n:e", next_event),
        .author = {.id = slice_of(id),
                   .handle = handle != NULL ? slice_of(handle) : SLICE_NONE,
                   .followers = followers >= 0 ? (uint32_t)followers : 0,
                   .has_followers = followers >= 0},
        .time = now,
        .campaigns = {.found = set, .spoken = BOTH, .order = order},
    };
    assert_int_equal(pipeline_post(pipeline, &post, wall()), STATUS_OK);
    now += USEC_PER_S;
    return next_event++;
}

static int
publish(const char *id, int64_t followers, uint64_t set)
{
    return publish_as(id, NULL, followers, set);
}

static void
retweet(const char *id, const char *root, const char *via)
{
    char event[MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(event, "n:e", next_event++),
        .author.id = slice_of(id),
        .time = now,
        .retweet_of = {.id = slice_of(root),
                       .author.id = SLICE_LIT("n:writer"),
                       .created = USEC_NONE},
        .via = via != NULL ? slice_of(via) : SLICE_NONE,
    };
    assert_int_equal(pipeline_post(pipeline, &post, WALL), STATUS_OK);
    now += USEC_PER_S;
}

static void
undo(int event)
{
    char id[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(id, "n:e", event)};
    assert_int_equal(pipeline_post(pipeline, &post, wall()), STATUS_OK);
}

// The alerts of one flush, as "new:cup:n:1[followers 100 >= 100] ".
static const char *
raised(void)
{
    static char text[4096];
    struct change change;
    size_t used = 0;
    text[0] = '\0';
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        if (change.kind != CHANGE_ALERT) {
            continue;
        }
        assert_int_equal(change.alert.type, CHANGE_ALERT_NEWCOMER);
        assert_int_equal(change.alert.campaign_count, 1);
        assert_true(change.alert.why_count > 1);
        assert_int_equal(change.field_count, 0);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s[",
                                 SLICE_ARG(change.name));
        for (size_t i = 1; i < change.alert.why_count; i++) {
            used +=
                (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s",
                                 i != 1 ? ", " : "", SLICE_ARG(change.alert.why[i]));
        }
        used += (size_t)snprintf(text + used, sizeof(text) - used, "] ");
    }
    changes_written(pipeline, SIZE_MAX);
    return text;
}

static void
restart(void)
{
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = made_pipeline(options);
    assert_true(kept_load(&kept, pipeline, NULL));
    order = pipeline_set_campaigns(pipeline, campaigns, 2);
}

// ── who is a newcomer ──────────────────────────────────────────────────────

static void
a_person_with_enough_followers_is_reported_once_in_each_campaign(void **state)
{
    (void)state;
    begin("", "kind=newcomer campaigns=cup,tea min_followers=100");
    publish("n:1", 99, BOTH);
    publish("n:2", 100, CUP);
    publish("n:3", 5000, 0);
    assert_string_equal(raised(), "new:cup:n:2[followers 100 >= 100] ");
    publish("n:2", 200, CUP);
    assert_string_equal(raised(), "");
    publish("n:2", 200, BOTH);
    assert_string_equal(raised(), "new:tea:n:2[followers 200 >= 100] ");
}

static void
a_rule_looks_at_its_own_campaigns_only(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    publish("n:1", 100, TEA);
    assert_string_equal(raised(), "");
    publish("n:1", 100, CUP);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
}

static void
a_known_carrier_is_reported_whatever_the_followers(void **state)
{
    (void)state;
    begin("", "kind=newcomer campaigns=cup min_followers=100 carriers_in=1");
    retweet("n:1", "n:root", NULL);
    retweet("n:2", "n:root", "n:e1");
    retweet("n:3", "n:root", "n:e1");
    retweet("n:4", "n:root", "n:e2");
    publish("n:2", -1, CUP); // the second of the board
    publish("n:1", -1, CUP);
    assert_string_equal(raised(), "new:cup:n:1[carrier_rank 1 <= 1] ");
}

static void
followers_that_become_known_while_the_person_is_new_count(void **state)
{
    (void)state;
    begin("windows=5m,1h", FOLLOWED);
    publish("n:1", -1, CUP);
    publish("n:2", -1, CUP);
    assert_string_equal(raised(), "");
    publish("n:1", 100, 0);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
    now += 2 * USEC_PER_HOUR;
    publish("n:2", 100, 0);
    publish("n:2", 100, CUP);
    assert_string_equal(raised(), "");
}

// ── at most once ───────────────────────────────────────────────────────────

static void
who_leaves_and_comes_back_is_not_reported_again(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    int event = publish("n:1", 100, CUP);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
    undo(event);
    publish("n:1", 100, CUP);
    assert_string_equal(raised(), "");
}

static void
who_was_reported_is_remembered_over_a_restart(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    int event = publish("n:1", 100, CUP);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
    publish("n:2", 300, CUP);
    restart();
    set_rule(FOLLOWED);
    assert_string_equal(raised(), "new:cup:n:2[followers 300 >= 100] ");
    undo(event);
    publish("n:1", 100, CUP);
    publish("n:2", 300, CUP);
    assert_string_equal(raised(), "");
}

static void
a_person_who_gets_an_id_is_not_reported_again(void **state)
{
    (void)state;
    begin("users.capacity=1000 windows=5m", FOLLOWED);
    publish_as("n:@ann", "ann", 100, CUP);
    assert_string_equal(raised(), "new:cup:n:@ann[followers 100 >= 100] ");
    publish_as("n:7", "ann", 100, 0);
    now += USEC_PER_HOUR;
    for (int i = 0; i < 250; i++) { // the pair leaves to make room
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:u", i).ptr, 1, CUP);
    }
    now += USEC_PER_HOUR;
    publish_as("n:7", "ann", 100, CUP);
    assert_string_equal(raised(), "");
}

static void
an_alert_that_is_published_again_keeps_its_id(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    publish_as("n:@ann", "ann", 100, CUP);
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
    }
    changes_lost(pipeline);
    publish_as("n:7", "ann", 100, 0);
    assert_string_equal(raised(), "new:cup:n:@ann[followers 100 >= 100] ");
    assert_string_equal(raised(), "");
}

static void
an_alert_waits_for_room_and_is_lost_only_with_the_act(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    for (int i = 0; i < ALERT_BURST_MAX; i++) {
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:u", i).ptr, 100, CUP);
    }
    publish("n:1", 100, CUP);
    int event = publish("n:2", 100, CUP);
    undo(event);
    made_flush(pipeline);
    restart();
    set_rule(FOLLOWED);
    assert_string_equal(raised(), "");
    now += 20 * USEC_PER_S;
    publish("n:3", 1, 0); // time passes
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
    publish("n:2", 100, CUP);
    assert_string_equal(raised(), "new:cup:n:2[followers 100 >= 100] ");
}

static void
an_alert_that_waits_is_kept_when_the_person_gets_an_id(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    publish("n:7", 1, CUP);
    for (int i = 0; i < ALERT_BURST_MAX; i++) {
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:u", i).ptr, 100, CUP);
    }
    publish_as("n:@ann", "ann", 100, CUP);
    publish_as("n:@bob", "bob", 100, CUP);
    publish_as("n:7", "ann", 100, 0);
    publish_as("n:8", "bob", 100, 0);
    made_flush(pipeline);
    now += 20 * USEC_PER_S;
    publish("n:3", 1, 0); // time passes
    assert_string_equal(raised(), "new:cup:n:7[followers 100 >= 100] "
                                  "new:cup:n:8[followers 100 >= 100] ");
}

// ── taken back before it is published ──────────────────────────────────────

static void
an_alert_is_withdrawn_with_the_act(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    pipeline->is_event_time = false;
    int event = publish("n:1", 100, CUP);
    undo(event);
    assert_string_equal(raised(), "");
    publish("n:1", 100, CUP);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
}

static void
an_alert_is_published_though_the_campaign_has_forgotten_the_person(void **state)
{
    (void)state;
    begin("users.capacity=1000 windows=5m", FOLLOWED);
    pipeline->is_event_time = false;
    publish("n:1", 100, CUP);
    now += USEC_PER_HOUR;
    for (int i = 0; i < 250; i++) {
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:u", i).ptr, 1, CUP);
    }
    assert_true(pipeline->metrics.campaigns_evicted != 0);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
}

static void
an_alert_is_published_though_its_campaign_was_away(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    pipeline->is_event_time = false;
    publish("n:1", 100, CUP);
    (void)pipeline_set_campaigns(pipeline, &campaigns[1], 1);
    order = pipeline_set_campaigns(pipeline, campaigns, 2);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
}

// Every row of the memory is in a digest: no other alert can be remembered.
static void
fill_memory(void)
{
    struct alert_memory *memory = &pipeline->alerts.memory;
    for (int i = 0; memory->count < memory->capacity; i++) {
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:m", i).ptr, 100, CUP);
    }
    for (uint32_t i = 0; i < memory->high; i++) {
        alert_memory_at(memory, i)->digest = UINT32_MAX;
    }
    made_flush(pipeline);
}

static void
an_alert_that_cannot_be_remembered_is_raised_at_the_first_act_only(void **state)
{
    (void)state;
    begin("alerts.capacity=16", FOLLOWED);
    fill_memory();
    publish("n:1", 100, CUP);
    publish("n:1", 200, CUP);
    assert_string_equal(raised(), "new:cup:n:1[followers 100 >= 100] ");
    publish("n:1", 300, 0);
    assert_string_equal(raised(), "");
    assert_int_equal(pipeline->metrics.alerts_deferred, 2);
}

static void
an_alert_that_cannot_be_remembered_does_not_enter_a_full_queue(void **state)
{
    (void)state;
    begin("alerts.capacity=16", FOLLOWED);
    fill_memory();
    const struct alert_queue *queue = &pipeline->alerts.queue;
    for (int i = 0; i < ALERT_BURST_MAX + 1; i++) {
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:u", i).ptr, 100, CUP);
    }
    assert_int_equal(queue->end - queue->pulled, ALERT_BURST_MAX);
    assert_int_equal(pipeline->metrics.alerts_deferred, 1);
}

// ── rules ──────────────────────────────────────────────────────────────────

// Raises an alert about the cascade of n:root.
static void
alert_of_cascade(void)
{
    set_rule("min_size=1 resolved=true");
    retweet("n:1", "n:root", NULL);
    made_flush(pipeline);
}

static void
a_rule_that_was_about_cascades_remembers_nothing_of_them(void **state)
{
    (void)state;
    begin("", "min_size=1");
    alert_of_cascade();
    struct cascade *cascade = cascades_at(&pipeline->cascades, 0);
    assert_int_equal(cascade->unresolved, 1);
    set_rule(FOLLOWED);
    now += USEC_PER_MIN;
    publish("n:2", 100, CUP); // time passes
    assert_string_equal(raised(), "new:cup:n:2[followers 100 >= 100] ");
    assert_int_equal(cascade->unresolved, 0);
}

static void
a_rule_that_is_now_about_cascades_forgets_who_waits(void **state)
{
    (void)state;
    begin("", FOLLOWED);
    for (int i = 0; i < ALERT_BURST_MAX + 1; i++) {
        char id[MADE_NAME_MAX];
        publish(made_name(id, "n:u", i).ptr, 100, CUP);
    }
    made_flush(pipeline);
    uint32_t count = pipeline->alerts.memory.count;
    alert_of_cascade();
    now += USEC_PER_MIN;
    publish("n:1", 1, 0);                                   // time passes
    assert_int_equal(pipeline->alerts.memory.count, count); // one more, one less
    assert_string_equal(raised(), "");
}

static void
a_rule_without_meaning_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *says;
    } cases[] = {
        {"kind=person min_size=1", "kind: \"person\" is neither"},
        {"min_size=1 min_followers=5", "min_followers: only a rule with kind"},
        {"kind=newcomer min_followers=5", "campaigns: name the campaigns"},
        {"kind=newcomer campaigns=cup", "the rule has no condition"},
        {FOLLOWED " min_size=2", "min_size: a rule of the kind newcomer has only"},
        {FOLLOWED " levels=1,2", "levels: a rule of the kind newcomer has only"},
        {FOLLOWED " daily_budget=2", "daily_budget: a rule of the kind"},
        {FOLLOWED " match_text=tea", "match_text: a rule of the kind"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rule rule;
        struct error error = {0};
        memset(&rule, 0, sizeof(rule));
        option_presets(rule_option_rows, &rule);
        made_options(rule_option_rows, &rule, cases[i].settings);
        snprintf(rule.name, sizeof(rule.name), "new");
        assert_int_not_equal(rules_check(&rule, &error), STATUS_OK);
        assert_ptr_equal(strstr(error.text, cases[i].says), error.text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            a_person_with_enough_followers_is_reported_once_in_each_campaign, end),
        cmocka_unit_test_teardown(a_rule_looks_at_its_own_campaigns_only, end),
        cmocka_unit_test_teardown(a_known_carrier_is_reported_whatever_the_followers,
                                  end),
        cmocka_unit_test_teardown(
            followers_that_become_known_while_the_person_is_new_count, end),
        cmocka_unit_test_teardown(who_leaves_and_comes_back_is_not_reported_again, end),
        cmocka_unit_test_teardown(who_was_reported_is_remembered_over_a_restart, end),
        cmocka_unit_test_teardown(a_person_who_gets_an_id_is_not_reported_again, end),
        cmocka_unit_test_teardown(an_alert_that_is_published_again_keeps_its_id, end),
        cmocka_unit_test_teardown(an_alert_waits_for_room_and_is_lost_only_with_the_act,
                                  end),
        cmocka_unit_test_teardown(
            an_alert_that_waits_is_kept_when_the_person_gets_an_id, end),
        cmocka_unit_test_teardown(an_alert_is_withdrawn_with_the_act, end),
        cmocka_unit_test_teardown(
            an_alert_is_published_though_the_campaign_has_forgotten_the_person, end),
        cmocka_unit_test_teardown(an_alert_is_published_though_its_campaign_was_away,
                                  end),
        cmocka_unit_test_teardown(
            an_alert_that_cannot_be_remembered_is_raised_at_the_first_act_only, end),
        cmocka_unit_test_teardown(
            an_alert_that_cannot_be_remembered_does_not_enter_a_full_queue, end),
        cmocka_unit_test_teardown(
            a_rule_that_was_about_cascades_remembers_nothing_of_them, end),
        cmocka_unit_test_teardown(a_rule_that_is_now_about_cascades_forgets_who_waits,
                                  end),
        cmocka_unit_test(a_rule_without_meaning_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
