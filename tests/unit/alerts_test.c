#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/rules.h"
#include "pipeline/changes.h"
#include "pipeline/inside.h"
#include "pipeline/pipeline.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"
#include "tests/unit/made_options.h"

// A multiple of a day and of 10 s.
#define T0 ((usec)19675 * USEC_PER_DAY)
#define WALL (T0 + 3650 * USEC_PER_DAY)

enum { TOLD_MAX = 2048 };

// What was pulled of one alert.
struct told {
    char id[160];
    enum change_alert_type type;
    uint32_t level;
    usec time;
    char why[512];        // joined by "; "
    char amplifiers[256]; // handles or ids with followers
    char author[64];
    char size[16]; // the field of the hash
    char hash_level[16];
    char digest[256];
    size_t digest_count;
};

struct scene {
    struct pipeline *pipeline;
    int next_id;
    int next_user;
    struct told told[TOLD_MAX];
    size_t count;
    size_t before_alerts; // changes of the last pull
};

static struct scene scene;

// ── making rules and posts ─────────────────────────────────────────────────

static struct rule
rule_of(const char *name, const char *text)
{
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    snprintf(rule.name, sizeof(rule.name), "%s", name);
    made_options(rule_option_rows, &rule, text);
    assert_int_equal(rules_check(&rule, NULL), STATUS_OK);
    return rule;
}

static struct pipeline *
create(const char *settings, bool is_event_time)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    options.memory_posts = 1 << 20;
    options.dedupe_capacity = 20000;
    made_options(pipeline_option_rows, &options, settings);
    struct hash_key key = {1, 2};
    struct pipeline *pipeline = pipeline_create(&options, &key, is_event_time, NULL);
    assert_non_null(pipeline);
    return pipeline;
}

static void
set_rule(const char *text)
{
    struct rule rule = rule_of("r", text);
    pipeline_set_rules(scene.pipeline, &rule, 1);
}

static void
begin_with(const char *settings, bool is_event_time, const char *text)
{
    memset(&scene, 0, sizeof(scene));
    scene.pipeline = create(settings, is_event_time);
    set_rule(text);
}

static void
begin(const char *text)
{
    begin_with("windows=5m,1h,24h", true, text);
}

static void
end(void)
{
    pipeline_destroy(&scene.pipeline);
}

static void
carry(int root, int actor, uint32_t followers, usec time, usec wall)
{
    char ids[4][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(ids[0], "n:r", scene.next_id++),
        .time = time,
        .author = {.id = made_name(ids[1], "n:u", actor),
                   .followers = followers,
                   .has_followers = true},
        .retweet_of = {.id = made_name(ids[2], "n:p", root),
                       .author = {.id = made_name(ids[3], "n:a", root),
                                  .handle = SLICE_LIT("Ann"),
                                  .followers = 100,
                                  .has_followers = true},
                       .text = SLICE_LIT("A quiz night with #Tea"),
                       .lang = SLICE_LIT("en-GB"),
                       .created = T0},
    };
    assert_int_equal(pipeline_post(scene.pipeline, &post, wall), STATUS_OK);
}

// The retweet that came `back` retweets before the last one is undone.
static void
undo(int back)
{
    char id[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED,
                        .id = made_name(id, "n:r", scene.next_id - 1 - back)};
    assert_int_equal(pipeline_post(scene.pipeline, &post, WALL), STATUS_OK);
}

// `count` new people retweet the post at that time.
static void
grow_at(int root, int count, usec time)
{
    for (int i = 0; i < count; i++) {
        carry(root, scene.next_user++, 10, time, WALL);
    }
}

// The clock goes on by somebody's post.
static void
pass(usec time)
{
    char ids[2][MADE_NAME_MAX];
    struct post post = {
        .kind = POST_PUBLISHED,
        .id = made_name(ids[0], "n:t", scene.next_id++),
        .time = time,
        .author.id = made_name(ids[1], "n:clock", 0),
    };
    assert_int_equal(pipeline_post(scene.pipeline, &post, WALL), STATUS_OK);
}

// ── pulling ────────────────────────────────────────────────────────────────

static void
note_field(const struct change *change, const char *field, char text[16])
{
    for (size_t i = 0; i < change->field_count; i++) {
        if (slice_equal(change->fields[i].name, slice_of(field))) {
            snprintf(text, 16, "%.*s", SLICE_ARG(change->fields[i].value));
        }
    }
}

static void
note(const struct change *change)
{
    assert_true(scene.count < TOLD_MAX);
    struct told *told = &scene.told[scene.count++];
    memset(told, 0, sizeof(*told));
    const struct change_alert *alert = &change->alert;
    snprintf(told->id, sizeof(told->id), "%.*s", SLICE_ARG(change->name));
    told->type = alert->type;
    told->level = alert->level;
    told->time = alert->time;
    size_t used = 0;
    for (size_t i = 0; i < alert->why_count; i++) {
        used += (size_t)snprintf(told->why + used, sizeof(told->why) - used, "%s%.*s",
                                 i != 0 ? "; " : "", SLICE_ARG(alert->why[i]));
    }
    used = 0;
    for (size_t i = 0; i < alert->amplifier_count && used < sizeof(told->amplifiers);
         i++) {
        used += (size_t)snprintf(told->amplifiers + used,
                                 sizeof(told->amplifiers) - used, "%s%.*s %u",
                                 i != 0 ? ", " : "", SLICE_ARG(alert->amplifiers[i].id),
                                 alert->amplifiers[i].followers);
    }
    snprintf(told->author, sizeof(told->author), "%.*s %.*s %u",
             SLICE_ARG(alert->author.id), SLICE_ARG(alert->author.handle),
             alert->author.followers);
    note_field(change, "size", told->size);
    note_field(change, "level", told->hash_level);
    told->digest_count = alert->digest_count;
    used = 0;
    for (size_t i = 0; i < alert->digest_count && used < sizeof(told->digest); i++) {
        used += (size_t)snprintf(told->digest + used, sizeof(told->digest) - used,
                                 "%s%.*s=%d", i != 0 ? ", " : "",
                                 SLICE_ARG(alert->digest[i].id),
                                 (int)alert->digest[i].size);
    }
}

