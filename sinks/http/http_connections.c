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
is_of(const struct http_place *place, const unsigned char *network)
{
    return place->order != 0 &&
           memcmp(place->network, network, HTTP_NETWORK_BYTES) == 0;
}

static size_t
count_of(const struct http_connections *connections, const unsigned char *network)
{
    size_t count = 0;
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        count += is_of(&connections->places[i], network);
    }
    return count;
}

// network: NULL for any.
static bool
oldest_of(const struct http_connections *connections, const unsigned char *network,
          size_t *ret_place)
{
    size_t oldest = HTTP_CONNECTIONS_MAX;
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        const struct http_place *place = &connections->places[i];
        bool is_candidate = network != NULL ? is_of(place, network) : place->order != 0;
        if (is_candidate && (oldest == HTTP_CONNECTIONS_MAX ||
                             place->order < connections->places[oldest].order)) {
            oldest = i;
        }
    }
    if (oldest == HTTP_CONNECTIONS_MAX) {
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
    if (count_of(connections, network) >= HTTP_ADDRESS_MAX) {
        return oldest_of(connections, network, ret_place);
    }
    const unsigned char *most = NULL;
    size_t most_count = 0;
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        const struct http_place *place = &connections->places[i];
        if (place->order == 0) {
            return false;
        }
        size_t count = count_of(connections, place->network);
        if (count > most_count) {
            most = place->network;
            most_count = count;
        }
    }
    return oldest_of(connections, most, ret_place);
}

size_t
http_connections_enter(struct http_connections *connections,
                       const struct sockaddr *address, int fd)
{
    size_t i = 0;
    while (i < HTTP_CONNECTIONS_MAX && connections->places[i].order != 0) {
        i++;
    }
    assert(i < HTTP_CONNECTIONS_MAX);
    network_of(address, connections->places[i].network);
    connections->places[i].fd = fd;
    http_connections_renew(connections, i);
    return i;
}

void
http_connections_renew(struct http_connections *connections, size_t place)
{
    connections->places[place].order = ++connections->order;
}

void
http_connections_leave(struct http_connections *connections, size_t place)
{
    connections->places[place] = (struct http_place){.fd = -1};
}

bool
http_connections_oldest(const struct http_connections *connections, size_t *ret_place)
{
    return oldest_of(connections, NULL, ret_place);
}
