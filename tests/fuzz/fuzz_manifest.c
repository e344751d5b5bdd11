// Fields of a manifest, "name value" a line: what is whole is written and read as the
// same, and its numbers can be added and multiplied.
#include "sinks/redis/redis_manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static bool
read_lines(struct redis_manifest *manifest, struct slice text)
{
    bool is_good = true;
    while (text.len != 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;
        const char *space = memchr(text.ptr, ' ', len);
        if (space != NULL) {
            size_t name = (size_t)(space - text.ptr);
            is_good = redis_manifest_take(manifest, (struct slice){text.ptr, name},
                                          (struct slice){space + 1, len - name - 1}) &&
                      is_good;
        }
        len += end != NULL;
        text = (struct slice){text.ptr + len, text.len - len};
    }
    return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redis_manifest manifest = {.chunks = 0};
    struct redis_manifest again = {.chunks = 0};
    struct slice name;
    char value[REDIS_MANIFEST_TEXT];
    if (!read_lines(&manifest, (struct slice){(const char *)data, size}) ||
        !redis_manifest_is_whole(&manifest)) {
        return 0;
    }
    require(manifest.chunks <= manifest.bytes);
    require((manifest.bytes - 1) / REDIS_CHUNK_BYTES == manifest.chunks - 1);
    for (size_t i = 0; redis_manifest_field(&manifest, i, &name, value); i++) {
        require(redis_manifest_take(&again, name, slice_of(value)));
        require(strlen(value) < sizeof(value));
    }
    require(!redis_manifest_is_newer(&manifest, &again) &&
            !redis_manifest_is_newer(&again, &manifest));
    require(redis_manifest_is_whole(&again));
    return 0;
}