// Pulls everything; how many changes there were.
static size_t
pull(void)
{
    struct change change;
    size_t count = 0;
    scene.count = 0;
    scene.before_alerts = 0;
    changes_begin(scene.pipeline);
    while (changes_next(scene.pipeline, &change)) {
        if (change.kind == CHANGE_ALERT) {
            note(&change);
        }
        count++;
        scene.before_alerts += change.kind < CHANGE_ALERT;
    }
    return count;
}

static void
flush(void)
{
    changes_written(scene.pipeline, pull());
}

// Flushes; there was exactly this one alert.
static void
assert_told(const char *id)
{
    flush();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].id, id);
}

static void
assert_silent(void)
{
    flush();
    if (scene.count != 0) {
        fail_msg("told of %s", scene.told[0].id);
    }
}

// ── the tests ──────────────────────────────────────────────────────────────

static void
an_alert_lists_reasons_and_amplifiers(void **state)
{
    (void)state;
    begin("min_size=3 min_reach=60 max_age=1h match_text=quiz match_authors=@ann");
    carry(1, 1, 10, T0 + USEC_PER_MIN, WALL);
    carry(1, 2, 30, T0 + 2 * USEC_PER_MIN, WALL);
    assert_silent();
    carry(1, 3, 20, T0 + 3 * USEC_PER_MIN, WALL);
    assert_told("r:n:p1:1");
    const struct told *told = &scene.told[0];
    assert_int_equal(told->type, CHANGE_ALERT_RAISED);
    assert_int_equal(told->level, 1);
    assert_int_equal(told->time, T0 + 3 * USEC_PER_MIN);
    assert_string_equal(told->why, "size 3 >= 3; reach 60 >= 60; age_s 180 <= 3600; "
                                   "author @ann; text quiz");
    assert_string_equal(told->amplifiers, "n:u2 30, n:u3 20, n:u1 10");
    assert_string_equal(told->author, "n:a1 Ann 100");
    assert_string_equal(told->size, "3");
    assert_string_equal(told->hash_level, "1");
    end();
}

static void
every_condition_can_be_in_the_way(void **state)
{
    (void)state;
    static const struct {
        const char *fits;
        const char *fails;
    } cases[] = {
        {"min_size=5", "min_size=6"},
        {"min_velocity=1", "min_velocity=1.1"},
        {"min_reach=50", "min_reach=51"},
        {"min_amplifiers=5", "min_amplifiers=6"},
        {"max_age=10m", "max_age=9m"},
        {"max_author_followers=100", "max_author_followers=99"},
        {"match_text=QUIZ", "match_text=qui"},
        {"match_hashtags=tea", "match_hashtags=te"},
        {"match_authors=n:a1", "match_authors=n:a2"},
        {"match_languages=de,en", "match_languages=de"},
        {"match_networks=x,n", "match_networks=x"},
        {"levels=1", "infectious=supercritical"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "min_size=5 %s", cases[i].fits);
        begin(text);
        grow_at(1, 5, T0 + 10 * USEC_PER_MIN);
        assert_told("r:n:p1:1");
        end();
        snprintf(text, sizeof(text), "min_size=5 %s", cases[i].fails);
        begin(text);
        grow_at(1, 5, T0 + 10 * USEC_PER_MIN);
        assert_silent();
        end();
    }
}

static void
one_person_many_times_is_one_amplifier(void **state)
{
    (void)state;
    begin("min_size=5 min_amplifiers=2");
    for (int i = 0; i < 20; i++) {
        char ids[3][MADE_NAME_MAX];
        struct post post = {
            .kind = POST_PUBLISHED,
            .id = made_name(ids[0], "n:q", i),
            .time = T0 + USEC_PER_MIN,
            .author.id = made_name(ids[1], "n:u", 1),
            .quote = {.id = made_name(ids[2], "n:p", 1), .created = USEC_NONE},
        };
        assert_int_equal(pipeline_post(scene.pipeline, &post, WALL), STATUS_OK);
    }
    assert_silent();
    carry(1, 2, 0, T0 + USEC_PER_MIN, WALL);
    assert_told("r:n:p1:1");
    assert_string_equal(scene.told[0].why, "size 21 >= 5; amplifiers 2 >= 2");
    end();
}

