// Alerts as sentences in a Slack body.
#include "sinks/alert_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <cmocka.h>

// The text of the body; valid until the next call.
static const char *
text_of(const char *json)
{
    static json_t *last;
    struct buffer body;
    buffer_init(&body, 1 << 16);
    assert_int_equal(alert_text_slack(slice_of(json), &body), STATUS_OK);
    json_decref(last);
    last = json_loadb(body.bytes, body.size, 0, NULL);
    buffer_fini(&body);
    assert_non_null(last);
    assert_int_equal(json_object_size(last), 1);
    return json_string_value(json_object_get(last, "text"));
}

static void
an_alert_text_contains_reasons_author_and_text(void **state)
{
    (void)state;
    assert_string_equal(
        text_of("{\"id\":\"viral:x:12:1\",\"rule\":\"viral\",\"level\":1,"
                "\"type\":\"cascade.alert\",\"cascade\":{\"id\":\"x:12\",\"size\":104,"
                "\"text\":\"tea\\nfor two\"},\"author\":{\"id\":\"x:7\",\"handle\":"
                "\"ann\",\"followers\":120},\"why\":[\"size 104 >= 100\",\"burst\"]}"),
        "*viral*, level 1: size 104 &gt;= 100, burst\nann (120 followers): tea for "
        "two\nx:12");
}

static void
the_text_of_a_close_contains_the_final_size(void **state)
{
    (void)state;
    assert_string_equal(
        text_of(
            "{\"rule\":\"viral\",\"level\":1,\"type\":\"cascade.resolved\","
            "\"cascade\":{\"id\":\"x:12\",\"size\":5000},\"author\":{\"id\":\"x:7\","
            "\"followers\":0},\"why\":[]}"),
        "*viral* is over: size 5000\nx:7 (0 followers)\nx:12");
}

// The text of an alert with these carriers, behind its first line.
static const char *
through(const char *carriers)
{
    char json[2048];
    snprintf(json, sizeof(json),
             "{\"rule\":\"r\",\"level\":1,\"type\":\"cascade.alert\",\"cascade\":"
             "{\"id\":\"x:1\"},\"author\":{\"id\":\"x:2\",\"followers\":0},"
             "\"why\":[],\"top_carriers\":%s}",
             carriers);
    return strchr(text_of(json), '\n') + 1;
}

static void
an_alert_text_names_carriers_and_marks_estimates(void **state)
{
    (void)state;
    assert_string_equal(through("[]"), "x:2 (0 followers)\nx:1");
    assert_string_equal(
        through("[{\"id\":\"x:3\",\"handle\":\"bob\",\"people\":41,\"observed\":true},"
                "{\"id\":\"x:4\",\"people\":1,\"observed\":true},"
                "{\"id\":\"x:5\",\"people\":12.34,\"observed\":false},"
                "{\"id\":\"x:6\",\"people\":0.4,\"observed\":false}]"),
        "x:2 (0 followers)\nthrough bob (41), x:4 (1)\n"
        "estimated, as no path is shown: through x:5 (about 12)\nx:1");
}

static void
hostile_names_of_carriers_mention_no_one_and_stay_on_their_line(void **state)
{
    (void)state;
    assert_string_equal(
        through("[{\"id\":\"x:3\",\"handle\":\"<!channel>\",\"people\":30,"
                "\"observed\":false},"
                "{\"id\":\"@here\\n*x*\\u202e`\",\"people\":\"7\",\"observed\":true},"
                "{\"handle\":\"https://t.example\",\"people\":2,\"observed\":true}]"),
        "x:2 (0 followers)\n"
        "through `@\u200bhere *x*'` (0), `https://t.example` (2)\n"
        "estimated, as no path is shown: through `&lt;!channel&gt;` (about 30)\nx:1");
}

static void
a_digest_shows_the_first_ten(void **state)
{
    (void)state;
    char json[2048] = "{\"rule\":\"viral\",\"type\":\"alert.digest\",\"alerts\":[";
    for (int i = 0; i < 11; i++) {
        strcat(json, i == 0 ? "" : ",");
        strcat(json, "{\"cascade\":\"x:1\",\"size\":7}");
    }
    strcat(json, "]}");
    const char *text = text_of(json);
    assert_non_null(
        strstr(text, "*viral*: 11 alerts while catching up\nx:1, size 7\n"));
    assert_string_equal(text + strlen(text) - strlen("\n…"), "\n…");
}

static void
a_newcomer_is_named_with_campaign_and_reasons(void **state)
{
    (void)state;
    const char *text =
        text_of("{\"rule\":\"new\",\"level\":1,\"type\":\"campaign.newcomer\","
                "\"author\":{\"id\":\"x:7\",\"handle\":\"ann\",\"followers\":120},"
                "\"why\":[\"campaign cup\",\"followers 120 >= 100\"],"
                "\"campaigns\":[\"cup\"]}");
    assert_string_equal(text, "*new*: ann (120 followers) is new in cup: campaign cup, "
                              "followers 120 &gt;= 100\nx:7");
}

