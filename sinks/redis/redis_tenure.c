#include "sinks/redis/redis_tenure.h"

#include <stdio.h>

#include "net/redis/redis_tls.h"
#include "sinks/redis/redis_inside.h"

bool
redis_tenure_name(char token[REDIS_TOKEN_TEXT])
{
    unsigned char bytes[REDIS_TOKEN_BYTES];
    if (!redis_tls_random(bytes, sizeof(bytes))) {
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(token + 2 * i, 3, "%02x", (unsigned)bytes[i]);
    }
    return true;
}

uint64_t
redis_tenure_epoch(const struct redis_sink *sink)
{
    return sink->fence.epoch;
}