static void
unknown_followers_are_not_taken_for_few(void **state)
{
    (void)state;
    begin("min_size=2 max_author_followers=100");
    for (int i = 0; i < 3; i++) {
        char ids[4][MADE_NAME_MAX];
        struct post post = {
            .kind = POST_RETWEETED,
            .id = made_name(ids[0], "n:s", i),
            .time = T0 + USEC_PER_MIN,
            .author.id = made_name(ids[1], "n:u", 100 + i),
            .retweet_of = {.id = made_name(ids[2], "n:p", 1),
                           .author.id = made_name(ids[3], "n:a", 1),
                           .created = T0},
        };
        assert_int_equal(pipeline_post(scene.pipeline, &post, WALL), STATUS_OK);
    }
    assert_silent();
    carry(1, 2, 0, T0 + USEC_PER_MIN, WALL);
    assert_told("r:n:p1:1");
    assert_string_equal(scene.told[0].why, "size 4 >= 2; author_followers 100 <= 100");
    end();
}

static void
each_level_is_raised_once_and_the_hash_has_the_highest(void **state)
{
    (void)state;
    begin("min_size=2 levels=1,3,10");
    grow_at(1, 5, T0);
    assert_told("r:n:p1:1");
    grow_at(1, 1, T0);
    assert_told("r:n:p1:3");
    assert_string_equal(scene.told[0].why, "size 6 >= 6");
    grow_at(1, 13, T0);
    assert_silent();
    grow_at(1, 1, T0);
    assert_told("r:n:p1:10");
    assert_string_equal(scene.told[0].hash_level, "10");
    grow_at(1, 100, T0);
    assert_silent();
    end();
}

static void
of_levels_reached_together_only_the_highest_is_raised(void **state)
{
    (void)state;
    begin("min_size=2 min_reach=20 max_author_followers=100 min_velocity=1 levels=1,3");
    grow_at(1, 4, T0); // too slow yet
    assert_silent();
    grow_at(1, 1, T0);
    assert_told("r:n:p1:1");
    end();
    begin("min_size=2 min_velocity=1.8 levels=1,3");
    grow_at(1, 8, T0);
    assert_silent();
    grow_at(1, 1, T0);
    assert_told("r:n:p1:3");
    end();
}

static void
rules_look_for_themselves(void **state)
{
    (void)state;
    begin("min_size=1");
    struct rule rules[] = {rule_of("a", "min_size=2"), rule_of("b", "min_size=3")};
    pipeline_set_rules(scene.pipeline, rules, 2);
    grow_at(1, 3, T0);
    flush();
    assert_int_equal(scene.count, 2);
    assert_string_equal(scene.told[0].id, "a:n:p1:1");
    assert_string_equal(scene.told[1].id, "b:n:p1:1");
    end();
}

static void
further_levels_wait_for_the_cooldown(void **state)
{
    (void)state;
    begin("min_size=2 levels=1,2,3 cooldown=10m");
    grow_at(1, 2, T0);
    assert_told("r:n:p1:1");
    grow_at(1, 4, T0 + USEC_PER_MIN);
    assert_silent();
    pass(T0 + 10 * USEC_PER_MIN - 1);
    assert_silent();
    pass(T0 + 10 * USEC_PER_MIN);
    assert_told("r:n:p1:3"); // by time, and the highest
    grow_at(2, 2, T0 + 10 * USEC_PER_MIN);
    assert_told("r:n:p2:1"); // another cascade does not wait
    end();
}

static void
conditions_hold_for_the_hysteresis(void **state)
{
    (void)state;
    begin("min_size=1 min_velocity=1 hysteresis=2m");
    grow_at(1, 5, T0);
    assert_silent();
    pass(T0 + 2 * USEC_PER_MIN - 1);
    assert_silent();
    pass(T0 + 2 * USEC_PER_MIN);
    assert_told("r:n:p1:1");

    grow_at(2, 5, T0 + 10 * USEC_PER_MIN);
    pass(T0 + 15 * USEC_PER_MIN + 10 * USEC_PER_S); // too slow meanwhile
    grow_at(2, 5, T0 + 16 * USEC_PER_MIN);
    assert_silent();
    pass(T0 + 18 * USEC_PER_MIN - USEC_PER_S);
    assert_silent();
    pass(T0 + 18 * USEC_PER_MIN);
    assert_told("r:n:p2:1");
    end();
}

static void
a_further_level_that_is_lost_by_an_undo_waits_again(void **state)
{
    (void)state;
    begin("min_size=2 levels=1,3 hysteresis=2m");
    grow_at(1, 2, T0);
    pass(T0 + 2 * USEC_PER_MIN);
    assert_told("r:n:p1:1");
    grow_at(1, 4, T0 + 10 * USEC_PER_MIN); // 6 hold from here on, not since T0
    assert_silent();
    undo(0);
    undo(1);
    grow_at(1, 1, T0 + 11 * USEC_PER_MIN); // judged with 5
    grow_at(1, 1, T0 + 11 * USEC_PER_MIN + 30 * USEC_PER_S);
    pass(T0 + 13 * USEC_PER_MIN + 20 * USEC_PER_S);
    assert_silent();
    undo(1); // with 5 again when the two minutes are over: by time alone
    pass(T0 + 13 * USEC_PER_MIN + 30 * USEC_PER_S);
    grow_at(1, 1, T0 + 14 * USEC_PER_MIN);
    pass(T0 + 15 * USEC_PER_MIN + 50 * USEC_PER_S);
    assert_silent();
    pass(T0 + 16 * USEC_PER_MIN);
    assert_told("r:n:p1:3");
    end();
}

