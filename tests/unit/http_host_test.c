#include "sinks/http/http_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct http_options
options(const char *listen, const char *hosts)
{
    struct http_options made = {0};
    option_presets(http_options_rows, &made);
    snprintf(made.listen, sizeof(made.listen), "%s", listen);
    const struct option *row = option_find(http_options_rows, SLICE_LIT("http.hosts"));
    assert_int_equal(option_set(row, &made, slice_of(hosts), NULL), STATUS_OK);
    return made;
}

static void
check(const struct http_options *made, bool is_loopback, const char *const *hosts,
      bool is_own)
{
    for (size_t i = 0; hosts[i] != NULL; i++) {
        if (http_host_is_own(made, is_loopback, slice_of(hosts[i])) != is_own) {
            fail_msg("%s", hosts[i]);
        }
    }
}

static void
loopback_has_its_own_names_only(void **state)
{
    (void)state;
    struct http_options made = options("127.0.0.2:7787", "");
    static const char *const own[] = {
        "localhost", "LOCALHOST:7787", "127.0.0.1:1", "[::1]:7787",
        "[::1]",     "127.0.0.2:7787", "127.0.0.2",   NULL};
    static const char *const others[] = {"evil.example",
                                         "evil.example:7787",
                                         "localhost.evil.example",
                                         "10.0.0.5",
                                         "localhost:x",
                                         "localhost@evil",
                                         "[::1",
                                         "[::1]x",
                                         "",
                                         ":7787",
                                         "localhost:80:80",
                                         NULL};
    check(&made, true, own, true);
    check(&made, true, others, false);
}

static void
a_server_for_others_has_addresses_and_the_names_of_the_option(void **state)
{
    (void)state;
    struct http_options made = options("0.0.0.0:7787", "news.example.org, wall");
    static const char *const own[] = {
        "10.0.0.5:7787",    "192.168.1.2", "[2001:db8::7]:7787",  "localhost:7787",
        "news.example.org", "WALL:7787",   "News.Example.org:80", NULL};
    static const char *const others[] = {"evil.example",
                                         "news.example.org.evil.example",
                                         "10.0.0.5.evil.example",
                                         "news.example",
                                         "10.0.0",
                                         "[10.0.0.5]",
                                         "wall.example:80",
                                         "x10.0.0.5",
                                         "0x7f.1",
                                         "[2001:db8::7",
                                         "2001:db8::7",
                                         NULL};
    check(&made, false, own, true);
    check(&made, false, others, false);
}

static void
a_name_with_a_port_or_a_scheme_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"news.example.org:80", "http://news.example.org",
                                      "*.example.org"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_options made = options("127.0.0.1:7787", bad[i]);
        struct error error = {.code = STATUS_OK};
        assert_int_equal(http_options_check(&made, &error), STATUS_PARSE);
        assert_non_null(strstr(error.text, "http.hosts"));
    }
    struct http_options made = options("127.0.0.1:7787", "news.example.org");
    assert_int_equal(http_options_check(&made, NULL), STATUS_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_has_its_own_names_only),
        cmocka_unit_test(a_server_for_others_has_addresses_and_the_names_of_the_option),
        cmocka_unit_test(a_name_with_a_port_or_a_scheme_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
