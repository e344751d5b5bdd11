#include "sinks/api/api_cache.h"

#include <stdlib.h>
#include <string.h>

static void
drop(struct api_cache *cache, struct api_cache_row *row)
{
    if (row->bytes != NULL) {
        cache->bytes -= row->key + row->body;
        free(row->bytes);
        *row = (struct api_cache_row){0};
    }
}

void
api_cache_fini(struct api_cache *cache)
{
    for (size_t i = 0; i < API_CACHE_ROWS; i++) {
        drop(cache, &cache->rows[i]);
    }
}

struct slice
api_cache_find(const struct api_cache *cache, uint64_t number, struct slice key)
{
    for (size_t i = 0; i < API_CACHE_ROWS && cache->number == number; i++) {
        const struct api_cache_row *row = &cache->rows[i];
        if (row->bytes != NULL &&
            slice_equal((struct slice){row->bytes, row->key}, key)) {
            return (struct slice){row->bytes + row->key, row->body};
        }
    }
    return SLICE_NONE;
}

void
api_cache_put(struct api_cache *cache, uint64_t number, struct slice key,
              struct slice body)
{
    if (cache->number != number) {
        api_cache_fini(cache);
        cache->number = number;
    }
    size_t size = key.len + body.len;
    if (key.len > API_CACHE_KEY_MAX || size > API_CACHE_BYTES) {
        return;
    }
    drop(cache, &cache->rows[cache->next]);
    for (size_t i = 1; cache->bytes > API_CACHE_BYTES - size; i++) {
        drop(cache, &cache->rows[(cache->next + i) % API_CACHE_ROWS]);
    }
    char *bytes = malloc(size + 1);
    if (bytes == NULL) {
        return;
    }
    memcpy(bytes, key.ptr, key.len);
    memcpy(bytes + key.len, body.ptr, body.len);
    cache->rows[cache->next] = (struct api_cache_row){bytes, key.len, body.len};
    cache->bytes += size;
    cache->next = (cache->next + 1) % API_CACHE_ROWS;
}
