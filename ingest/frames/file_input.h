// The bytes of a file or pipe, decompressed if its first bytes, not its name, show that
// it is compressed (ingest/frames/decompress.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "ingest/frames/decompress.h"

enum {
    FILE_INPUT_RAW = 1 << 16,  // bytes read ahead of the decompressor
    FILE_INPUT_HEAD = 1 << 10, // bytes kept from the beginning
};

struct file_input {
    int fd; // -1: none
    enum decompress_format format;
    struct decompress *decompress;
    bool is_guessed;
    bool is_ended;  // the end of the file was reached
    bool has_more;  // the decompressor may return more without input
    uint64_t bytes; // read from the file
    size_t raw_at;
    size_t raw_end;
    size_t head_len; // decompressed
    char head[FILE_INPUT_HEAD];
    char raw[FILE_INPUT_RAW];
};

// Begins with a file that is open at its beginning. Keeps fd, closes nothing.
void file_input_init(struct file_input *input, int fd);
// As file_input_init, for a file that is not compressed and not at its beginning.
void file_input_resume(struct file_input *input, int fd);
// Frees the decompressor. Accepts a zeroed struct.
void file_input_fini(struct file_input *input);

// Up to `size` bytes, by at most one read(2). STATUS_OK and *ret_size 0: the end.
// STATUS_AGAIN: nothing yet. STATUS_IO: see errno. STATUS_PARSE: the compressed bytes
// are damaged or cut off. STATUS_RANGE: decompressing them needs too much memory. error
// is set, without the name of the file.
// If the first bytes are those of an archive or database (ingest/frames/file_kind.h),
// none are returned, STATUS_PARSE and the error names it.
enum status file_input_read(struct file_input *input, char *room, size_t size,
                            size_t *ret_size, struct error *error) MUST_USE;

// True if the next read returns something without reading the file.
bool file_input_is_ready(const struct file_input *input);

// The first decompressed bytes read so far, at most FILE_INPUT_HEAD.
struct slice file_input_head(const struct file_input *input);
