#include "ingest/sources/mastodon_timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HOST "https://harbour.example"
#define STREAM HOST "/api/v1/streaming/"
#define TIMELINE HOST "/api/v1/timelines/"

static void
every_stream_with_a_timeline_finds_it(void **state)
{
    (void)state;
    static const struct {
        const char *stream;
        const char *timeline;
        bool lacks_boosts;
    } rows[] = {
        {STREAM "user", TIMELINE "home?", false},
        {STREAM "user/?x=y", TIMELINE "home?", false},
        {STREAM "public", TIMELINE "public?", true},
        {STREAM "public?only_media=true", TIMELINE "public?only_media=true&", true},
        {STREAM "public/local", TIMELINE "public?local=true&", true},
        {STREAM "public/remote", TIMELINE "public?remote=true&", true},
        {STREAM "hashtag?tag=tea", TIMELINE "tag/tea?", true},
        {STREAM "hashtag/local?a=b&tag=%C3%A9t%C3%A9#x",
         TIMELINE "tag/%C3%A9t%C3%A9?local=true&", true},
        {STREAM "list?list=77", TIMELINE "list/77?", false},
        {"https://[::1]:3000/api/v1/streaming/list?list=7",
         "https://[::1]:3000/api/v1/timelines/list/7?", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char timeline[MASTODON_TIMELINE_MAX] = "";
        assert_true(mastodon_timeline_of(rows[i].stream, "", timeline));
        assert_string_equal(timeline, rows[i].timeline);
        assert_int_equal(mastodon_timeline_lacks_boosts(rows[i].stream),
                         rows[i].lacks_boosts);
    }
}

static void
a_parameter_stays_within_its_part_of_the_path(void **state)
{
    (void)state;
    char timeline[MASTODON_TIMELINE_MAX];
    assert_true(mastodon_timeline_of(STREAM "hashtag?tag=a/../b?c", "", timeline));
    assert_string_equal(timeline, TIMELINE "tag/a%2F%2E%2E%2Fb%3Fc?");
    assert_true(mastodon_timeline_of(STREAM "list?list=caf\xc3\xa9", "", timeline));
    assert_string_equal(timeline, TIMELINE "list/caf%C3%A9?");
}

static void
the_timeline_may_be_on_another_server(void **state)
{
    (void)state;
    static const char *const servers[] = {"https://api.example:8443",
                                          "https://api.example:8443/"};
    for (size_t i = 0; i < 2; i++) {
        char timeline[MASTODON_TIMELINE_MAX];
        assert_true(mastodon_timeline_of(STREAM "list?list=7", servers[i], timeline));
        assert_string_equal(timeline,
                            "https://api.example:8443/api/v1/timelines/list/7?");
    }
}

static void
the_longest_address_still_fits(void **state)
{
    (void)state;
    char url[OPTION_TEXT_MAX] = STREAM "hashtag?tag=";
    char timeline[MASTODON_TIMELINE_MAX];
    size_t used = strlen(url);
    memset(url + used, '/', sizeof(url) - used - 1);
    url[sizeof(url) - 1] = '\0';
    assert_true(mastodon_timeline_of(url, "", timeline));
    assert_true(strlen(timeline) >= 3 * (sizeof(url) - 1 - used));
}

static void
other_streams_have_none(void **state)
{
    (void)state;
    static const char *const urls[] = {
        STREAM "user/notification",
        STREAM "direct",
        STREAM "",
        STREAM "hashtag",
        STREAM "hashtag?tag=",
        STREAM "hashtag?tags=tea",
        STREAM "list?tag=tea",
        HOST "/2/tweets/search/stream",
        HOST "/?to=/api/v1/streaming/user",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        char timeline[MASTODON_TIMELINE_MAX] = "as before";
        assert_false(mastodon_timeline_of(urls[i], "", timeline));
        assert_string_equal(timeline, "as before");
    }
    assert_false(mastodon_timeline_lacks_boosts(STREAM "direct"));
}

static void
a_server_that_refuses_to_stream_is_explained(void **state)
{
    (void)state;
    static const long codes[] = {400, 404, 405, 426, 501};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_non_null(
            strstr(mastodon_timeline_hint(STREAM "direct", codes[i]), "WebSocket"));
        assert_string_equal(mastodon_timeline_hint(HOST "/2/stream", codes[i]), "");
    }
    assert_string_equal(mastodon_timeline_hint(STREAM "user", 401), "");
    assert_true(mastodon_timeline_is_stream("wss://a/api/v1/streaming?stream=user"));
    assert_true(mastodon_timeline_is_stream("wss://a/api/v1/streaming"));
    assert_false(mastodon_timeline_is_stream("wss://a/api/v1/streamings"));
    assert_false(mastodon_timeline_is_stream("wss://a/?to=/api/v1/streaming"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stream_with_a_timeline_finds_it),
        cmocka_unit_test(a_parameter_stays_within_its_part_of_the_path),
        cmocka_unit_test(the_timeline_may_be_on_another_server),
        cmocka_unit_test(the_longest_address_still_fits),
        cmocka_unit_test(other_streams_have_none),
        cmocka_unit_test(a_server_that_refuses_to_stream_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
