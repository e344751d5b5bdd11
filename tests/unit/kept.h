// A snapshot kept in memory.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/snapshot.h"

struct kept {
    char *bytes; // to be freed
    size_t size;
    size_t room;
    size_t at;    // what is read next
    size_t limit; // further writes fail
};

static inline bool
kept_write(void *context, void *bytes, size_t size)
{
    struct kept *kept = context;
    if (kept->limit - kept->size < size) {
        return false;
    }
    while (kept->room - kept->size < size) {
        kept->room = 2 * kept->room + 65536;
        kept->bytes = realloc(kept->bytes, kept->room);
        if (kept->bytes == NULL) {
            return false;
        }
    }
    memcpy(kept->bytes + kept->size, bytes, size);
    kept->size += size;
    return true;
}

static inline bool
kept_read(void *context, void *bytes, size_t size)
{
    struct kept *kept = context;
    if (kept->size - kept->at < size) {
        return false;
    }
    memcpy(bytes, kept->bytes + kept->at, size);
    kept->at += size;
    return true;
}

// False, like kept_load, if that fails.
static inline bool
kept_save(struct kept *ret_kept, struct pipeline *pipeline)
{
    *ret_kept = (struct kept){.limit = SIZE_MAX};
    return snapshot_save(pipeline, kept_write, ret_kept) == STATUS_OK;
}

// Into a fresh one; nothing may be left over. Frees what was kept.
static inline bool
kept_load(struct kept *kept, struct pipeline *pipeline, struct error *error)
{
    bool is_good = snapshot_load(pipeline, kept_read, kept, error) == STATUS_OK &&
                   kept->at == kept->size;
    free(kept->bytes);
    return is_good;
}