static void
of_equal_sizes_reach_and_then_age_decide_about_the_budget(void **state)
{
    (void)state;
    begin("min_size=2 daily_budget=4"); // one at once, then one every 6 hours
    grow_at(1, 2, T0);
    assert_told("r:n:p1:1");
    // All of two reshares; 2 is the oldest, 3 older than 4, and 4 is the first to wait.
    static const struct {
        int root;
        uint32_t followers;
    } carried[] = {{2, 10}, {3, 10}, {4, 10}, {4, 30}, {2, 10}, {3, 30}};
    for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
        carry(carried[i].root, scene.next_user++, carried[i].followers,
              T0 + USEC_PER_MIN, WALL);
    }
    static const char *const in_turn[] = {"r:n:p3:1", "r:n:p4:1", "r:n:p2:1"};
    for (int i = 0; i < 3; i++) {
        usec due = T0 + (i + 1) * 6 * USEC_PER_HOUR;
        for (int root = 2; root <= 4; root++) {
            grow_at(root, 1, due - USEC_PER_MIN); // stays open
        }
        assert_silent();
        pass(due);
        assert_told(in_turn[i]);
    }
    end();
}

static void
of_amplifiers_with_as_many_followers_the_smaller_id_comes_first(void **state)
{
    (void)state;
    begin("min_size=12");
    for (int actor = 12; actor >= 1; actor--) {
        carry(1, actor, actor == 5 ? 31 : 30, T0, WALL);
    }
    assert_told("r:n:p1:1");
    assert_string_equal(scene.told[0].amplifiers,
                        "n:u5 31, n:u1 30, n:u10 30, n:u11 30, n:u12 30, n:u2 30, "
                        "n:u3 30, n:u4 30, n:u6 30, n:u7 30");
    end();
}

static void
a_budget_is_spread_over_the_day_and_keeps_the_greatest(void **state)
{
    (void)state;
    begin("min_size=2 daily_budget=4"); // one at once, then one every 6 hours
    grow_at(1, 2, T0);
    assert_told("r:n:p1:1");
    grow_at(2, 3, T0 + USEC_PER_MIN);
    grow_at(3, 9, T0 + USEC_PER_MIN);
    grow_at(4, 5, T0 + USEC_PER_MIN);
    assert_silent();
    grow_at(2, 1, T0 + 5 * USEC_PER_HOUR + 59 * USEC_PER_MIN);
    grow_at(3, 1, T0 + 5 * USEC_PER_HOUR + 59 * USEC_PER_MIN);
    grow_at(4, 1, T0 + 5 * USEC_PER_HOUR + 59 * USEC_PER_MIN);
    assert_silent();
    pass(T0 + 6 * USEC_PER_HOUR);
    assert_told("r:n:p3:1");
    grow_at(4, 10, T0 + 7 * USEC_PER_HOUR);
    grow_at(2, 1, T0 + 11 * USEC_PER_HOUR);
    pass(T0 + 12 * USEC_PER_HOUR);
    assert_told("r:n:p4:1");
    pass(T0 + 12 * USEC_PER_HOUR + USEC_PER_MIN);
    assert_silent();
    end();
}

static void
a_quiet_day_leaves_its_budget_for_the_evening(void **state)
{
    (void)state;
    begin("min_size=2 daily_budget=4");
    pass(T0 + 23 * USEC_PER_HOUR);
    for (int i = 1; i <= 6; i++) {
        grow_at(i, 2, T0 + 23 * USEC_PER_HOUR);
    }
    flush();
    assert_int_equal(scene.count, 4);
    pass(T0 + USEC_PER_DAY - 1);
    assert_silent();
    pass(T0 + USEC_PER_DAY); // the next day begins with one
    assert_told("r:n:p5:1");
    end();
}

static void
a_backlog_is_sent_as_one_digest(void **state)
{
    (void)state;
    begin_with("windows=5m,1h,24h", false, "min_size=2 quiet=2m");
    usec now = T0 + USEC_PER_HOUR;
    for (int i = 1; i <= 3; i++) {
        for (int k = 0; k <= i; k++) {
            carry(i, scene.next_user++, 10, T0 + 10 * USEC_PER_MIN, now);
        }
    }
    carry(9, 901, 10, now - USEC_PER_S, now); // somebody else is live
    carry(9, 902, 10, now - USEC_PER_S, now);
    assert_told("r:n:p9:1");
    pipeline_advance(scene.pipeline, now + 10 * USEC_PER_S);
    flush();
    assert_int_equal(scene.count, 1);
    assert_int_equal(scene.told[0].type, CHANGE_ALERT_DIGEST);
    assert_string_equal(scene.told[0].digest, "r:n:p3:1=4, r:n:p2:1=3, r:n:p1:1=2");
    carry(3, scene.next_user++, 10, now + 20 * USEC_PER_S, now + 20 * USEC_PER_S);
    assert_silent(); // it is told
    end();
}

static void
a_long_backlog_makes_a_digest_of_every_hundred(void **state)
{
    (void)state;
    begin_with("windows=5m,1h,24h", false, "min_size=1 quiet=2m");
    for (int i = 0; i < 150; i++) {
        carry(i, scene.next_user++, 10, T0, T0 + USEC_PER_HOUR);
    }
    flush();
    assert_int_equal(scene.count, 1);
    pipeline_advance(scene.pipeline, T0 + USEC_PER_HOUR + USEC_PER_MIN);
    flush();
    assert_int_equal(scene.count, 1);
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_digested, 150);
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_digests, 2);
    end();
}

