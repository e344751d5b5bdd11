// What `<prefix>snap` contains about the snapshot in Redis. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum {
    REDIS_CHUNKS_MAX = 1 << 20,
    REDIS_CHUNK_BYTES = 1 << 19, // of each part, but the last
    REDIS_MANIFEST_TEXT = 72,
    REDIS_MANIFEST_NUMBERS = 8,
    REDIS_MANIFEST_TEXTS = 3,
};

struct redis_manifest {
    char format[REDIS_MANIFEST_TEXT];
    char version[REDIS_MANIFEST_TEXT]; // of the program that made it
    char sha256[REDIS_MANIFEST_TEXT];
    uint64_t first;  // number of the first chunk
    uint64_t chunks; // 0: there is no snapshot
    uint64_t bytes;
    uint64_t epoch; // at which its worker had taken over
    uint64_t run;   // of the last entry that it contains, with its number
    uint64_t number;
    uint64_t from;  // no chunks before it exist
    uint64_t until; // nor from it on
};

// Takes a field; unknown ones are ignored. False: the value is none of that field.
bool redis_manifest_take(struct redis_manifest *manifest, struct slice name,
                         struct slice value) MUST_USE;
// Whether the fields fit one another, with chunks.
bool redis_manifest_is_whole(const struct redis_manifest *manifest);

// The field number `index`, as written; false: there are no more.
bool redis_manifest_field(const struct redis_manifest *manifest, size_t index,
                          struct slice *ret_name, char value[REDIS_MANIFEST_TEXT]);

// True if `one` is of a later worker than `other`, or of the same and contains more.
bool redis_manifest_is_newer(const struct redis_manifest *one,
                             const struct redis_manifest *other);
