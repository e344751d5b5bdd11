// How cascadectl reads the address of a Redis.
#include "ctl/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct client_address
parsed(const char *url)
{
    struct client_address address = {0};
    struct error error = {0};
    assert_int_equal(client_parse_url(url, &address, &error), STATUS_OK);
    return address;
}

static void
a_socket_path_is_taken_as_it_is(void **state)
{
    (void)state;
    assert_string_equal(parsed("unix:/run/redis.sock").path, "/run/redis.sock");
    assert_string_equal(parsed("unix:///run/redis.sock").path, "/run/redis.sock");
}

static void
host_port_and_database_are_separated(void **state)
{
    (void)state;
    struct client_address address = parsed("redis://localhost:6380/3");
    assert_string_equal(address.host, "localhost");
    assert_string_equal(address.path, "");
    assert_int_equal(address.port, 6380);
    assert_int_equal(address.database, 3);
    address = parsed("redis://[::1]:7000");
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 7000);
    address = parsed("redis://redis.example/");
    assert_string_equal(address.host, "redis.example");
    assert_int_equal(address.port, 6379);
    assert_int_equal(address.database, 0);
    assert_string_equal(parsed("redis://[::1]").host, "::1");
}

static void
sentinels_and_the_name_of_their_master_are_read(void **state)
{
    (void)state;
    struct client_address address = parsed("sentinel://a:5000,[::1],c/main/3");
    assert_string_equal(address.sentinels, "a:5000,[::1],c");
    assert_string_equal(address.name, "main");
    assert_string_equal(address.path, "");
    assert_int_equal(address.database, 3);
    address = parsed("sentinel://a/m");
    assert_string_equal(address.name, "m");
    assert_int_equal(address.port, 26379);
    assert_int_equal(address.database, 0);
    assert_string_equal(parsed("redis://a").name, "");
}

static void
anything_else_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "unix:",
        "redis://",
        "redis://:6379",
        "redis://host:",
        "redis://host:70000",
        "redis://host:12x",
        "redis://host/one",
        "redis://host/-1",
        "redis://[::1]x",
        "rediss://host",
        "/run/redis.sock",
        "redis://user:secret@host",
        "sentinel://",
        "sentinel://a",
        "sentinel://a/",
        "sentinel:///m",
        "sentinel://a,/m",
        "sentinel://,a/m",
        "sentinel://a,,b/m",
        "sentinel://a:x/m",
        "sentinel://a/m/x",
        "sentinel://user:secret@a/m",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct client_address address = {.port = 1};
        struct error error = {0};
        assert_int_equal(client_parse_url(bad[i], &address, &error), STATUS_PARSE);
        assert_int_equal(address.port, 1);
        assert_int_not_equal(error.text[0], '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_path_is_taken_as_it_is),
        cmocka_unit_test(host_port_and_database_are_separated),
        cmocka_unit_test(sentinels_and_the_name_of_their_master_are_read),
        cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
