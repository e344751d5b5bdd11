// A snapshot kept in memory. Include after cmocka.h.
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/snapshot.h"

enum { KEPT_MOST = 64 << 20 };

struct kept {
    char *bytes; // of KEPT_MOST, to be freed
    size_t size;
    size_t at;
    size_t limit; // further writes fail
};

static inline bool
kept_write(void *context, void *bytes, size_t size)
{
    struct kept *kept = context;
    if (kept->limit - kept->size < size) {
        return false;
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

static inline struct kept
kept_save(struct pipeline *pipeline)
{
    struct kept kept = {.bytes = malloc(KEPT_MOST), .limit = KEPT_MOST};
    assert_non_null(kept.bytes);
    assert_int_equal(pipeline_save(pipeline, kept_write, &kept), STATUS_OK);
    return kept;
}

// Into a fresh one; nothing is left over.
static inline void
kept_load(struct kept *kept, struct pipeline *pipeline)
{
    assert_int_equal(pipeline_load(pipeline, kept_read, kept, NULL), STATUS_OK);
    assert_int_equal(kept->at, kept->size);
    free(kept->bytes);
}
