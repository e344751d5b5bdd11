#include "net/redis/redis_cluster.h"
#include "net/redis/redis_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/redis/redis_options.h"

static struct redis_url
must_parse(const char *text)
{
    struct redis_url url;
    struct error error = {.code = STATUS_OK};
    if (redis_url_parse(slice_of(text), &url, &error) != STATUS_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    return url;
}

static void
a_unix_path_is_taken_as_it_is(void **state)
{
    (void)state;
    struct redis_url url = must_parse("unix:/run/redis/a%20b@c.sock");
    assert_int_equal(url.kind, REDIS_URL_UNIX);
    assert_string_equal(url.host, "/run/redis/a%20b@c.sock");
    assert_false(url.has_db);
}

static void
the_port_is_6379_unless_given(void **state)
{
    (void)state;
    assert_int_equal(must_parse("redis://localhost").port, 6379);
    assert_int_equal(must_parse("rediss://localhost/").port, 6379);
    assert_int_equal(must_parse("redis://localhost:1").port, 1);
    assert_int_equal(must_parse("redis://localhost:65535/0").port, 65535);
}

static void
the_scheme_decides_about_tls(void **state)
{
    (void)state;
    assert_int_equal(must_parse("redis://h").kind, REDIS_URL_TCP);
    assert_int_equal(must_parse("rediss://h").kind, REDIS_URL_TLS);
}

static void
user_and_password_are_decoded(void **state)
{
    (void)state;
    struct redis_url url = must_parse("redis://a%40b:p%3a%2F%25@x@host:7/15");
    assert_string_equal(url.user, "a@b");
    assert_string_equal(url.password, "p:/%@x");
    assert_string_equal(url.host, "host");
    assert_int_equal(url.port, 7);
    assert_true(url.has_db);
    assert_int_equal(url.db, 15);

    url = must_parse("redis://:secret@host");
    assert_string_equal(url.user, "");
    assert_string_equal(url.password, "secret");

    url = must_parse("redis://ann@host");
    assert_string_equal(url.user, "ann");
    assert_string_equal(url.password, "");
}

static void
an_ipv6_address_is_in_brackets(void **state)
{
    (void)state;
    struct redis_url url = must_parse("rediss://u:p@[2001:db8::1]:99/2");
    assert_string_equal(url.host, "2001:db8::1");
    assert_int_equal(url.port, 99);
    assert_string_equal(must_parse("redis://[::1]").host, "::1");
}

static void
sentinels_name_a_master_and_have_a_port_of_their_own(void **state)
{
    (void)state;
    struct redis_url url = must_parse("sentinel://10.0.0.1,s-2.lan:5000,[::1]/my_m.1");
    assert_int_equal(url.kind, REDIS_URL_SENTINEL);
    assert_int_equal(url.host_count, 3);
    assert_string_equal(url.hosts[0].host, "10.0.0.1");
    assert_int_equal(url.hosts[0].port, 26379);
    assert_string_equal(url.hosts[1].host, "s-2.lan");
    assert_int_equal(url.hosts[1].port, 5000);
    assert_string_equal(url.hosts[2].host, "::1");
    assert_int_equal(url.hosts[2].port, 26379);
    assert_string_equal(url.name, "my_m.1");
    assert_string_equal(url.host, "");
    assert_false(url.has_db);
    assert_false(redis_url_is_tls(&url));
    url = must_parse("sentinels://h/m");
    char text[REDIS_URL_TEXT_MAX];
    assert_true(redis_url_is_tls(&url));
    assert_string_equal(redis_url_format(&url, text), "sentinels://h:26379/m");
    url = must_parse("sentinel://h/m/3");
    assert_string_equal(url.name, "m");
    assert_true(url.has_db);
    assert_int_equal(url.db, 3);
    assert_int_equal(must_parse("sentinel://1,2,3,4,5,6,7,8/m").host_count,
                     REDIS_URL_HOSTS_MAX);
}

static void
a_cluster_is_named_by_its_nodes(void **state)
{
    (void)state;
    char text[REDIS_URL_TEXT_MAX];
    struct redis_url url = must_parse("cluster://10.0.0.1,n-2.lan:7001,[::1]");
    assert_int_equal(url.kind, REDIS_URL_CLUSTER);
    assert_int_equal(url.host_count, 3);
    assert_int_equal(url.hosts[0].port, 6379);
    assert_string_equal(url.hosts[1].host, "n-2.lan");
    assert_int_equal(url.hosts[1].port, 7001);
    assert_string_equal(url.hosts[2].host, "::1");
    assert_false(redis_url_is_tls(&url));
    assert_string_equal(redis_url_format(&url, text),
                        "cluster://10.0.0.1:6379,n-2.lan:7001,[::1]:6379");
    url = must_parse("clusters://h");
    assert_true(redis_url_is_tls(&url));
    assert_string_equal(redis_url_format(&url, text), "clusters://h:6379");
}

static void
a_hash_tag_has_something_between_its_braces(void **state)
{
    (void)state;
    assert_true(redis_cluster_has_tag("{cascaded}:"));
    assert_true(redis_cluster_has_tag("a{}}:{b}") == false);
    assert_true(redis_cluster_has_tag("a{b}{}"));
    assert_false(redis_cluster_has_tag("cascaded:"));
    assert_false(redis_cluster_has_tag("{}cascaded:"));
    assert_false(redis_cluster_has_tag("{cascaded:"));
    assert_false(redis_cluster_has_tag("}a{"));
}

static void
a_redirection_names_the_owner_of_the_slot(void **state)
{
    (void)state;
    const struct redis_url asked = {
        .kind = REDIS_URL_TLS, .host = "asked.lan", .port = 1};
    struct redis_url node = asked;
    assert_true(
        redis_cluster_moved(SLICE_LIT("MOVED 3999 10.0.0.2:6381"), &asked, &node));
    assert_string_equal(node.host, "10.0.0.2");
    assert_int_equal(node.port, 6381);
    assert_int_equal(node.kind, REDIS_URL_TLS);
    assert_true(
        redis_cluster_moved(SLICE_LIT("MOVED 1 2001:db8::1:7000"), &asked, &node));
    assert_string_equal(node.host, "2001:db8::1");
    assert_int_equal(node.port, 7000);
    // The reply of a node that knows no address: its own host.
    assert_true(redis_cluster_moved(SLICE_LIT("MOVED 1 :7001"), &asked, &node));
    assert_string_equal(node.host, "asked.lan");
    assert_int_equal(node.port, 7001);
    static const char *const wrong[] = {"MOVED",         "MOVED ",      "MOVED 1",
                                        "MOVED 1 h",     "MOVED 1 h:",  "MOVED 1 h:0",
                                        "MOVED 1 h:x",   "MOVED 1 ?:1", "ASK 1 h:1",
                                        "MOVED 1 a b:1 "};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(redis_cluster_moved(slice_of(wrong[i]), &asked, &node));
        assert_string_equal(node.host, "asked.lan");
    }
}

