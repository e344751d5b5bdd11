// Decompresses gzip, bzip2, xz or zstd as a stream: pieces in, pieces out, in bounded
// memory at any size. Members that follow one another are one stream, and zero bytes
// after one are skipped. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"

enum decompress_format {
    DECOMPRESS_NONE,
    DECOMPRESS_GZIP,
    DECOMPRESS_BZIP2,
    DECOMPRESS_XZ,
    DECOMPRESS_ZSTD,
    DECOMPRESS_FORMAT_COUNT,
};

enum {
    DECOMPRESS_MAGIC_MAX = 6,          // bytes that determine the format
    DECOMPRESS_MEMORY_MAX = 128 << 20, // the most memory of a stream; enough for zstd
                                       // -19, xz -9
};

// The format that bytes begin with; DECOMPRESS_NONE if it is none of these.
enum decompress_format decompress_guess(struct slice bytes);
const char *decompress_name(enum decompress_format format);

struct decompress;

// NULL if there is no memory. format: not DECOMPRESS_NONE.
struct decompress *decompress_create(enum decompress_format format);
// Accepts NULL.
void decompress_destroy(struct decompress **decompress);

// Takes bytes from the front of *input and writes up to `size` bytes to `room`.
// STATUS_OK and *ret_size 0: more input is needed. STATUS_PARSE: the bytes are damaged.
// STATUS_RANGE: they need more than DECOMPRESS_MEMORY_MAX. After a failure, *ret_size
// is what was decompressed before it, and no further call is allowed.
enum status decompress_read(struct decompress *decompress, struct slice *input,
                            char *room, size_t size, size_t *ret_size) MUST_USE;

// True if the stream may end here.
bool decompress_is_whole(const struct decompress *decompress);