static void
a_backlog_that_does_not_end_is_sent_every_ten_minutes(void **state)
{
    (void)state;
    enum { MINUTES = 60, EACH_S = 8 };
    begin_with("windows=5m,1h,24h", false, "min_size=1 quiet=2m");
    size_t digests = 0;
    size_t told = 0;
    size_t live = 0;
    usec last = T0;
    for (int i = 0; i < MINUTES * 60 / EACH_S; i++) {
        usec now = T0 + i * EACH_S * USEC_PER_S;
        carry(i, scene.next_user++, 10, now - USEC_PER_HOUR, now);
        if (i % 50 == 0) {
            carry(100000 + i, scene.next_user++, 10, now, now); // somebody else is live
        }
        flush();
        for (size_t k = 0; k < scene.count; k++) {
            if (scene.told[k].type != CHANGE_ALERT_DIGEST) {
                live++;
                continue;
            }
            digests++;
            told += scene.told[k].digest_count;
            // Within a tick of 10 s.
            assert_in_range(now - last, 10 * USEC_PER_MIN - 20 * USEC_PER_S,
                            10 * USEC_PER_MIN + 20 * USEC_PER_S);
            last = now;
        }
    }
    assert_int_equal(live, MINUTES * 60 / EACH_S / 50);
    assert_int_equal(digests, MINUTES / 10 - 1);
    pipeline_advance(scene.pipeline, T0 + 2 * USEC_PER_HOUR);
    flush();
    assert_int_equal(scene.count, 1);
    assert_int_equal(told + scene.told[0].digest_count, MINUTES * 60 / EACH_S);
    end();
}

static void
the_digest_of_a_removed_rule_is_sent(void **state)
{
    (void)state;
    begin_with("windows=5m,1h,24h", false, "min_size=1 quiet=2m");
    carry(1, 1, 10, T0, T0 + USEC_PER_HOUR);
    assert_silent();
    pipeline_set_rules(scene.pipeline, NULL, 0);
    flush();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].digest, "r:n:p1:1=1");
    end();
}

static void
the_close_is_sent_with_the_final_size(void **state)
{
    (void)state;
    // Also where the windows have forgotten everything long before the close.
    begin_with("windows=5m", true, "min_size=2 levels=1,2 resolved=true");
    grow_at(1, 2, T0);
    assert_told("r:n:p1:1");
    grow_at(1, 5, T0 + USEC_PER_MIN);
    assert_told("r:n:p1:2");
    grow_at(2, 1, T0 + USEC_PER_MIN);
    pass(T0 + 6 * USEC_PER_HOUR + USEC_PER_MIN - 1);
    assert_silent();
    pass(T0 + 6 * USEC_PER_HOUR + USEC_PER_MIN);
    assert_told("r:n:p1:2:resolved");
    assert_int_equal(scene.told[0].type, CHANGE_ALERT_RESOLVED);
    assert_string_equal(scene.told[0].size, "7");
    assert_string_equal(scene.told[0].why, "size 7, was 4");
    pass(T0 + 7 * USEC_PER_HOUR);
    assert_silent();
    struct slice id = SLICE_LIT("n:p1"); // let go by now
    assert_false(changes_has(scene.pipeline, CHANGE_CASCADE, id));
    end();
}

static void
what_was_lost_comes_again_with_the_same_id(void **state)
{
    (void)state;
    begin("min_size=2 levels=1,2");
    grow_at(1, 2, T0);
    pull();
    assert_int_equal(scene.count, 1);
    usec time = scene.told[0].time;
    grow_at(1, 2, T0 + USEC_PER_MIN);
    changes_lost(scene.pipeline);
    flush();
    assert_int_equal(scene.count, 2);
    assert_string_equal(scene.told[0].id, "r:n:p1:1");
    assert_int_equal(scene.told[0].time, time);
    assert_string_equal(scene.told[0].why, "size 2 >= 2");
    assert_string_equal(scene.told[0].size, "4"); // the hash is of now
    assert_string_equal(scene.told[1].id, "r:n:p1:2");
    changes_restart(scene.pipeline);
    assert_silent(); // written ones are not news
    end();
}

static void
a_deleted_post_is_not_alerted_about(void **state)
{
    (void)state;
    begin("min_size=2 resolved=true");
    grow_at(1, 2, T0);
    struct post gone = {.kind = POST_DELETED, .id = SLICE_LIT("n:p1"), .time = T0};
    assert_int_equal(pipeline_post(scene.pipeline, &gone, WALL), STATUS_OK);
    grow_at(2, 2, T0);
    assert_told("r:n:p2:1");
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_dropped, 1);
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_waiting, 0);
    pass(T0 + 7 * USEC_PER_HOUR);
    assert_told("r:n:p2:1:resolved");
    end();
}

static void
rules_may_change_and_what_was_raised_stays_raised(void **state)
{
    (void)state;
    begin("min_size=2");
    grow_at(1, 2, T0);
    assert_told("r:n:p1:1");
    set_rule("min_size=1 levels=1,5");
    grow_at(1, 1, T0);
    assert_silent();
    pipeline_set_rules(scene.pipeline, NULL, 0);
    grow_at(2, 5, T0);
    assert_silent();
    set_rule("min_size=1 levels=1,5");
    grow_at(1, 2, T0);
    assert_told("r:n:p1:5");
    end();
}

// ── restarts ───────────────────────────────────────────────────────────────