static void
errors_about_sentinels_are_reported(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"sentinel://", "host"},
        {"cluster://", "host"},
        {"cluster://a,", "host"},
        {"cluster://a/1", "no databases"},
        {"cluster://u:p@a", "redis.user"},
        {"cluster://1,2,3,4,5,6,7,8,9", "at most 8"},
        {"sentinel:///m", "host"},
        {"sentinel://a,/m", "host"},
        {"sentinel://,a/m", "host"},
        {"sentinel://a, b/m", "host name"},
        {"sentinel://a:0/m", "port"},
        {"sentinel://a:1:2/m", "port"},
        {"sentinel://::1/m", "host"},
        {"sentinel://[::1/m", "IPv6"},
        {"sentinel://a", "name of the master"},
        {"sentinel://a/", "name of the master"},
        {"sentinel://a//1", "name of the master"},
        {"sentinel://a/m m", "name of the master"},
        {"sentinel://a/m/x", "database"},
        {"sentinel://a/m/1/2", "database"},
        {"sentinel://u:s3cret@a/m", "redis.password_file"},
        {"sentinel://1,2,3,4,5,6,7,8,9/m", "at most 8"},
        {"sentinelss://a/m", "sentinel://"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct redis_url url = {.port = 4711};
        struct error error = {.code = STATUS_OK};
        assert_int_not_equal(redis_url_parse(slice_of(wrong[i][0]), &url, &error),
                             STATUS_OK);
        if (strstr(error.text, wrong[i][1]) == NULL) {
            fail_msg("%s: %s", wrong[i][0], error.text);
        }
        assert_null(strstr(error.text, "s3cret"));
        assert_int_equal(url.port, 4711);
    }
}

