#include "sinks/http/http_host.h"

#include <arpa/inet.h>
#include <string.h>

static bool
is_port(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

// Without the port. None: what is behind the colon is no port.
static struct slice
name_of(struct slice host)
{
    bool is_bracketed = host.len != 0 && host.ptr[0] == '[';
    const char *end = is_bracketed ? memchr(host.ptr, ']', host.len)
                                   : memchr(host.ptr, ':', host.len);
    if (end == NULL) {
        return is_bracketed ? SLICE_NONE : host;
    }
    size_t len = (size_t)(end - host.ptr) + is_bracketed;
    struct slice rest = {host.ptr + len, host.len - len};
    bool is_good =
        rest.len == 0 ||
        (rest.ptr[0] == ':' && is_port((struct slice){rest.ptr + 1, rest.len - 1}));
    return is_good ? (struct slice){host.ptr, len} : SLICE_NONE;
}

static bool
is_address(struct slice name)
{
    char text[INET6_ADDRSTRLEN + 1];
    unsigned char bytes[sizeof(struct in6_addr)];
    bool is_six = name.len > 2 && name.ptr[0] == '[';
    struct slice inner = is_six ? (struct slice){name.ptr + 1, name.len - 2} : name;
    if (inner.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, inner.ptr, inner.len);
    text[inner.len] = '\0';
    return inet_pton(is_six ? AF_INET6 : AF_INET, text, bytes) == 1;
}

bool
http_host_is_own(const struct http_options *options, bool is_loopback,
                 struct slice host)
{
    static const struct slice own[] = {
        {"localhost", 9}, {"127.0.0.1", 9}, {"[::1]", 5}};
    struct slice name = name_of(host);
    if (slice_is_none(name) || name.len == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (slice_equal_nocase(name, own[i])) {
            return true;
        }
    }
    const char *item = NULL;
    while ((item = option_texts_next(&options->hosts, item)) != NULL) {
        if (slice_equal_nocase(name, slice_of(item))) {
            return true;
        }
    }
    return is_loopback ? slice_equal_nocase(name, name_of(slice_of(options->listen)))
                       : is_address(name);
}
