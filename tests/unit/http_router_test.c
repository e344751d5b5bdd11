#include "sinks/http/http_router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct http_page first_rows[] = {
    {"/", NULL},
    {"/top/*/*", NULL},
    {"/cascades/**/tree", NULL},
    {"/cascades/**", NULL},
    {NULL, NULL},
};
static const struct http_page second_rows[] = {
    {"/users/**", NULL},
    {"/top/x/y", NULL},
    {NULL, NULL},
};
static const struct http_pages tables[] = {{first_rows, NULL}, {second_rows, NULL}};

// "the pattern|word|word", or the status.
static const char *
found(const char *path)
{
    static char line[512];
    char text[256];
    struct http_request request = {.path = slice_of(path)};
    struct http_route route;
    enum status status = http_router_find(tables, 2, &request, text, &route);
    if (status != STATUS_OK) {
        return status == STATUS_PARSE ? "broken" : "none";
    }
    int len = snprintf(line, sizeof(line), "%s", route.page->pattern);
    for (size_t i = 0; i < request.word_count; i++) {
        len += snprintf(line + len, sizeof(line) - (size_t)len, "|%.*s",
                        SLICE_ARG(request.words[i]));
    }
    return line;
}

static void
a_path_finds_its_page(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/", "/"},
        {"/top/mentions/1h", "/top/*/*|mentions|1h"},
        {"/top/x/y", "/top/*/*|x|y"},
        {"/top/a%2Fb/1h", "/top/*/*|a/b|1h"},
        {"/cascades/x:1", "/cascades/**|x:1"},
        {"/cascades/x:1/tree", "/cascades/**/tree|x:1"},
        {"/cascades/tree", "/cascades/**|tree"},
        {"/cascades/tree/tree", "/cascades/**/tree|tree"},
        {"/cascades/x%2Ftree", "/cascades/**|x/tree"},
        {"/cascades/bsky:at://did:plc:a/b/3k/tree",
         "/cascades/**/tree|bsky:at://did:plc:a/b/3k"},
        {"/cascades/bsky%3Aat%3A%2F%2Fdid", "/cascades/**|bsky:at://did"},
        {"/users/masto:https://m.example/@ann",
         "/users/**|masto:https://m.example/@ann"},
        {"/users/../status", "/users/**|../status"},
        {"/users/%40%C3%A4nn", "/users/**|@änn"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(found(rows[i][0]), rows[i][1]);
    }
}

static void
other_paths_find_none(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "",           "*",          "top/a/b",          "//",
        "/top",       "/top/a",     "/top/a/",          "/top//b",
        "/top/a/b/c", "/users",     "/users/",          "/cascades/",
        "/Users/a",   "/users%2Fa", "http://x/users/a", "/top/a/b/",
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_string_equal(found(paths[i]), "none");
    }
}

static void
a_broken_encoding_is_found(void **state)
{
    (void)state;
    static const char *const paths[] = {"/users/%", "/users/%4", "/users/%zz",
                                        "/users/a%4g", "/top/a/%-1"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_string_equal(found(paths[i]), "broken");
    }
}

static void
a_word_may_contain_any_byte(void **state)
{
    (void)state;
    char path[8 + 3 * 256] = "/users/";
    for (unsigned byte = 0; byte < 256; byte++) {
        snprintf(path + 7 + 3 * (size_t)byte, 4, "%%%02x", byte);
    }
    char text[sizeof(path)];
    struct http_request request = {.path = slice_of(path)};
    struct http_route route;
    assert_int_equal(http_router_find(tables, 2, &request, text, &route), STATUS_OK);
    assert_int_equal(request.words[0].len, 256);
    for (size_t byte = 0; byte < 256; byte++) {
        assert_int_equal((unsigned char)request.words[0].ptr[byte], byte);
    }
}

static void
an_entity_tag_is_found_in_a_list(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool is_known;
    } rows[] = {{NULL, false},           {"", false},       {"\"7\"", true},
                {"\"77\"", false},       {"W/\"7\"", true}, {"\"1\", \"7\"", true},
                {"\"1\",W/\"7\"", true}, {"*", true},       {"7", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_request request = {.none_match = slice_of(rows[i].header)};
        assert_int_equal(http_request_is_known(&request, SLICE_LIT("\"7\"")),
                         rows[i].is_known);
    }
}

static void
a_content_coding_is_accepted_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool is_accepted;
    } rows[] = {{NULL, false},           {"", false},          {"gzip", true},
                {"GZIP", true},          {"br, gzip", true},   {"gzip;q=0", false},
                {"gzip; q=0.00", false}, {"gzip;q=0.5", true}, {"xgzip", false},
                {"deflate", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_request request = {.accept_encoding = slice_of(rows[i].header)};
        assert_int_equal(http_request_accepts(&request, SLICE_LIT("gzip")),
                         rows[i].is_accepted);
    }
}

static void
a_parameter_is_decoded(void **state)
{
    (void)state;
    struct http_request request = {
        .parameters = {{SLICE_LIT("limit"), SLICE_LIT("2%30")},
                       {SLICE_LIT("limit"), SLICE_LIT("5")},
                       {SLICE_LIT("bad"), SLICE_LIT("%")},
                       {SLICE_LIT("empty"), SLICE_LIT("")}},
        .parameter_count = 4};
    char text[4];
    struct slice value;
    assert_int_equal(
        http_request_parameter(&request, SLICE_LIT("limit"), text, 4, &value),
        STATUS_OK);
    assert_true(slice_equal(value, SLICE_LIT("20")));
    assert_int_equal(
        http_request_parameter(&request, SLICE_LIT("limit"), text, 3, &value),
        STATUS_FULL);
    assert_int_equal(
        http_request_parameter(&request, SLICE_LIT("bad"), text, 4, &value),
        STATUS_PARSE);
    assert_int_equal(
        http_request_parameter(&request, SLICE_LIT("lim"), text, 4, &value), STATUS_OK);
    assert_true(slice_is_none(value));
    assert_int_equal(
        http_request_parameter(&request, SLICE_LIT("empty"), text, 4, &value),
        STATUS_OK);
    assert_true(!slice_is_none(value) && value.len == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_page),
        cmocka_unit_test(other_paths_find_none),
        cmocka_unit_test(a_broken_encoding_is_found),
        cmocka_unit_test(a_word_may_contain_any_byte),
        cmocka_unit_test(an_entity_tag_is_found_in_a_list),
        cmocka_unit_test(a_content_coding_is_accepted_by_name),
        cmocka_unit_test(a_parameter_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
