// The bytes of a file or pipe, decompressed if it is compressed (ingest/decompress.h),
// which is told by its first bytes, not by its name.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "ingest/decompress.h"

enum {
    FILE_INPUT_RAW = 1 << 16,  // bytes read ahead of the decompressor
    FILE_INPUT_HEAD = 1 << 10, // bytes kept from the beginning
};

struct file_input {
    int fd; // -1: none
    enum decompress_format format;
    struct decompress *decompress;
    bool is_guessed;
    bool is_ended;  // the file is
    bool has_more;  // the decompressor may have more without being fed
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
// STATUS_AGAIN: nothing yet. STATUS_IO: errno says why. STATUS_PARSE: the compressed
// bytes are damaged or cut off, STATUS_RANGE: decompressing them needs too much memory;
// error says so, without the name of the file.
enum status file_input_read(struct file_input *input, char *room, size_t size,
                            size_t *ret_size, struct error *error) MUST_USE;

// Whether the next read finds something without the file.
bool file_input_is_ready(const struct file_input *input);

// The first decompressed bytes read so far, at most FILE_INPUT_HEAD.
struct slice file_input_head(const struct file_input *input);