static void
restart(const char *text, bool is_event_time)
{
    struct kept kept;
    assert_true(kept_save(&kept, scene.pipeline));
    pipeline_destroy(&scene.pipeline);
    scene.pipeline = create("windows=5m,1h,24h", is_event_time);
    assert_true(kept_load(&kept, scene.pipeline, NULL));
    set_rule(text);
}

static void
a_restart_forgets_neither_what_was_raised_nor_what_waits(void **state)
{
    (void)state;
    const char *rule = "min_size=2 levels=1,2,3 hysteresis=1m daily_budget=4";
    begin(rule);
    grow_at(1, 2, T0);
    pass(T0 + USEC_PER_MIN);
    pull(); // in flight, and never known to be written
    assert_int_equal(scene.count, 1);
    grow_at(2, 2, T0 + USEC_PER_MIN);
    restart(rule, true);
    assert_told("r:n:p1:1");
    restart(rule, true);
    grow_at(1, 2, T0 + 2 * USEC_PER_MIN);
    pass(T0 + USEC_PER_HOUR);
    assert_silent(); // the budget is spent as far as it may be
    restart(rule, true);
    pass(T0 + 6 * USEC_PER_HOUR);
    assert_told("r:n:p1:2");
    pass(T0 + 12 * USEC_PER_HOUR);
    assert_silent(); // the other one is closed
    end();
}

static void
a_restart_keeps_a_digest_in_the_making(void **state)
{
    (void)state;
    begin_with("windows=5m,1h,24h", false, "min_size=1 quiet=2m");
    carry(1, 1, 10, T0, T0 + USEC_PER_HOUR);
    restart("min_size=1 quiet=2m", false);
    carry(2, 2, 10, T0, T0 + USEC_PER_HOUR);
    assert_silent();
    pipeline_advance(scene.pipeline, T0 + 2 * USEC_PER_HOUR);
    flush();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].digest, "r:n:p1:1=1, r:n:p2:1=1");
    end();
}

// ── limits ─────────────────────────────────────────────────────────────────

static void
a_full_queue_makes_rules_wait(void **state)
{
    (void)state;
    begin("min_size=1");
    for (int i = 0; i < 1100; i++) {
        grow_at(i, 1, T0);
    }
    flush();
    assert_int_equal(scene.count, 1024);
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_deferred, 76);
    pass(T0 + 10 * USEC_PER_S);
    flush();
    assert_int_equal(scene.count, 76);
    end();
}

// Shows everything to `scene.told`, and keeps the id of each alert as its text.
static void
show(void)
{
    struct change change;
    scene.count = 0;
    while (changes_show_alert(scene.pipeline, &change)) {
        assert_true(slice_is_none(change.alert.rendered));
        note(&change);
        changes_keep_alert(scene.pipeline, &change, change.name);
    }
}

static enum status
carried_again(usec time)
{
    const struct post post = {
        .kind = POST_RETWEETED,
        .id = SLICE_LIT("n:again"),
        .time = time,
        .author.id = SLICE_LIT("n:u0"),
        .retweet_of.id = SLICE_LIT("n:p1"),
    };
    return pipeline_post(scene.pipeline, &post, WALL);
}

static void
a_cascade_that_begins_again_waits_until_its_alerts_are_shown(void **state)
{
    (void)state;
    begin_with("windows=1h", true, "min_size=2 resolved=true");
    usec closes = T0 + CASCADE_IDLE + 5 * USEC_PER_S;
    grow_at(1, 3, closes - CASCADE_IDLE);
    show();
    assert_int_equal(scene.count, 1);
    // Its close is reported first, though no multiple of 10 s has passed since.
    pass(closes - USEC_PER_S);
    assert_int_equal(carried_again(closes), STATUS_AGAIN);
    assert_int_equal(carried_again(closes), STATUS_AGAIN);
    show();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].id, "r:n:p1:1:resolved");
    assert_string_equal(scene.told[0].size, "3");
    // Nothing is written yet, and it counts from 0 nevertheless.
    assert_int_equal(carried_again(closes), STATUS_OK);
    const struct cascades *cascades = &scene.pipeline->cascades;
    uint32_t cascade = cascades_find(cascades, SLICE_LIT("n:p1"));
    assert_int_equal(cascades->rows[cascade].size, 1);
    end();
}

static void
take_back(int root)
{
    char id[MADE_NAME_MAX];
    struct post post = {.kind = POST_DELETED, .id = made_name(id, "n:p", root)};
    assert_int_equal(pipeline_post(scene.pipeline, &post, WALL), STATUS_OK);
}

static void
an_alert_that_was_shown_leaves_with_the_text_that_was_kept(void **state)
{
    (void)state;
    begin("min_size=2");
    grow_at(1, 2, T0);
    show();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].size, "2");
    assert_string_equal(scene.told[0].why, "size 2 >= 2");
    show();
    assert_int_equal(scene.count, 0);
    grow_at(2, 2, T0);
    grow_at(1, 7, T0);
    take_back(1); // too late for the alert that was shown
    struct change change;
    for (int round = 0; round < 2; round++) {
        size_t shown = 0;
        size_t count = 0;
        changes_begin(scene.pipeline);
        while (changes_next(scene.pipeline, &change)) {
            count++;
            if (change.kind == CHANGE_ALERT) {
                bool is_first = slice_equal(change.name, SLICE_LIT("r:n:p1:1"));
                assert_int_equal(slice_equal(change.alert.rendered, change.name),
                                 is_first);
                assert_true(slice_equal(change.alert.rule, SLICE_LIT("r")));
                assert_int_equal(change.field_count == 0, is_first);
                shown += is_first;
            }
        }
        assert_int_equal(shown, 1);
        if (round == 0) {
            changes_lost(scene.pipeline);
        } else {
            changes_written(scene.pipeline, count);
        }
    }
    assert_silent();
    end();
}

