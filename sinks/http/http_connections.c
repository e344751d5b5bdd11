#include "sinks/http/http_connections.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

static void
network_of(const struct sockaddr *address, unsigned char network[HTTP_NETWORK_BYTES])
{
    memset(network, 0, HTTP_NETWORK_BYTES);
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six =
            (const struct sockaddr_in6 *)(const void *)address;
        const unsigned char *bytes = six->sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
            memcpy(network + 4, bytes + 12, 4);
        } else {
            memcpy(network, bytes, HTTP_NETWORK_BYTES);
        }
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four =
            (const struct sockaddr_in *)(const void *)address;
        memcpy(network + 4, &four->sin_addr, 4);
    }
}

static bool
is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four =
            (const struct sockaddr_in *)(const void *)address;
        return (ntohl(four->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static bool
is_taken(const struct http_place *place, bool is_feed)
{
    return place->order != 0 && place->is_feed == is_feed;
}

static bool
is_of(const struct http_place *place, bool is_feed, const unsigned char *network)
{
    return is_taken(place, is_feed) &&
           memcmp(place->network, network, HTTP_NETWORK_BYTES) == 0;
}

static size_t
count_of(const struct http_connections *connections, bool is_feed,
         const unsigned char *network)
{
    size_t count = 0;
    for (size_t i = 0; i < HTTP_PLACES_MAX; i++) {
        count += is_of(&connections->places[i], is_feed, network);
    }
    return count;
}

// network: NULL for any.
static bool
oldest_of(const struct http_connections *connections, bool is_feed,
          const unsigned char *network, size_t *ret_place)
{
    size_t oldest = HTTP_PLACES_MAX;
    for (size_t i = 0; i < HTTP_PLACES_MAX; i++) {
        const struct http_place *place = &connections->places[i];
        bool is_candidate =
            network != NULL ? is_of(place, is_feed, network) : is_taken(place, is_feed);
        if (is_candidate && (oldest == HTTP_PLACES_MAX ||
                             place->order < connections->places[oldest].order)) {
            oldest = i;
        }
    }
    if (oldest == HTTP_PLACES_MAX) {
        return false;
    }
    *ret_place = oldest;
    return true;
}

bool
http_connections_crowded(const struct http_connections *connections,
                         const struct sockaddr *address, size_t *ret_place)
{
    unsigned char network[HTTP_NETWORK_BYTES];
    network_of(address, network);
    if (count_of(connections, false, network) >= HTTP_ADDRESS_MAX) {
        return oldest_of(connections, false, network, ret_place);
    }
    const unsigned char *most = NULL;
    size_t most_count = 0;
    size_t taken = 0;
    for (size_t i = 0; i < HTTP_PLACES_MAX; i++) {
        taken += is_taken(&connections->places[i], false);
    }
    for (size_t i = 0; i < HTTP_PLACES_MAX && taken >= HTTP_CONNECTIONS_MAX; i++) {
        const struct http_place *place = &connections->places[i];
        size_t count =
            is_taken(place, false) ? count_of(connections, false, place->network) : 0;
        if (count > most_count) {
            most = place->network;
            most_count = count;
        }
    }
    return most != NULL && oldest_of(connections, false, most, ret_place);
}

size_t
http_connections_enter(struct http_connections *connections,
                       const struct sockaddr *address, int fd)
{
    size_t i = 0;
    while (i < HTTP_PLACES_MAX && connections->places[i].order != 0) {
        i++;
    }
    assert(i < HTTP_PLACES_MAX);
    connections->places[i].is_loopback = is_loopback(address);
    network_of(address, connections->places[i].network);
    connections->places[i].fd = fd;
    http_connections_renew(connections, i);
    return i;
}

static void
end_feed(struct http_connections *connections, size_t place)
{
    connections->feeds -= connections->places[place].is_feed;
    connections->places[place].is_feed = false;
}

bool
http_connections_feed(struct http_connections *connections, size_t place)
{
    struct http_place *row = &connections->places[place];
    size_t most = row->is_loopback ? HTTP_FEEDS_MAX : HTTP_ADDRESS_FEEDS_MAX;
    if (connections->feeds >= HTTP_FEEDS_MAX ||
        count_of(connections, true, row->network) >= most) {
        return false;
    }
    row->is_feed = true;
    connections->feeds++;
    return true;
}

void
http_connections_renew(struct http_connections *connections, size_t place)
{
    end_feed(connections, place);
    connections->places[place].order = ++connections->order;
}

void
http_connections_leave(struct http_connections *connections, size_t place)
{
    end_feed(connections, place);
    connections->places[place] = (struct http_place){.fd = -1};
}

bool
http_connections_oldest(const struct http_connections *connections, size_t *ret_place)
{
    return oldest_of(connections, false, NULL, ret_place) ||
           oldest_of(connections, true, NULL, ret_place);
}
