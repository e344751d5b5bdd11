#include "sinks/redis/redis_manifest.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"

struct field {
    const char *name;
    size_t at;
};

static const struct field texts[REDIS_MANIFEST_TEXTS] = {
    {"format", offsetof(struct redis_manifest, format)},
    {"version", offsetof(struct redis_manifest, version)},
    {"sha256", offsetof(struct redis_manifest, sha256)},
};

static const struct field numbers[REDIS_MANIFEST_NUMBERS] = {
    {"first", offsetof(struct redis_manifest, first)},
    {"chunks", offsetof(struct redis_manifest, chunks)},
    {"bytes", offsetof(struct redis_manifest, bytes)},
    {"epoch", offsetof(struct redis_manifest, epoch)},
    {"run", offsetof(struct redis_manifest, run)},
    {"number", offsetof(struct redis_manifest, number)},
    {"from", offsetof(struct redis_manifest, from)},
    {"until", offsetof(struct redis_manifest, until)},
};

bool
redis_manifest_take(struct redis_manifest *manifest, struct slice name,
                    struct slice value)
{
    for (size_t i = 0; i < REDIS_MANIFEST_TEXTS; i++) {
        if (slice_equal(name, slice_of(texts[i].name))) {
            snprintf((char *)manifest + texts[i].at, REDIS_MANIFEST_TEXT, "%.*s",
                     SLICE_ARG(value));
            return value.len < REDIS_MANIFEST_TEXT;
        }
    }
    for (size_t i = 0; i < REDIS_MANIFEST_NUMBERS; i++) {
        if (slice_equal(name, slice_of(numbers[i].name))) {
            return decimal_parse_whole(
                value, (uint64_t *)(void *)((char *)manifest + numbers[i].at));
        }
    }
    return true;
}

bool
redis_manifest_is_whole(const struct redis_manifest *manifest)
{
    uint64_t most = manifest->chunks * REDIS_CHUNK_BYTES;
    return manifest->chunks != 0 && manifest->chunks <= REDIS_CHUNKS_MAX &&
           manifest->bytes <= most && manifest->bytes > most - REDIS_CHUNK_BYTES &&
           manifest->until >= manifest->first + manifest->chunks;
}

bool
redis_manifest_field(const struct redis_manifest *manifest, size_t index,
                     struct slice *ret_name, char value[REDIS_MANIFEST_TEXT])
{
    if (index < REDIS_MANIFEST_TEXTS) {
        *ret_name = slice_of(texts[index].name);
        snprintf(value, REDIS_MANIFEST_TEXT, "%s",
                 (const char *)manifest + texts[index].at);
        return true;
    }
    index -= REDIS_MANIFEST_TEXTS;
    if (index >= REDIS_MANIFEST_NUMBERS) {
        return false;
    }
    const void *number = (const char *)manifest + numbers[index].at;
    *ret_name = slice_of(numbers[index].name);
    snprintf(value, REDIS_MANIFEST_TEXT, "%" PRIu64, *(const uint64_t *)number);
    return true;
}

bool
redis_manifest_is_newer(const struct redis_manifest *one,
                        const struct redis_manifest *other)
{
    if (one->epoch != other->epoch) {
        return one->epoch > other->epoch;
    }
    return one->run != other->run ? one->run > other->run : one->number > other->number;
}