static void
the_name_of_a_master_has_a_limit_and_the_limit_itself_fits(void **state)
{
    (void)state;
    char text[REDIS_URL_NAME_MAX + 20];
    struct redis_url url;
    for (size_t length = 126; length < 130; length++) {
        memset(text, 'x', sizeof(text));
        memcpy(text, "sentinel://h/", 13);
        bool fits =
            redis_url_parse((struct slice){text, length + 13}, &url, NULL) == STATUS_OK;
        assert_int_equal(fits, length < REDIS_URL_NAME_MAX);
    }
}

static void
a_sentinel_answers_with_a_host_and_a_port(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"10.0.0.1", "redis://10.0.0.1:7001"},
        {"fe80::1", "redis://[fe80::1]:7001"},
        {"redis-1.lan", "redis://redis-1.lan:7001"},
        {"", NULL},
        {"h h", NULL},
        {"::x", NULL},
    };
    struct redis_url url = {.port = 4711};
    char text[REDIS_URL_TEXT_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_host = redis_url_of_host(slice_of(rows[i][0]), SLICE_LIT("7001"),
                                         &url) == STATUS_OK;
        assert_int_equal(is_host, rows[i][1] != NULL);
        if (is_host) {
            assert_string_equal(redis_url_format(&url, text), rows[i][1]);
        }
    }
    static const char *const ports[] = {"", "0", "65536", "12x", "-1"};
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        assert_int_not_equal(
            redis_url_of_host(SLICE_LIT("other"), slice_of(ports[i]), &url), STATUS_OK);
        assert_string_equal(url.host, "redis-1.lan");
    }
}

static void
a_text_for_humans_that_is_too_long_is_cut(void **state)
{
    (void)state;
    char text[REDIS_URL_TEXT_MAX];
    struct redis_url url = must_parse("sentinel://1,2,3,4,5,6,7,8/m/3");
    for (size_t i = 0; i < url.host_count; i++) {
        memset(url.hosts[i].host, 'h', 60);
    }
    assert_int_equal(strlen(redis_url_format(&url, text)), sizeof(text) - 1);
}

static void
what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "localhost:6379",
        "http://localhost",
        "REDIS://h",
        "unix:",
        "unix:relative",
        "redis://",
        "redis://:6379",
        "redis://h:",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:12x",
        "redis://h:-1",
        "redis://h: 1",
        "redis://h/x",
        "redis://h/1/2",
        "redis://h/9999999",
        "redis://h?db=1",
        "redis://::1",
        "redis://::1:6379",
        "redis://[::1",
        "redis://[::1]x",
        "redis://[::1]6379",
        "redis://[h]",
        "redis://[]",
        "redis://u:%@h",
        "redis://u:%4@h",
        "redis://u:%zz@h",
        "redis://u:%00@h",
        "redis://h h",
        "redis://h\n",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct redis_url url = {.port = 4711};
        struct error error = {.code = STATUS_OK};
        if (redis_url_parse(slice_of(wrong[i]), &url, &error) == STATUS_OK) {
            fail_msg("\"%s\" is taken for an address", wrong[i]);
        }
        assert_true(error.code != STATUS_OK && error.text[0] != '\0');
        assert_int_equal(url.port, 4711);
    }
}

static void
names_have_limits_and_the_limit_itself_fits(void **state)
{
    (void)state;
    char text[1200];
    struct redis_url url;
    for (int length = 100; length < 115; length++) {
        memset(text, 'x', sizeof(text));
        memcpy(text, "unix:/", 6);
        bool fits = redis_url_parse((struct slice){text, (size_t)length + 5}, &url,
                                    NULL) == STATUS_OK;
        assert_int_equal(fits, length <= 107);
    }
    for (size_t length = 254; length < 258; length++) {
        memset(text, 'x', sizeof(text));
        memcpy(text, "redis://", 8);
        bool fits =
            redis_url_parse((struct slice){text, length + 8}, &url, NULL) == STATUS_OK;
        assert_int_equal(fits, length < REDIS_URL_HOST_MAX);
    }
    for (size_t length = 510; length < 514; length++) {
        memset(text, 'x', sizeof(text));
        memcpy(text, "redis://:", 9);
        memcpy(text + 9 + length, "@h", 2);
        bool fits =
            redis_url_parse((struct slice){text, length + 11}, &url, NULL) == STATUS_OK;
        assert_int_equal(fits, length < REDIS_URL_SECRET_MAX);
    }
}

