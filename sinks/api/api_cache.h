// Answers that were given since the last flush, by their request. Pure.
//
// Keeps at most API_CACHE_ROWS answers and API_CACHE_BYTES bytes; the oldest
// are dropped.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { API_CACHE_ROWS = 32, API_CACHE_BYTES = 8 << 20, API_CACHE_KEY_MAX = 512 };

struct api_cache_row {
    char *bytes; // key, then body; NULL: free
    size_t key;
    size_t body;
};

// Zeroed: empty.
struct api_cache {
    uint64_t number; // the flush whose answers these are
    struct api_cache_row rows[API_CACHE_ROWS];
    size_t next; // to be replaced
    size_t bytes;
};

void api_cache_fini(struct api_cache *cache);
// None if it is not kept. Valid until the next call.
struct slice api_cache_find(const struct api_cache *cache, uint64_t number,
                            struct slice key);
// Drops the answers of another flush. Copies both; keeps nothing without memory.
void api_cache_put(struct api_cache *cache, uint64_t number, struct slice key,
                   struct slice body);
