// The class of an IP address: public, this machine, or reachable from this network
// only. Pure.
//
// Decided by the address itself; one that contains an IPv4 address (v4-mapped, NAT64,
// 6to4) has the class of that. Sources: the special-purpose registries of RFC 6890 and
// its successors.
#pragma once

#include <stdbool.h>

struct sockaddr;

enum address_class {
    ADDRESS_PUBLIC,
    ADDRESS_LOOPBACK,
    ADDRESS_PRIVATE, // private, link-local, shared (CGNAT), multicast, reserved …; also
                     // whatever is no IP address
};

enum address_rule { ADDRESS_RULE_PUBLIC, ADDRESS_RULE_LOOPBACK, ADDRESS_RULE_ANY };

// Borrows address, which must be as long as its family requires.
enum address_class address_class(const struct sockaddr *address);

bool address_is_allowed(const struct sockaddr *address, enum address_rule rule);
