#include "sinks/http/http_connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const struct sockaddr *
address(const char *text)
{
    static struct sockaddr_storage storage;
    memset(&storage, 0, sizeof(storage));
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&storage;
    if (strchr(text, ':') != NULL) {
        six->sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
    } else {
        four->sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
    }
    return (const struct sockaddr *)(const void *)&storage;
}

static void
fill(struct http_connections *connections, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)http_connections_enter(connections, address(text), (int)i);
    }
}

static void
an_address_at_its_limit_loses_its_own_oldest(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place;
    fill(&connections, "192.0.2.1", 1);
    fill(&connections, "192.0.2.2", HTTP_ADDRESS_MAX - 1);
    assert_false(http_connections_crowded(&connections, address("192.0.2.2"), &place));
    fill(&connections, "192.0.2.2", 1);
    assert_true(http_connections_crowded(&connections, address("192.0.2.2"), &place));
    assert_int_equal(place, 1);
    assert_false(http_connections_crowded(&connections, address("192.0.2.1"), &place));
}

static void
when_all_places_are_taken_the_address_with_most_loses_one(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place;
    fill(&connections, "192.0.2.1", 5);
    fill(&connections, "192.0.2.2", 40);
    fill(&connections, "192.0.2.3", HTTP_CONNECTIONS_MAX - 45);
    assert_true(http_connections_crowded(&connections, address("192.0.2.1"), &place));
    assert_int_equal(place, 5);
    http_connections_renew(&connections, 5);
    assert_true(http_connections_crowded(&connections, address("192.0.2.9"), &place));
    assert_int_equal(place, 6);
    http_connections_leave(&connections, 6);
    assert_false(http_connections_crowded(&connections, address("192.0.2.1"), &place));
    assert_int_equal(http_connections_enter(&connections, address("192.0.2.1"), 9), 6);
}

static void
a_network_of_ipv6_is_one_address(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place;
    fill(&connections, "2001:db8::1", HTTP_ADDRESS_MAX / 2);
    fill(&connections, "2001:db8::2:1", HTTP_ADDRESS_MAX / 2);
    assert_true(http_connections_crowded(&connections, address("2001:db8::3"), &place));
    assert_false(
        http_connections_crowded(&connections, address("2001:db8:0:1::1"), &place));
    assert_false(
        http_connections_crowded(&connections, address("32.1.13.184"), &place));
}

static void
the_oldest_of_all_is_found(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place;
    assert_false(http_connections_oldest(&connections, &place));
    fill(&connections, "192.0.2.1", 3);
    http_connections_renew(&connections, 0);
    assert_true(http_connections_oldest(&connections, &place));
    assert_int_equal(place, 1);
}

// Connections of that address that become feeds; returns how many could.
static size_t
feed(struct http_connections *connections, const char *text, size_t count)
{
    size_t fed = 0;
    for (size_t i = 0; i < count; i++) {
        size_t place = http_connections_enter(connections, address(text), 0);
        if (http_connections_feed(connections, place)) {
            fed++;
        } else {
            http_connections_leave(connections, place);
        }
    }
    return fed;
}

static void
feeds_take_no_places_of_requests(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place;
    assert_int_equal(feed(&connections, "127.0.0.1", HTTP_FEEDS_MAX + 1),
                     HTTP_FEEDS_MAX);
    assert_false(http_connections_crowded(&connections, address("127.0.0.1"), &place));
    fill(&connections, "127.0.0.1", HTTP_ADDRESS_MAX);
    assert_true(http_connections_crowded(&connections, address("127.0.0.1"), &place));
    assert_false(connections.places[place].is_feed);
    fill(&connections, "192.0.2.1", HTTP_CONNECTIONS_MAX - HTTP_ADDRESS_MAX);
    assert_true(http_connections_crowded(&connections, address("192.0.2.2"), &place));
    assert_false(connections.places[place].is_feed);
}

static void
one_address_cannot_take_all_feeds_but_loopback(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    assert_int_equal(feed(&connections, "192.0.2.1", HTTP_FEEDS_MAX),
                     HTTP_ADDRESS_FEEDS_MAX);
    assert_int_equal(feed(&connections, "2001:db8::1", HTTP_FEEDS_MAX),
                     HTTP_ADDRESS_FEEDS_MAX);
    assert_int_equal(feed(&connections, "::1", HTTP_FEEDS_MAX),
                     HTTP_FEEDS_MAX - 2 * HTTP_ADDRESS_FEEDS_MAX);
}

static void
a_feed_that_ends_leaves_its_place(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place = http_connections_enter(&connections, address("192.0.2.1"), 0);
    assert_true(http_connections_feed(&connections, place));
    http_connections_renew(&connections, place);
    assert_int_equal(connections.feeds, 0);
    assert_true(http_connections_feed(&connections, place));
    http_connections_leave(&connections, place);
    assert_int_equal(connections.feeds, 0);
}

static void
a_feed_is_closed_only_if_there_is_nothing_else(void **state)
{
    (void)state;
    struct http_connections connections = {0};
    size_t place;
    size_t first = http_connections_enter(&connections, address("192.0.2.1"), 0);
    assert_true(http_connections_feed(&connections, first));
    size_t second = http_connections_enter(&connections, address("192.0.2.1"), 0);
    assert_true(http_connections_oldest(&connections, &place));
    assert_int_equal(place, second);
    http_connections_leave(&connections, second);
    assert_true(http_connections_oldest(&connections, &place));
    assert_int_equal(place, first);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_at_its_limit_loses_its_own_oldest),
        cmocka_unit_test(when_all_places_are_taken_the_address_with_most_loses_one),
        cmocka_unit_test(a_network_of_ipv6_is_one_address),
        cmocka_unit_test(the_oldest_of_all_is_found),
        cmocka_unit_test(feeds_take_no_places_of_requests),
        cmocka_unit_test(one_address_cannot_take_all_feeds_but_loopback),
        cmocka_unit_test(a_feed_that_ends_leaves_its_place),
        cmocka_unit_test(a_feed_is_closed_only_if_there_is_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
