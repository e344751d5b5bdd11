// Which addresses and options of Redis cascadectl accepts.
#include "ctl/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum status
checked(const char *url, const char *name, const char *value, struct error *error)
{
    struct client client;
    assert_int_equal(client_init(&client, error), STATUS_OK);
    enum status status =
        client_set(&client, SLICE_LIT("redis.url"), slice_of(url), error);
    if (status == STATUS_OK && name != NULL) {
        status = client_set(&client, slice_of(name), slice_of(value), error);
    }
    if (status == STATUS_OK) {
        status = client_check(&client, error);
    }
    client_fini(&client);
    return status;
}

static void
every_address_of_the_daemon_is_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "unix:/run/redis.sock",     "unix:///run/redis.sock",
        "redis://localhost:6380/3", "redis://[::1]:7000",
        "rediss://redis.example/",  "sentinel://a:5000,[::1],c/main/3",
        "sentinels://a/m",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error error = {0};
        assert_int_equal(checked(good[i], NULL, NULL, &error), STATUS_OK);
    }
}

static void
other_addresses_are_refused_with_the_forms(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "nonsense",         "unix:",           "redis://",
        "redis://:6379",    "redis://host:",   "redis://host:70000",
        "redis://host/one", "redis://[::1]x",  "/run/redis.sock",
        "sentinel://",      "sentinel://a",    "sentinel://a/",
        "sentinel://a,/m",  "sentinel://,a/m", "sentinel://a:x/m",
        "sentinel://a/m/x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        assert_int_not_equal(checked(bad[i], NULL, NULL, &error), STATUS_OK);
        assert_non_null(strstr(error.text, "redis.url: "));
    }
}

static void
a_login_in_the_address_is_refused_and_not_repeated(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "redis://user:hidden@host",   "redis://:hidden@host",
        "redis://hidden@host",        "rediss://user:hidden@host/2",
        "sentinel://user:hidden@a/m",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        assert_int_not_equal(checked(bad[i], NULL, NULL, &error), STATUS_OK);
        assert_null(strstr(error.text, "hidden"));
    }
}

static void
options_are_checked_together(void **state)
{
    (void)state;
    static const char tls[] = "rediss://host";
    static const char six[] = "sentinel://a/m";
    static const struct {
        const char *url;
        const char *name;
        const char *value;
        const char *reason;
    } bad[] = {
        {tls, "redis.user", "ann", "a user needs a password"},
        {tls, "redis.password_file", "/nonexistent/file", "redis.password_file"},
        {tls, "redis.cert_file", "/dev/null", "belong together"},
        {tls, "redis.sentinel_password_file", "/dev/null", "are for Sentinels"},
        {six, "redis.ca_file", "/dev/null", "are for TLS"},
        {six, "redis.sentinel_user", "ann", "a user needs a password"},
        {tls, "redis.db", "many", "redis.db"},
        {tls, "redis.prefix", "", "redis.prefix"},
        {tls, "windows", "5m", "KEY=VALUE"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        assert_int_not_equal(checked(bad[i].url, bad[i].name, bad[i].value, &error),
                             STATUS_OK);
        assert_non_null(strstr(error.text, bad[i].reason));
    }
    struct error error = {0};
    assert_int_equal(checked(six, "redis.db", "7", &error), STATUS_OK);
    assert_int_equal(checked(tls, "redis.ca_file", "/dev/null", &error), STATUS_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_of_the_daemon_is_accepted),
        cmocka_unit_test(other_addresses_are_refused_with_the_forms),
        cmocka_unit_test(a_login_in_the_address_is_refused_and_not_repeated),
        cmocka_unit_test(options_are_checked_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