static void
the_text_for_people_contains_no_secret(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"redis://ann:s3cret@host", "redis://host:6379"},
        {"rediss://ann:s3cret@[::1]:7/2", "rediss://[::1]:7/2"},
        {"unix:/a/b", "unix:/a/b"},
        {"sentinel://a,[::1]:7/m/2", "sentinel://a:26379,[::1]:7/m/2"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char text[REDIS_URL_TEXT_MAX];
        struct redis_url url = must_parse(pairs[i][0]);
        assert_string_equal(redis_url_format(&url, text), pairs[i][1]);
    }
    struct redis_url url;
    struct error error = {.code = STATUS_OK};
    assert_true(redis_url_parse(SLICE_LIT("redis://u:s3cret%@h"), &url, &error) !=
                STATUS_OK);
    assert_null(strstr(error.text, "s3cret"));
}

// The error when `name` is set to `value` beside the given URL, or "" when all is well.
static const char *
check_options(const char *url, const char *name, const char *value)
{
    static struct error error;
    struct redis_options options;
    option_presets(redis_options_rows, &options);
    snprintf(options.url, sizeof(options.url), "%s", url);
    for (const struct option *row = redis_options_rows; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            assert_int_equal(option_set(row, &options, slice_of(value), NULL),
                             STATUS_OK);
        }
    }
    error = (struct error){.code = STATUS_OK};
    enum status status = redis_options_check(&options, &error);
    assert_int_equal(status, error.code);
    return error.text;
}

static void
options_that_contradict_one_another_are_refused(void **state)
{
    (void)state;
    char file[] = "redis_url_test.XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);

    assert_string_equal(check_options("unix:/a", "redis.db", "3"), "");
    assert_string_equal(check_options("redis://h/3", "redis.db", "3"), "");
    assert_string_equal(check_options("redis://h", "redis.password_file", file), "");
    assert_string_equal(check_options("rediss://h", "redis.ca_file", file), "");

    assert_non_null(strstr(check_options("redis://h/3", "redis.db", "4"), "redis.db"));
    assert_non_null(
        strstr(check_options("redis://h", "redis.user", "ann"), "password"));
    assert_non_null(
        strstr(check_options("redis://a:b@h", "redis.user", "a"), "redis.user"));
    assert_non_null(strstr(check_options("redis://:b@h", "redis.password_file", file),
                           "redis.password_file"));
    assert_non_null(
        strstr(check_options("redis://h", "redis.ca_file", file), "rediss://"));
    assert_non_null(
        strstr(check_options("rediss://h", "redis.cert_file", file), "key_file"));
    assert_string_equal(check_options("sentinel://h/m", "redis.db", "3"), "");
    assert_string_equal(check_options("sentinel://h/m", "redis.password_file", file),
                        "");
    assert_non_null(
        strstr(check_options("sentinel://h/m/3", "redis.db", "4"), "redis.db"));
    assert_non_null(
        strstr(check_options("sentinel://h/m", "redis.ca_file", file), "rediss://"));
    assert_non_null(strstr(check_options("nonsense", "redis.db", "0"), "redis.url: "));
    remove(file);
    // A name without a file may be a secret given in place of it.
    const char *why = check_options("redis://h", "redis.password_file", file);
    assert_non_null(strstr(why, "redis.password_file"));
    assert_null(strstr(why, file));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unix_path_is_taken_as_it_is),
        cmocka_unit_test(the_port_is_6379_unless_given),
        cmocka_unit_test(the_scheme_decides_about_tls),
        cmocka_unit_test(user_and_password_are_decoded),
        cmocka_unit_test(an_ipv6_address_is_in_brackets),
        cmocka_unit_test(sentinels_name_a_master_and_have_a_port_of_their_own),
        cmocka_unit_test(a_cluster_is_named_by_its_nodes),
        cmocka_unit_test(a_hash_tag_has_something_between_its_braces),
        cmocka_unit_test(a_redirection_names_the_owner_of_the_slot),
        cmocka_unit_test(errors_about_sentinels_are_reported),
        cmocka_unit_test(the_name_of_a_master_has_a_limit_and_the_limit_itself_fits),
        cmocka_unit_test(a_sentinel_answers_with_a_host_and_a_port),
        cmocka_unit_test(a_text_for_humans_that_is_too_long_is_cut),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(names_have_limits_and_the_limit_itself_fits),
        cmocka_unit_test(the_text_for_people_contains_no_secret),
        cmocka_unit_test(options_that_contradict_one_another_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
