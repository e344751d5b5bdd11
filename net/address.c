#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct net {
    uint32_t base;
    unsigned bits;
};

#define NET(a, b, c, d, bits)                                                          \
    {                                                                                  \
        (uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d), bits                         \
    }

static const struct net special[] = {
    NET(0, 0, 0, 0, 8),      NET(10, 0, 0, 0, 8),      NET(100, 64, 0, 0, 10),
    NET(169, 254, 0, 0, 16), NET(172, 16, 0, 0, 12),   NET(192, 0, 0, 0, 24),
    NET(192, 0, 2, 0, 24),   NET(192, 88, 99, 0, 24),  NET(192, 168, 0, 0, 16),
    NET(198, 18, 0, 0, 15),  NET(198, 51, 100, 0, 24), NET(203, 0, 113, 0, 24),
    NET(224, 0, 0, 0, 3), // multicast, reserved, broadcast
};

static enum address_class
class_of_four(uint32_t address)
{
    if (address >> 24 == 127) {
        return ADDRESS_LOOPBACK;
    }
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if ((address ^ special[i].base) >> (32 - special[i].bits) == 0) {
            return ADDRESS_PRIVATE;
        }
    }
    return ADDRESS_PUBLIC;
}

static uint32_t
four_at(const unsigned char *bytes)
{
    uint32_t address;
    memcpy(&address, bytes, sizeof(address));
    return ntohl(address);
}

static enum address_class
class_of_six(const unsigned char bytes[16])
{
    static const unsigned char zeros[16] = {0};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(bytes, zeros, 15) == 0 && bytes[15] == 1) {
        return ADDRESS_LOOPBACK;
    }
    bool is_mapped =
        memcmp(bytes, zeros, 10) == 0 && bytes[10] == 0xff && bytes[11] == 0xff;
    if (is_mapped || memcmp(bytes, nat64, sizeof(nat64)) == 0) {
        return class_of_four(four_at(bytes + 12));
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { // 6to4
        return class_of_four(four_at(bytes + 2));
    }
    // 2001::/23 is for protocols (Teredo …), 2001:db8::/32 and 3fff::/20 for
    // documentation.
    uint32_t head = four_at(bytes);
    bool is_special = head >> 9 == 0x20010000 >> 9 || head == 0x20010db8 ||
                      head >> 12 == 0x3fff0000 >> 12;
    bool is_global = bytes[0] >> 5 == 1; // 2000::/3
    return is_global && !is_special ? ADDRESS_PUBLIC : ADDRESS_PRIVATE;
}

enum address_class
address_class(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof(four));
        return class_of_four(ntohl(four.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof(six));
        return class_of_six(six.sin6_addr.s6_addr);
    }
    return ADDRESS_PRIVATE;
}

bool
address_is_allowed(const struct sockaddr *address, enum address_rule rule)
{
    switch (rule) {
    case ADDRESS_RULE_PUBLIC:
        return address_class(address) == ADDRESS_PUBLIC;
    case ADDRESS_RULE_LOOPBACK:
        return address_class(address) == ADDRESS_LOOPBACK;
    case ADDRESS_RULE_ANY:
        return true;
    }
    return false;
}
