#include "pipeline/alerts/rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/word_match.h"
#include "tests/unit/made_options.h"

static struct rule
rule_of(const char *text)
{
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    snprintf(rule.name, sizeof(rule.name), "r");
    made_options(rule_option_rows, &rule, text);
    return rule;
}

static void
a_condition_on_what_is_not_known_does_not_hold(void **state)
{
    (void)state;
    struct rule rule = rule_of(
        "min_size=1 min_velocity=1 min_forecast=1 min_p_double=0.1 min_reach=1 "
        "min_amplifiers=1 min_depth=1 min_virality=1 min_overperformance=1 max_age=1h "
        "max_author_followers=1 burst=off stage=innovators");
    struct rules_condition conditions[RULES_CONDITIONS_MAX];
    size_t count = rules_conditions(&rule, conditions);
    assert_int_equal(count, 13);
    for (size_t i = 0; i < count; i++) {
        assert_false(rules_holds(&conditions[i], NAN, 1));
        assert_false(rules_holds(&conditions[i], INFINITY, 1));
    }
}

static void
every_condition_compares_its_measure_and_gives_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum measure measure;
        uint64_t level;
        double holds;
        double fails;
        const char *reason;
    } cases[] = {
        {"min_size=100", MEASURE_SIZE, 3, 300, 299, "size 300 >= 300"},
        {"min_velocity=20", MEASURE_VELOCITY, 3, 22.4, 19.8, "velocity_5m 22.4 >= 20"},
        {"min_forecast=500", MEASURE_FORECAST, 2, 1000.25, 999.9,
         "forecast 1000.25 >= 1000"},
        {"min_p_double=0.7", MEASURE_P_DOUBLE, 5, 0.7, 0.69999, "p_double 0.7 >= 0.7"},
        {"min_reach=1000", MEASURE_REACH, 10, 10000, 9999, "reach 10000 >= 10000"},
        {"min_amplifiers=10", MEASURE_AMPLIFIERS, 1, 11, 9, "amplifiers 11 >= 10"},
        {"min_depth=3", MEASURE_DEPTH, 9, 3, 2, "depth 3 >= 3"},
        {"min_virality=2.5", MEASURE_VIRALITY, 1, 3.27664, 2.4,
         "virality 3.2766 >= 2.5"},
        {"min_overperformance=4", MEASURE_OVERPERFORMANCE, 1, 4.5, 3,
         "overperformance 4.5 >= 4"},
        {"max_age=10m", MEASURE_AGE, 7, 599.5, 600.5, "age_s 599.5 <= 600"},
        {"max_author_followers=500", MEASURE_AUTHOR_FOLLOWERS, 7, 0, 501,
         "author_followers 0 <= 500"},
        {"infectious=supercritical", MEASURE_SUPERCRITICAL, 1, 1, 0,
         "infectiousness supercritical"},
        {"burst=on", MEASURE_BURST, 1, 1, 0, "burst on"},
        {"burst=off", MEASURE_BURST, 1, 0, 1, "burst off"},
        {"stage=early_adopters", MEASURE_STAGE, 1, 1, 2, "stage early_adopters"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rule rule = rule_of(cases[i].text);
        struct rules_condition conditions[RULES_CONDITIONS_MAX];
        assert_int_equal(rules_conditions(&rule, conditions), 1);
        assert_int_equal(conditions[0].measure, cases[i].measure);
        assert_true(rules_holds(&conditions[0], cases[i].holds, cases[i].level));
        assert_false(rules_holds(&conditions[0], cases[i].fails, cases[i].level));
        char reason[160];
        rules_reason(&conditions[0], cases[i].holds, cases[i].level, reason,
                     sizeof(reason));
        assert_string_equal(reason, cases[i].reason);
    }
}

