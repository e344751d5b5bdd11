// Alerts as JSON, read back by jansson.
#include "sinks/alert_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <cmocka.h>

// SLICE_LIT for constants.
// clang-format off
#define LIT(text) {"" text, sizeof(text) - 1}
// clang-format on

static const struct change_field hash[] = {
    {LIT("author"), LIT("x:7")},
    {LIT("handle"), LIT("123")},
    {LIT("text"), LIT("tea & <b>\"x\"\n")},
    {LIT("size"), LIT("104")},
    {LIT("velocity_5m"), LIT("22.4")},
    {LIT("observed_share"), LIT("0.333333")},
    {LIT("reach"), LIT("9007199254740993")},
    {LIT("lang"), {NULL, 0}},
    {LIT("surprise"), LIT("1.2.3")},
    {LIT("wonder"), LIT("7")},
};
static const struct slice why[] = {LIT("size 104 >= 100"),
                                   LIT("velocity_5m 22.4 >= 20")};
static const struct change_person amplifiers[] = {
    {LIT("x:1"), LIT("bob"), 5000, 0, false},
    {LIT("x:2"), {NULL, 0}, 3, 0, false},
};
static const struct change_person carriers[] = {
    {LIT("x:1"), LIT("bob"), 5000, 1000041, false},
    {LIT("x:2"), {NULL, 0}, 3, 12.34567, true},
};

static struct change
raised(void)
{
    return (struct change){
        .kind = CHANGE_ALERT,
        .name = SLICE_LIT("viral:x:12:1"),
        .fields = hash,
        .field_count = sizeof(hash) / sizeof(hash[0]),
        .alert =
            {
                .type = CHANGE_ALERT_RAISED,
                .rule = SLICE_LIT("viral"),
                .level = 1,
                .time = 1795380540123 * USEC_PER_MS,
                .cascade = SLICE_LIT("x:12"),
                .author = {SLICE_LIT("x:7"), SLICE_LIT("123"), 90, 0, false},
                .why = why,
                .why_count = 2,
                .amplifiers = amplifiers,
                .amplifier_count = 2,
                .carriers = carriers,
                .carrier_count = 2,
            },
    };
}

static const char *
text_of(const struct change *change)
{
    static struct buffer text = {.limit = 1 << 24};
    buffer_reset(&text);
    assert_int_equal(alert_json_write(change, &text), STATUS_OK);
    buffer_append_byte(&text, '\0');
    return text.bytes;
}

static void
an_alert_has_every_member_in_order_and_numbers_as_numbers(void **state)
{
    (void)state;
    const struct change change = raised();
    assert_string_equal(
        text_of(&change),
        "{\"id\":\"viral:x:12:1\",\"rule\":\"viral\",\"level\":1,"
        "\"type\":\"cascade.alert\",\"time\":\"2026-11-22T20:49:00.123Z\","
        "\"cascade\":{\"id\":\"x:12\",\"author\":\"x:7\",\"handle\":\"123\","
        "\"text\":\"tea & <b>\\\"x\\\"\\n\",\"size\":104,\"velocity_5m\":22.4,"
        "\"observed_share\":0.333333,\"reach\":9007199254740993,"
        "\"surprise\":\"1.2.3\",\"wonder\":7},"
        "\"author\":{\"id\":\"x:7\",\"handle\":\"123\",\"followers\":90},"
        "\"why\":[\"size 104 >= 100\",\"velocity_5m 22.4 >= 20\"],"
        "\"top_amplifiers\":[{\"id\":\"x:1\",\"handle\":\"bob\",\"followers\":5000},"
        "{\"id\":\"x:2\",\"followers\":3}],"
        "\"top_carriers\":[{\"id\":\"x:1\",\"handle\":\"bob\",\"people\":1000041,"
        "\"observed\":true},{\"id\":\"x:2\",\"people\":12.35,"
        "\"observed\":false}]}");
}

static void
a_digest_lists_its_alerts(void **state)
{
    (void)state;
    const struct change_digest all[] = {
        {SLICE_LIT("viral:x:1:1"), SLICE_LIT("x:1"), 1, 120},
        {SLICE_LIT("viral:x:2:3"), SLICE_LIT("x:2"), 3, 7},
    };
    struct change change = raised();
    change.name = SLICE_LIT("digest:viral:5");
    change.alert.type = CHANGE_ALERT_DIGEST;
    change.alert.digest = all;
    change.alert.digest_count = 2;
    assert_string_equal(
        text_of(&change),
        "{\"id\":\"digest:viral:5\",\"rule\":\"viral\",\"type\":\"alert.digest\","
        "\"time\":\"2026-11-22T20:49:00.123Z\",\"alerts\":["
        "{\"id\":\"viral:x:1:1\",\"cascade\":\"x:1\",\"level\":1,\"size\":120},"
        "{\"id\":\"viral:x:2:3\",\"cascade\":\"x:2\",\"level\":3,\"size\":7}]}");
}