static void
a_post_deleted_before_its_alert_is_shown_costs_the_alert(void **state)
{
    (void)state;
    begin("min_size=2");
    grow_at(1, 2, T0);
    grow_at(2, 2, T0);
    take_back(1);
    show();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].id, "r:n:p2:1");
    assert_told("r:n:p2:1");
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_dropped, 1);
    end();
}

static void
what_a_rule_does_depends_on_what_was_shown_not_on_what_is_written(void **state)
{
    (void)state;
    begin("min_size=1");
    size_t raised = 0;
    for (int i = 0; pipeline_alerts_fit(scene.pipeline); i++) {
        grow_at(i, 1, T0);
        show();
        raised += scene.count;
    }
    assert_int_equal(raised, 8192 - 1023);
    for (int i = 0; i < 1100; i++) {
        grow_at(10000 + i, 1, T0); // a burst of more than fits
    }
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_deferred, 1100 - 1023);
    end();
}

static void
alerts_on_their_way_are_in_a_snapshot(void **state)
{
    (void)state;
    begin("min_size=1");
    for (int i = 0; i < 8000; i++) {
        grow_at(i, 1, T0);
        if (i % 500 == 499) {
            flush();
            assert_int_equal(scene.count, 500);
        }
    }
    for (int i = 0; i < 700; i++) { // beyond the end of the ring
        grow_at(10000 + i, 1, T0);
    }
    restart("min_size=1", true);
    flush();
    assert_int_equal(scene.count, 700);
    assert_string_equal(scene.told[0].id, "r:n:p10000:1");
    assert_string_equal(scene.told[699].id, "r:n:p10699:1");
    assert_string_equal(scene.told[699].size, "1");
    assert_silent();
    end();
}

// The text is the same however often the alert comes again, and whatever becomes of its
// post.
static void
a_text_that_was_kept_survives_losses_and_restarts(void **state)
{
    (void)state;
    static const bool kept[] = {true, false, true, true};
    begin("min_size=2");
    for (int root = 1; root <= 3; root++) {
        grow_at(root, 2, T0);
        if (kept[root - 1]) {
            show();
        } else {
            pull(); // in flight with current values, and not kept
        }
    }
    grow_at(4, 2, T0);
    changes_lost(scene.pipeline);
    show();
    for (int root = 1; root <= 4; root++) {
        take_back(root);
    }
    for (int round = 0; round < 3; round++) {
        struct change change;
        size_t count = 0;
        size_t texts = 0;
        changes_begin(scene.pipeline);
        while (changes_next(scene.pipeline, &change)) {
            count++;
            if (change.kind == CHANGE_ALERT) {
                assert_true(slice_equal(change.alert.rendered, change.name));
                texts++;
            }
        }
        assert_int_equal(texts, 3); // that of the second was not
        if (round == 0) {
            changes_lost(scene.pipeline);
        } else if (round == 1) {
            restart("min_size=2", true);
        } else {
            changes_written(scene.pipeline, count);
        }
    }
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_dropped, 1);
    assert_silent();
    end();
}

static void
a_live_alert_that_waits_while_its_post_is_deleted_is_not_sent(void **state)
{
    (void)state;
    begin_with("windows=5m,1h,24h", false, "min_size=2");
    grow_at(1, 2, WALL);
    grow_at(2, 2, WALL);
    show();
    assert_int_equal(scene.count, 2);
    take_back(1);
    flush();
    assert_int_equal(scene.count, 1);
    assert_string_equal(scene.told[0].id, "r:n:p2:1");
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_dropped, 1);
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_waiting, 0);
    assert_silent();
    end();
}

static void
a_cascade_with_an_alert_is_not_evicted(void **state)
{
    (void)state;
    begin_with("windows=5m cascades.capacity=1000", true, "match_authors=n:a7");
    for (int i = 0; i < 5000; i++) {
        grow_at(i, i == 7 ? 1 : 2, T0); // the smallest of all
        if (i % 20 == 19) {
            // Everything is written but the alert.
            pull();
            assert_int_equal(scene.count, 1);
            changes_written(scene.pipeline, scene.before_alerts);
            changes_lost(scene.pipeline);
        }
    }
    assert_told("r:n:p7:1");
    assert_string_equal(scene.told[0].size, "1");
    assert_true(pipeline_metrics(scene.pipeline)->cascades_evicted > 3900);
    end();
}

// Every close that is owed is told or counted, and some are not told.
static void
assert_closes_add_up(void)
{
    const struct pipeline_metrics *metrics = pipeline_metrics(scene.pipeline);
    assert_int_equal(metrics->alerts_resolved + metrics->alerts_unresolved,
                     metrics->alerts_raised);
    assert_in_range(metrics->alerts_unresolved, 1, metrics->alerts_raised - 1);
}

