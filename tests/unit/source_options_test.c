#include "ingest/sources/source_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/sources/source.h"
#include "net/url.h"

static struct source_options
with_url(const char *url)
{
    struct source_options options = {.name = "x"};
    option_presets(source_option_rows, &options);
    snprintf(options.url, sizeof(options.url), "%s", url);
    return options;
}

static void
expect(const struct source_options *options, enum status status, const char *part)
{
    struct error error = {.code = STATUS_OK};
    assert_int_equal(source_options_check(options, &error), status);
    if (strstr(error.text, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", error.text, part);
    }
}

static void
an_address_is_encrypted_unless_it_is_this_machine(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://api.x.com/2/tweets/search/stream?a=b",
        "wss://jetstream2.us-east.bsky.network/subscribe",
        "http://127.0.0.1:8080/stream",
        "http://127.9.9.9/",
        "ws://[::1]:9/subscribe",
        "HTTP://localhost",
    };
    static const char *const bad[] = {
        "http://api.x.com/",
        "ws://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "ws://[::2]/",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct source_options options = with_url(good[i]);
        expect(&options, STATUS_OK, "");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct source_options options = with_url(bad[i]);
        expect(&options, STATUS_RANGE, "is not this machine");
    }
}

static void
an_address_without_its_form_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "https",
        "https:",
        "https:/x",
        "https://",
        "ftp://a/",
        "https:///path",
        "https://a:0/",
        "https://a:65536/",
        "https://a:99999999999/",
        "https://a:x/",
        "https://user:pass@a/",
        "https://a b/",
        "https://a/ b",
        "https://a/#x",
        "https://[::1/",
        "https://[::1]x/",
        "https://[g]/",
        "https://a\nb/",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct source_options options = with_url(bad[i]);
        expect(&options, STATUS_PARSE, "url: ");
    }
}

static void
an_address_is_taken_apart(void **state)
{
    (void)state;
    struct url url;
    assert_int_equal(url_parse(SLICE_LIT("wss://[2001:db8::1]:8443/a?b"), &url, NULL),
                     STATUS_OK);
    assert_string_equal(url.scheme, "wss");
    assert_true(url.is_tls && url.kind == URL_WEBSOCKET);
    assert_string_equal(url.host, "2001:db8::1");
    assert_int_equal(url.port, 8443);
    assert_true(slice_equal(url.path, SLICE_LIT("/a?b")));
}

static void
options_of_another_transport_are_refused(void **state)
{
    (void)state;
    struct source_options options = with_url("https://a/");
    options.has_likes = true;
    expect(&options, STATUS_RANGE, "likes is for wss://");
    options = with_url("https://a/");
    strcpy(options.hosts, "b");
    expect(&options, STATUS_RANGE, "hosts is for wss://");
    options = with_url("wss://a/subscribe");
    options.backfill_minutes = 2;
    expect(&options, STATUS_RANGE, "backfill_minutes is for https://");
    options = with_url("wss://a/api/v1/streaming?stream=user");
    expect(&options, STATUS_RANGE, "over WebSocket are not supported");
    options = with_url("wss://a/api/v1/streaming/user");
    expect(&options, STATUS_RANGE, "write https://");
    options = with_url("wss://a/elsewhere");
    expect(&options, STATUS_RANGE, "end in /subscribe");
    options = with_url("wss://a/subscribe");
    options.is_compressed = true;
    expect(&options, STATUS_RANGE, "go together");
    options = with_url("http://127.0.0.1/");
    strcpy(options.ca_file, "/dev/null");
    expect(&options, STATUS_RANGE, "ca_file");
}

static void
further_hosts_follow_the_rules_of_the_first(void **state)
{
    (void)state;
    struct source_options options = with_url("wss://a/subscribe");
    strcpy(options.hosts, "b, c:8443 ,[::1]:1");
    expect(&options, STATUS_OK, "");
    strcpy(options.hosts, "b,,c");
    expect(&options, STATUS_PARSE, "hosts: ");
    strcpy(options.hosts, "1,2,3,4,5,6,7,8,9");
    expect(&options, STATUS_RANGE, "hosts: at most 8");
    options = with_url("ws://127.0.0.1/subscribe");
    strcpy(options.hosts, "127.0.0.1:2, example.com");
    expect(&options, STATUS_RANGE, "example.com is not this machine");
}

