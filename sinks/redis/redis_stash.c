#include "sinks/redis/redis_stash.h"

#include <string.h>

enum { STASH_LIMIT = 1 << 28 };

void
redis_stash_init(struct redis_stash *stash)
{
    *stash = (struct redis_stash){.taken = 0};
    buffer_init(&stash->text, STASH_LIMIT);
    buffer_init(&stash->sizes, STASH_LIMIT);
}

void
redis_stash_fini(struct redis_stash *stash)
{
    buffer_fini(&stash->sizes);
    buffer_fini(&stash->text);
}

static size_t
count_of(const struct redis_stash *stash)
{
    return stash->sizes.size / sizeof(size_t);
}

static size_t
size_at(const struct redis_stash *stash, size_t index)
{
    size_t size;
    memcpy(&size, stash->sizes.bytes + index * sizeof(size), sizeof(size));
    return size;
}

bool
redis_stash_has_room(const struct redis_stash *stash)
{
    return count_of(stash) < REDIS_STASH_ALERTS && stash->text.size < REDIS_STASH_BYTES;
}

void
redis_stash_add(struct redis_stash *stash, struct slice text)
{
    size_t size = text.len;
    buffer_append(&stash->text, text);
    if (!stash->text.is_failed) {
        buffer_append(&stash->sizes, (struct slice){(char *)&size, sizeof(size)});
    }
}

struct slice
redis_stash_take(struct redis_stash *stash)
{
    if (stash->taken == count_of(stash)) {
        return SLICE_NONE;
    }
    struct slice text = {stash->text.bytes + stash->taken_bytes,
                         size_at(stash, stash->taken)};
    stash->taken++;
    stash->taken_bytes += text.len;
    return text;
}

void
redis_stash_written(struct redis_stash *stash, size_t count)
{
    size_t bytes = 0;
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bytes += size_at(stash, i);
    }
    buffer_drop_first(&stash->text, bytes);
    buffer_drop_first(&stash->sizes, count * sizeof(size_t));
    stash->taken -= count;
    stash->taken_bytes -= bytes;
}

void
redis_stash_lost(struct redis_stash *stash)
{
    stash->taken = 0;
    stash->taken_bytes = 0;
}