static void
a_rule_matches_one_item_of_every_list(void **state)
{
    (void)state;
    const struct rules_root root = {
        .id = SLICE_LIT("bsky:at://did:plc:ann/app.bsky.feed.post/3k"),
        .text = SLICE_LIT("Quiz night at eight! #Tea"),
        .lang = SLICE_LIT("en"),
        .author = SLICE_LIT("bsky:did:plc:ann"),
        .handle = SLICE_LIT("ann.example"),
    };
    struct rule rule = rule_of("match_text=nothing,night match_hashtags=#milk,#TEA "
                               "match_authors=x:1,@Ann.Example match_languages=EN "
                               "match_networks=bsky");
    struct rules_match why[RULES_WHY_MAX];
    size_t count = 0;
    assert_true(rules_match(&rule, &root, why, &count));
    assert_int_equal(count, 5);
    assert_string_equal(why[2].what, "author");
    assert_string_equal(why[2].item.ptr, "@Ann.Example");
    assert_string_equal(why[4].item.ptr, "night");
    static const char *const others[] = {"match_text=nights", "match_hashtags=night",
                                         "match_authors=ann", "match_authors=x:1",
                                         "match_languages=e", "match_languages=en-GB",
                                         "match_networks=bsk"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        rule = rule_of(others[i]);
        assert_false(rules_match(&rule, &root, NULL, NULL));
    }
    const struct rules_root bare = {.id = SLICE_LIT("n:1")};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        rule = rule_of(others[i]);
        assert_false(rules_match(&rule, &bare, NULL, NULL));
    }
    rule = rule_of("min_size=1");
    assert_true(rules_match(&rule, &bare, NULL, NULL));
}

static void
words_match_as_whole_words_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word;
        bool is_there;
    } cases[] = {
        {"a TEA b", "tea", true},
        {"tea", "tea", true},
        {"teas steam", "tea", false},
        {"(tea)", "Tea", true},
        {"ice-tea.", "tea", true},
        {"_tea", "tea", false},
        {"Äpfel für ÉMILE", "äpfel", true},
        {"Äpfel für ÉMILE", "émile", true},
        {"Äpfel für ÉMILE", "mile", false},
        {"ΣΟΦΟΣ", "σοφος", true},
        {"Привет, МИР", "мир", true},
        {"ĞÜZEL Ÿ", "ğüzel", true},
        {"quiz night", "QUIZ NIGHT", true},
        {"quiz  night", "quiz night", false},
        {"東京で角のパン屋", "パン屋", true},
        {"abcパン屋", "パン屋", true},
        {"#tea", "#tea", true},
        {"c++ and c", "c++", true},
        {"tea", "", false},
        {"", "tea", false},
        {"\xff\xfe tea \xe3\x81", "tea", true},
        {"\xff", "\xff", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (word_match_have(slice_of(cases[i].text), slice_of(cases[i].word)) !=
            cases[i].is_there) {
            fail_msg("\"%s\" in \"%s\"", cases[i].word, cases[i].text);
        }
    }
    assert_true(word_match_have_hashtag(slice_of("x#tea"), slice_of("TEA")));
    assert_true(word_match_have_hashtag(slice_of("＃お茶 です"), slice_of("お茶")));
    assert_false(word_match_have_hashtag(slice_of("#teatime"), slice_of("tea")));
    assert_false(word_match_have_hashtag(slice_of("tea"), slice_of("tea")));
    assert_false(word_match_have_hashtag(slice_of("#"), slice_of("")));
}

static void
rules_that_can_never_fire_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"levels=1", "has no condition"},
        {"match_text=tea levels=1,2", "levels multiply"},
        {"min_velocity=3 levels=1,2", "levels multiply"},
        {"infectious=yes", "supercritical"},
        {"burst=yes", "neither on nor off"},
        {"stage=early", "early_adopters"},
        {"min_size=9 max_age=5m hysteresis=5m", "greater max_age"},
        {"min_amplifiers=1000000 levels=1,2", "amplifiers"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rule rule = rule_of(cases[i].text);
        struct error error = {0};
        assert_int_not_equal(rules_check(&rule, &error), STATUS_OK);
        if (strstr(error.text, cases[i].says) == NULL) {
            fail_msg("%s: %s", cases[i].text, error.text);
        }
    }
    struct rule rule = rule_of("min_size=1");
    assert_int_equal(rules_check(&rule, NULL), STATUS_OK);
    snprintf(rule.name, sizeof(rule.name), "a:b");
    assert_int_equal(rules_check(&rule, NULL), STATUS_PARSE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_on_what_is_not_known_does_not_hold),
        cmocka_unit_test(every_condition_compares_its_measure_and_gives_its_reason),
        cmocka_unit_test(a_rule_matches_one_item_of_every_list),
        cmocka_unit_test(words_match_as_whole_words_in_any_case),
        cmocka_unit_test(rules_that_can_never_fire_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