static void
a_close_that_cannot_be_sent_is_counted(void **state)
{
    (void)state;
    enum { MANY = 3000, FEW = 100, BETWEEN_FLUSHES = 10 };
    // Where the cascade is evicted; some come again before anybody looked.
    begin_with("windows=5m cascades.capacity=1000", true, "min_size=2 resolved=true");
    for (int i = 0; i < MANY; i++) {
        grow_at(i, 2, T0);
        grow_at(i / 2, 2, T0);
        if (i % BETWEEN_FLUSHES == 0) {
            flush();
        }
    }
    flush();
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_raised, MANY);
    uint64_t early = pipeline_metrics(scene.pipeline)->alerts_unresolved;
    assert_true(early > 0);
    pass(T0 + 10 * USEC_PER_S);
    assert_true(pipeline_metrics(scene.pipeline)->alerts_unresolved > early);
    pass(T0 + 7 * USEC_PER_HOUR);
    assert_closes_add_up();
    end();
    // Where the memory of alerts is full.
    begin_with("windows=5m alerts.capacity=16", true, "min_size=2 resolved=true");
    for (int i = 0; i < FEW; i++) {
        grow_at(i, 2, T0);
    }
    pass(T0 + 7 * USEC_PER_HOUR);
    assert_int_equal(pipeline_metrics(scene.pipeline)->alerts_raised, FEW);
    assert_closes_add_up();
    end();
}

static void
a_full_memory_forgets_and_counts(void **state)
{
    (void)state;
    begin_with("windows=5m alerts.capacity=16", true, "min_size=1");
    for (int i = 0; i < 100; i++) {
        grow_at(i, 1, T0);
    }
    flush();
    assert_int_equal(scene.count, 100);
    const struct pipeline_metrics *metrics = pipeline_metrics(scene.pipeline);
    assert_true(metrics->alerts_remembered <= 16);
    assert_int_equal(metrics->alerts_forgotten + metrics->alerts_remembered, 100);
    grow_at(99, 1, T0);
    assert_silent(); // among the newest
    end();
}

static void
ages_moving_backwards_harm_nothing(void **state)
{
    (void)state;
    begin("min_size=2 max_age=1h hysteresis=1m");
    carry(1, 1, 0, T0 + USEC_PER_HOUR, WALL);
    carry(1, 2, UINT32_MAX, T0 - USEC_PER_DAY, WALL);
    carry(1, 3, UINT32_MAX, T0 - 300 * USEC_PER_DAY, WALL);
    carry(1, 4, 0, INT64_MAX, WALL);
    pass(T0 + 20 * USEC_PER_DAY);
    assert_silent();
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_lists_reasons_and_amplifiers),
        cmocka_unit_test(every_condition_can_be_in_the_way),
        cmocka_unit_test(one_person_many_times_is_one_amplifier),
        cmocka_unit_test(unknown_followers_are_not_taken_for_few),
        cmocka_unit_test(each_level_is_raised_once_and_the_hash_has_the_highest),
        cmocka_unit_test(of_levels_reached_together_only_the_highest_is_raised),
        cmocka_unit_test(rules_look_for_themselves),
        cmocka_unit_test(further_levels_wait_for_the_cooldown),
        cmocka_unit_test(conditions_hold_for_the_hysteresis),
        cmocka_unit_test(a_further_level_that_is_lost_by_an_undo_waits_again),
        cmocka_unit_test(of_equal_sizes_reach_and_then_age_decide_about_the_budget),
        cmocka_unit_test(
            of_amplifiers_with_as_many_followers_the_smaller_id_comes_first),
        cmocka_unit_test(a_budget_is_spread_over_the_day_and_keeps_the_greatest),
        cmocka_unit_test(a_quiet_day_leaves_its_budget_for_the_evening),
        cmocka_unit_test(a_backlog_is_sent_as_one_digest),
        cmocka_unit_test(a_long_backlog_makes_a_digest_of_every_hundred),
        cmocka_unit_test(a_backlog_that_does_not_end_is_sent_every_ten_minutes),
        cmocka_unit_test(the_digest_of_a_removed_rule_is_sent),
        cmocka_unit_test(the_close_is_sent_with_the_final_size),
        cmocka_unit_test(what_was_lost_comes_again_with_the_same_id),
        cmocka_unit_test(a_deleted_post_is_not_alerted_about),
        cmocka_unit_test(rules_may_change_and_what_was_raised_stays_raised),
        cmocka_unit_test(a_restart_forgets_neither_what_was_raised_nor_what_waits),
        cmocka_unit_test(a_restart_keeps_a_digest_in_the_making),
        cmocka_unit_test(a_full_queue_makes_rules_wait),
        cmocka_unit_test(an_alert_that_was_shown_leaves_with_the_text_that_was_kept),
        cmocka_unit_test(a_cascade_that_begins_again_waits_until_its_alerts_are_shown),
        cmocka_unit_test(a_post_deleted_before_its_alert_is_shown_costs_the_alert),
        cmocka_unit_test(
            what_a_rule_does_depends_on_what_was_shown_not_on_what_is_written),
        cmocka_unit_test(alerts_on_their_way_are_in_a_snapshot),
        cmocka_unit_test(a_text_that_was_kept_survives_losses_and_restarts),
        cmocka_unit_test(a_live_alert_that_waits_while_its_post_is_deleted_is_not_sent),
        cmocka_unit_test(a_cascade_with_an_alert_is_not_evicted),
        cmocka_unit_test(a_close_that_cannot_be_sent_is_counted),
        cmocka_unit_test(a_full_memory_forgets_and_counts),
        cmocka_unit_test(ages_moving_backwards_harm_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
