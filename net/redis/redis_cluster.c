#include "net/redis/redis_cluster.h"

#include <stdio.h>
#include <string.h>

bool
redis_cluster_has_tag(const char *prefix)
{
    const char *open = strchr(prefix, '{');
    const char *close = open != NULL ? strchr(open, '}') : NULL;
    return close != NULL && close > open + 1;
}

const char *
redis_cluster_key(const char *prefix, char key[REDIS_CLUSTER_KEY_MAX])
{
    (void)snprintf(key, REDIS_CLUSTER_KEY_MAX, "%.*sepoch", OPTION_TEXT_MAX - 1,
                   prefix);
    return key;
}

// The text behind the last `wanted`; none if there is none.
static struct slice
after_last(struct slice text, char wanted)
{
    for (size_t i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] == wanted) {
            return (struct slice){text.ptr + i, text.len - i};
        }
    }
    return SLICE_NONE;
}

bool
redis_cluster_moved(struct slice reply, const struct redis_url *asked,
                    struct redis_url *ret_node)
{
    struct redis_url node;
    if (!slice_starts(reply, SLICE_LIT("MOVED "))) {
        return false;
    }
    struct slice address = after_last(reply, ' ');
    struct slice port = after_last(address, ':'); // an IPv6 address has no brackets
    if (slice_is_none(port)) {
        return false;
    }
    struct slice host = {address.ptr, address.len - port.len - 1};
    if (host.len == 0) {
        host = slice_of(asked->host);
    }
    if (redis_url_of_host(host, port, &node) != STATUS_OK) {
        return false;
    }
    node.kind = asked->kind;
    *ret_node = node;
    return true;
}