static void
a_token_that_others_may_read_is_refused(void **state)
{
    (void)state;
    char path[] = "./token_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct source_options options = with_url("https://a/");
    strcpy(options.token_file, path);
    expect(&options, STATUS_OK, "");
    static const mode_t bad[] = {0604, 0640, 0620, 0602};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fchmod(fd, bad[i]), 0);
        expect(&options, STATUS_IO, "chmod 600");
    }
    assert_int_equal(unlink(path), 0);
    close(fd);
    expect(&options, STATUS_IO, "cannot read");
    strcpy(options.token_file, "./");
    expect(&options, STATUS_IO, "is not a file");
}

static void
a_token_file_without_a_slash_is_left_to_the_daemon(void **state)
{
    (void)state;
    struct source_options options = with_url("https://a/");
    strcpy(options.token_file, "x-token");
    expect(&options, STATUS_OK, "");
}

static void
names_and_formats_are_checked(void **state)
{
    (void)state;
    struct source_options options = with_url("https://a/");
    strcpy(options.name, "a b");
    expect(&options, STATUS_PARSE, "the name of a source");
    options.name[0] = '\0';
    expect(&options, STATUS_PARSE, "the name of a source");
    options = with_url("https://a/");
    strcpy(options.format, "xml");
    expect(&options, STATUS_PARSE, "format: ");
}

static void
another_server_for_timelines_follows_the_rules_of_the_first(void **state)
{
    (void)state;
    struct source_options options =
        with_url("https://streaming.example/api/v1/streaming/user");
    static const struct {
        const char *api_url;
        enum status status;
        const char *part;
    } rows[] = {
        {"https://social.example", STATUS_OK, ""},
        {"https://social.example:8443/", STATUS_OK, ""},
        {"http://127.0.0.1:3000", STATUS_OK, ""},
        {"http://social.example", STATUS_RANGE, "api_url: social.example"},
        {"wss://social.example", STATUS_RANGE, "api_url: write https://host"},
        {"https://social.example/api", STATUS_RANGE, "api_url: write https://host"},
        {"social.example", STATUS_PARSE, "api_url: "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(options.api_url, sizeof(options.api_url), "%s", rows[i].api_url);
        expect(&options, rows[i].status, rows[i].part);
    }
    options = with_url("https://api.x.com/2/tweets/search/stream");
    snprintf(options.api_url, sizeof(options.api_url), "https://social.example");
    expect(&options, STATUS_RANGE, "streams of Mastodon");
    options = with_url("wss://jetstream.example/subscribe");
    snprintf(options.api_url, sizeof(options.api_url), "https://social.example");
    expect(&options, STATUS_RANGE, "api_url is for https:// sources");
}

static void
every_state_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(source_state_name(SOURCE_CONNECTING), "connecting");
    assert_string_equal(source_state_name(SOURCE_IDLE_OK), "idle-ok");
    assert_string_equal(source_state_name(SOURCE_FAILED), "failed");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_encrypted_unless_it_is_this_machine),
        cmocka_unit_test(an_address_without_its_form_is_refused),
        cmocka_unit_test(an_address_is_taken_apart),
        cmocka_unit_test(options_of_another_transport_are_refused),
        cmocka_unit_test(further_hosts_follow_the_rules_of_the_first),
        cmocka_unit_test(a_token_that_others_may_read_is_refused),
        cmocka_unit_test(a_token_file_without_a_slash_is_left_to_the_daemon),
        cmocka_unit_test(names_and_formats_are_checked),
        cmocka_unit_test(another_server_for_timelines_follows_the_rules_of_the_first),
        cmocka_unit_test(every_state_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
