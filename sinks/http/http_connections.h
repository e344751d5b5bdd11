// Assigns the places of connections to the HTTP server, and decides which one is closed
// when another one needs its place. Pure: uses no socket and no clock.
//
// A new connection always gets a place. If its address has HTTP_ADDRESS_MAX of them, or
// else, if all HTTP_CONNECTIONS_MAX are taken, the address with the most connections
// loses the one whose request began first. Clients that never finish a request
// therefore push out only one another, and a request that arrives together with its
// connection, such as a health check, is answered at any load. IPv6 addresses count by
// their network (/64).
//
// A connection that has become a feed has places of its own: HTTP_FEEDS_MAX in all,
// HTTP_ADDRESS_FEEDS_MAX of one address that is not loopback. It is not closed for
// another connection, except when descriptors are short and there is nothing else.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    HTTP_CONNECTIONS_MAX = 64,
    HTTP_ADDRESS_MAX = 48,
    HTTP_FEEDS_MAX = 256,
    HTTP_ADDRESS_FEEDS_MAX = 64,
    HTTP_PLACES_MAX = HTTP_CONNECTIONS_MAX + HTTP_FEEDS_MAX,
    HTTP_NETWORK_BYTES = 8,
};

struct http_place {
    unsigned char network[HTTP_NETWORK_BYTES];
    uint64_t order; // of the beginning of its request; 0: the place is free
    int fd;         // the caller's
    bool is_feed;
    bool is_loopback;
};

// Zeroed: no connections.
struct http_connections {
    struct http_place places[HTTP_PLACES_MAX];
    uint64_t order;
    size_t feeds;
};

// The place that has to be freed before a connection from `address` may enter. False:
// there is room.
bool http_connections_crowded(const struct http_connections *connections,
                              const struct sockaddr *address, size_t *ret_place);
// Takes a place; there must be room. Returns it.
size_t http_connections_enter(struct http_connections *connections,
                              const struct sockaddr *address, int fd);
// Makes the connection a feed. False: there is no room for another one.
bool http_connections_feed(struct http_connections *connections, size_t place);
// The next request of this connection begins, or may begin, now; it is no feed any
// more.
void http_connections_renew(struct http_connections *connections, size_t place);
void http_connections_leave(struct http_connections *connections, size_t place);
// The connection whose request began first, to be closed if descriptors are short; a
// feed only if all are feeds. False: there is none.
bool http_connections_oldest(const struct http_connections *connections,
                             size_t *ret_place);
