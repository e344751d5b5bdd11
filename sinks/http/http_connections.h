// Who has a connection to the HTTP server, and which one ends when another one needs
// its place. Pure: knows no socket and no clock.
//
// A new connection always gets a place. An address that has HTTP_ADDRESS_MAX of them,
// or else, when all HTTP_CONNECTIONS_MAX are taken, the address that has most, loses
// the one whose request began first. So clients that never finish a request push out
// only one another, and a request that comes with its connection, as that of a health
// check, is answered however many there are. IPv6 addresses count by their network
// (/64).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { HTTP_CONNECTIONS_MAX = 64, HTTP_ADDRESS_MAX = 48, HTTP_NETWORK_BYTES = 8 };

struct http_place {
    unsigned char network[HTTP_NETWORK_BYTES];
    uint64_t order; // of the beginning of its request; 0: nobody has this place
    int fd;         // the caller's
};

// Zeroed: nobody is connected.
struct http_connections {
    struct http_place places[HTTP_CONNECTIONS_MAX];
    uint64_t order;
};

// The place that has to be left before a connection from `address` may enter. False:
// there is room.
bool http_connections_crowded(const struct http_connections *connections,
                              const struct sockaddr *address, size_t *ret_place);
// Enters; there is room. Returns its place.
size_t http_connections_enter(struct http_connections *connections,
                              const struct sockaddr *address, int fd);
// Its next request begins, or may begin, now.
void http_connections_renew(struct http_connections *connections, size_t place);
void http_connections_leave(struct http_connections *connections, size_t place);
// The one whose request began first, for want of descriptors. False: there is none.
bool http_connections_oldest(const struct http_connections *connections,
                             size_t *ret_place);
