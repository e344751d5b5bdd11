#include "sinks/redis_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/redis_options.h"

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
the_scheme_says_whether_there_is_tls(void **state)
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
an_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    struct redis_url url = must_parse("rediss://u:p@[2001:db8::1]:99/2");
    assert_string_equal(url.host, "2001:db8::1");
    assert_int_equal(url.port, 99);
    assert_string_equal(must_parse("redis://[::1]").host, "::1");
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
the_text_for_humans_holds_no_secret(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"redis://ann:s3cret@host", "redis://host:6379"},
        {"rediss://ann:s3cret@[::1]:7/2", "rediss://[::1]:7/2"},
        {"unix:/a/b", "unix:/a/b"},
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
    option_presets(redis_option_rows, &options);
    snprintf(options.url, sizeof(options.url), "%s", url);
    for (const struct option *row = redis_option_rows; row->name != NULL; row++) {
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
    assert_non_null(strstr(check_options("nonsense", "redis.db", "0"), "redis.url: "));
    remove(file);
    assert_non_null(
        strstr(check_options("redis://h", "redis.password_file", file), file));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unix_path_is_taken_as_it_is),
        cmocka_unit_test(the_port_is_6379_unless_given),
        cmocka_unit_test(the_scheme_says_whether_there_is_tls),
        cmocka_unit_test(user_and_password_are_decoded),
        cmocka_unit_test(an_ipv6_address_stands_in_brackets),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(names_have_limits_and_the_limit_itself_fits),
        cmocka_unit_test(the_text_for_humans_holds_no_secret),
        cmocka_unit_test(options_that_contradict_one_another_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
