// Which addresses lead out into the world.
#include "net/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static enum address_class
class_of(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        return address_class((const struct sockaddr *)&four);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return address_class((const struct sockaddr *)&six);
}

static void
check(enum address_class wanted, const char *const *texts)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        if (class_of(texts[i]) != wanted) {
            fail_msg("%s is taken for class %d", texts[i], (int)class_of(texts[i]));
        }
    }
}

static void
addresses_of_the_world_are_public(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1.1.1.1",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",     "126.255.255.255",  "128.0.0.0",       "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",   "172.32.0.0",      "192.0.1.0",
        "192.167.255.255", "192.169.0.0",      "198.17.255.255",  "198.20.0.0",
        "223.255.255.255", "2606:4700::1111",  "2a00:1450::1",    "2001:4860::8888",
        "::ffff:8.8.8.8",  "64:ff9b::808:808", "2002:808:808::1", NULL};
    check(ADDRESS_PUBLIC, texts);
}

static void
this_machine_is_loopback_however_it_is_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "127.0.0.1",       "127.255.255.254", "::1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::1",  NULL};
    check(ADDRESS_LOOPBACK, texts);
}

static void
everything_else_is_private(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.0.0.0",
                                        "0.1.2.3",
                                        "10.0.0.1",
                                        "100.64.0.1",
                                        "100.127.255.255",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.0.0.8",
                                        "192.0.2.1",
                                        "192.88.99.1",
                                        "192.168.1.1",
                                        "198.18.0.1",
                                        "198.19.255.255",
                                        "198.51.100.7",
                                        "203.0.113.9",
                                        "224.0.0.1",
                                        "239.1.2.3",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::2",
                                        "::7f00:1",
                                        "fe80::1",
                                        "fec0::1",
                                        "fc00::1",
                                        "fd12::1",
                                        "ff02::1",
                                        "2001::1",
                                        "2001:1ff::1",
                                        "2001:db8::1",
                                        "3fff::1",
                                        "4000::1",
                                        "100::1",
                                        "64:ff9b:1::1",
                                        "::ffff:10.0.0.1",
                                        "::ffff:169.254.169.254",
                                        "64:ff9b::a9fe:a9fe",
                                        "2002:a00:1::1",
                                        "2002:c0a8:101::1",
                                        NULL};
    check(ADDRESS_PRIVATE, texts);
}

static void
a_unix_socket_is_nowhere_in_the_world(void **state)
{
    (void)state;
    const struct sockaddr_un path = {.sun_family = AF_UNIX};
    const struct sockaddr *address = (const struct sockaddr *)&path;
    assert_int_equal(address_class(address), ADDRESS_PRIVATE);
    assert_false(address_is_allowed(address, ADDRESS_RULE_PUBLIC));
    assert_false(address_is_allowed(address, ADDRESS_RULE_LOOPBACK));
    assert_true(address_is_allowed(address, ADDRESS_RULE_ANY));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_the_world_are_public),
        cmocka_unit_test(this_machine_is_loopback_however_it_is_written),
        cmocka_unit_test(everything_else_is_private),
        cmocka_unit_test(a_unix_socket_is_nowhere_in_the_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