static void
a_newcomer_is_the_author_and_has_no_cascade(void **state)
{
    (void)state;
    const struct slice reasons[] = {SLICE_LIT("campaign cup"),
                                    SLICE_LIT("followers 120 >= 100")};
    const struct slice campaigns[] = {SLICE_LIT("cup")};
    struct change change = raised();
    change.name = SLICE_LIT("new:cup:x:7");
    change.alert.type = CHANGE_ALERT_NEWCOMER;
    change.alert.author = (struct change_person){
        .id = SLICE_LIT("x:7"), .handle = SLICE_LIT("ann"), .followers = 120};
    change.alert.why = reasons;
    change.alert.why_count = 2;
    change.alert.campaigns = campaigns;
    change.alert.campaign_count = 1;
    assert_string_equal(
        text_of(&change),
        "{\"id\":\"new:cup:x:7\",\"rule\":\"viral\",\"level\":1,"
        "\"type\":\"campaign.newcomer\",\"time\":\"2026-11-22T20:49:00.123Z\","
        "\"author\":{\"id\":\"x:7\",\"handle\":\"ann\",\"followers\":120},"
        "\"why\":[\"campaign cup\",\"followers 120 >= 100\"],\"campaigns\":[\"cup\"]}");
}

static void
hostile_text_stays_one_string_on_one_line(void **state)
{
    (void)state;
    static const char nasty[] = "\0\x01\x1b[31m\"}]\\\r\n</script>\u2028\U0001f600";
    struct change_field field = {SLICE_LIT("text"), {nasty, sizeof(nasty) - 1}};
    struct change change = raised();
    change.fields = &field;
    change.field_count = 1;
    change.name = field.value;
    const char *text = text_of(&change);
    assert_null(strpbrk(text, "\n\r\x1b\x01"));
    json_t *read = json_loads(text, JSON_ALLOW_NUL, NULL);
    const json_t *found = json_object_get(json_object_get(read, "cascade"), "text");
    assert_int_equal(json_string_length(found), field.value.len);
    assert_memory_equal(json_string_value(found), nasty, field.value.len);
    json_decref(read);
}

static void
characters_that_steer_a_terminal_are_escaped(void **state)
{
    (void)state;
    struct change_field field = {SLICE_LIT("text"),
                                 SLICE_LIT("a\x7f\xc2\x9b"
                                           "31m\u061c\u202e\u2028\u2069b"
                                           " \u00a0\u200b\U0001f600")};
    struct change change = raised();
    change.fields = &field;
    change.field_count = 1;
    assert_non_null(strstr(text_of(&change),
                           "\"text\":\"a\\u007F\\u009B31m\\u061C\\u202E\\u2028"
                           "\\u2069b \u00a0\u200b\U0001f600\""));
}

static void
text_that_is_no_utf8_costs_its_bytes_only(void **state)
{
    (void)state;
    struct change_field field = {SLICE_LIT("text"), SLICE_LIT("a\xff\xc3(b")};
    struct change change = raised();
    change.fields = &field;
    change.field_count = 1;
    assert_non_null(strstr(text_of(&change), "\"text\":\"a?"
                                             "?(b\""));
}

static void
what_does_not_fit_is_reported(void **state)
{
    (void)state;
    static char huge[1 << 20];
    memset(huge, '"', sizeof(huge));
    struct change_field field = {SLICE_LIT("text"), {huge, sizeof(huge)}};
    struct change change = raised();
    change.fields = &field;
    change.field_count = 1;
    assert_true(strlen(text_of(&change)) > 2 * sizeof(huge));
    struct buffer small;
    buffer_init(&small, sizeof(huge));
    assert_int_equal(alert_json_write(&change, &small), STATUS_NOMEM);
    buffer_fini(&small);
}

static void
values_beyond_a_number_stay_what_they_are(void **state)
{
    (void)state;
    static const struct change_field fields[] = {
        {LIT("reported"), LIT("18446744073709551615")},
        {LIT("forecast"), LIT("1e999")},
        {LIT("virality"), LIT("nan")},
        {LIT("depth"), LIT("")},
    };
    struct change change = raised();
    change.fields = fields;
    change.field_count = 4;
    const char *text = text_of(&change);
    assert_non_null(strstr(text, "\"reported\":18446744073709551615.0"));
    assert_non_null(strstr(text, "\"forecast\":\"1e999\",\"virality\":\"nan\""));
    assert_non_null(strstr(text, "\"depth\":\"\""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_has_every_member_in_order_and_numbers_as_numbers),
        cmocka_unit_test(a_digest_lists_its_alerts),
        cmocka_unit_test(a_newcomer_is_the_author_and_has_no_cascade),
        cmocka_unit_test(hostile_text_stays_one_string_on_one_line),
        cmocka_unit_test(text_that_is_no_utf8_costs_its_bytes_only),
        cmocka_unit_test(characters_that_steer_a_terminal_are_escaped),
        cmocka_unit_test(what_does_not_fit_is_reported),
        cmocka_unit_test(values_beyond_a_number_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
