// What of the configuration may be shown.
#include "daemon/config_shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct values {
    char url[OPTION_TEXT_MAX];
};

static const struct option url_row = {"url",
                                      OPTION_TEXT,
                                      "",
                                      0,
                                      OPTION_TEXT_MAX - 1,
                                      false,
                                      offsetof(struct values, url),
                                      "A URL"};

static void
assert_shown(const char *group, const char *url, const char *shown)
{
    char text[CONFIG_SHOWN_MAX];
    struct values values;
    snprintf(values.url, sizeof(values.url), "%s", url);
    assert_string_equal(config_shown_value(group, &url_row, &values, text), shown);
}

static void
addresses_are_shown_without_user_password_and_query(void **state)
{
    (void)state;
    assert_shown("redis", "redis://ann:secret@db:6379/0", "redis://db:6379/0");
    assert_shown("redis", "redis://:s#1?x@db:6379/0", "redis://db:6379/0");
    assert_shown("redis", "redis://:a@b@db", "redis://db");
    assert_shown("source", "https://x.example/a/b?token=secret",
                 "https://x.example/a/b");
    assert_shown("source", "https://x.example/a#secret", "https://x.example/a");
    assert_shown("redis", "unix:/run/redis.sock", "unix:/run/redis.sock");
}

static void
a_path_that_may_be_a_password_is_not_shown(void **state)
{
    (void)state;
    assert_shown("redis", "redis://:sec/ret@db:6379", "redis://...");
    assert_shown("source", "https://x.example/@ann", "https://...");
    assert_shown("webhook", "https://chat.example/hooks/secret",
                 "https://chat.example/");
    assert_shown("webhook", "https://chat.example", "https://chat.example");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_shown_without_user_password_and_query),
        cmocka_unit_test(a_path_that_may_be_a_password_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
