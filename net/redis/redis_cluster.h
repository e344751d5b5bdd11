// What a client of a Redis Cluster has to know about keys and redirections.
//
// Pure. Source: the Redis Cluster specification.
#pragma once

#include <stdbool.h>

#include "base/option.h"
#include "base/slice.h"
#include "net/redis/redis_url.h"

// So many nodes in a row may name another one as the owner of a slot.
enum { REDIS_CLUSTER_REDIRECTS_MAX = 5, REDIS_CLUSTER_KEY_MAX = OPTION_TEXT_MAX + 8 };

// True if all keys with this prefix are in one slot: it has a hash tag, "{…}" with
// something between.
bool redis_cluster_has_tag(const char *prefix);

// A key in the slot of the prefix, whose owner a GET shows. Returns key.
const char *redis_cluster_key(const char *prefix, char key[REDIS_CLUSTER_KEY_MAX]);

// The node that owns the slot, of a reply such as "MOVED 3999 127.0.0.1:6381" (without
// "-"). asked: the node that sent it, whose host is meant if the reply has none. The
// kind is that of asked. On failure *ret_node is untouched. ret_node may be asked.
bool redis_cluster_moved(struct slice reply, const struct redis_url *asked,
                         struct redis_url *ret_node);