static void
no_one_is_mentioned_and_nothing_becomes_a_link(void **state)
{
    (void)state;
    const char *text =
        text_of("{\"rule\":\"r\",\"level\":1,\"type\":\"cascade.alert\",\"cascade\":"
                "{\"id\":\"<!here>\",\"text\":\"<!channel> & @all <https://x|y>\"},"
                "\"author\":{\"id\":\"u\",\"handle\":\"@channel\",\"followers\":1},"
                "\"why\":[\"<@U1>\"]}");
    assert_null(strpbrk(text, "<>"));
    assert_null(strstr(text, "@c"));
    assert_null(strstr(text, "@a"));
    assert_non_null(strstr(text, "&lt;!channel&gt; &amp; @\u200ball"));
}

// The text of a post as the sentence shows it.
static const char *
shown(const char *post)
{
    static char found[2048];
    char json[1024];
    snprintf(
        json, sizeof(json),
        "{\"rule\":\"r\",\"level\":1,\"type\":\"cascade.alert\",\"cascade\":{\"id\":"
        "\"x:1\",\"text\":\"%s\"},\"author\":{\"id\":\"x:2\",\"followers\":0},"
        "\"why\":[]}",
        post);
    const char *text = strstr(text_of(json), "followers): ") + strlen("followers): ");
    size_t len = strlen(text) - strlen("\nx:1");
    memcpy(found, text, len);
    found[len] = '\0';
    return found;
}

static void
markup_is_shown_as_code(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"[tea](https://t.example)", "`[tea]\u200b(https://t.example)`"},
        {"![tea](//t.example/p.png)", "`!\u200b[tea]\u200b(//t.example/p.png)`"},
        {"`code` and ```more```", "`'code' and '''more'''`"},
        {"*bold* tea", "`*bold* tea`"},
        {"_leaning_ tea", "`_leaning_ tea`"},
        {"~struck~", "`~struck~`"},
        {"# head", "`# head`"},
        {"- one", "`- one`"},
        {"> said", "`&gt; said`"},
        {"1. one", "`1. one`"},
        {"||hidden||", "`||hidden||`"},
        {"a \\\\ b", "`a \\ b`"},
        {"see t.example", "`see t.example`"},
        {"https://t.example", "`https://t.example`"},
        {":partyparrot:", "`:partyparrot:`"},
        {"<https://t.example|tea>", "`&lt;https://t.example|tea&gt;`"},
        {"<!channel>", "`&lt;!channel&gt;`"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(shown(rows[i][0]), rows[i][1]);
    }
}

static void
plain_words_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "tea for two",       "22.4 %, well-known; is it? 3/4",
        "velocity_5m 22.4",  "x:783214",
        "Grüße, 日本語. 角",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(shown(rows[i]), rows[i]);
    }
}

static void
characters_that_steer_are_left_out(void **state)
{
    (void)state;
    assert_string_equal(shown("a\\u202eb\\u2066c\\u2069d\\u200ee\\u061cf"), "abcdef");
    assert_string_equal(shown("a\\u2028b\\u2029c\\nd\\u0001e\\u007ff"), "a b c d e f");
    assert_string_equal(shown("a\\u0085b\\u009bc"), "abc");
}

static void
long_text_is_cut_between_characters(void **state)
{
    (void)state;
    char json[4096] = "{\"type\":\"cascade.alert\",\"cascade\":{\"text\":\"";
    for (int i = 0; i < 300; i++) {
        strcat(json, "角");
    }
    strcat(json, "\"}}");
    const char *text = text_of(json);
    assert_non_null(strstr(text, "角…"));
    const char *first = strstr(text, "角");
    assert_int_equal(strstr(text, "…") - first, 280 * 3);
}

static void
what_is_no_alert_is_refused(void **state)
{
    (void)state;
    struct buffer body;
    buffer_init(&body, 1 << 16);
    assert_int_equal(alert_text_slack(SLICE_LIT("{\"id\":"), &body), STATUS_PARSE);
    assert_string_equal(text_of("{}"), "**, level 0\n (0 followers)\n");
    buffer_fini(&body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_text_contains_reasons_author_and_text),
        cmocka_unit_test(the_text_of_a_close_contains_the_final_size),
        cmocka_unit_test(an_alert_text_names_carriers_and_marks_estimates),
        cmocka_unit_test(
            hostile_names_of_carriers_mention_no_one_and_stay_on_their_line),
        cmocka_unit_test(a_digest_shows_the_first_ten),
        cmocka_unit_test(a_newcomer_is_named_with_campaign_and_reasons),
        cmocka_unit_test(no_one_is_mentioned_and_nothing_becomes_a_link),
        cmocka_unit_test(markup_is_shown_as_code),
        cmocka_unit_test(plain_words_stay_as_they_are),
        cmocka_unit_test(characters_that_steer_are_left_out),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(what_is_no_alert_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
