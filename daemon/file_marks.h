// How far files were read, so that a later run continues there. A file is identified by
// its device, its inode, its first bytes and the last bytes that were read. A renamed
// file is recognised, one that has grown is continued, and one that was replaced, or
// written again under the same name, is another file.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/frames/lines.h"

enum {
    FILE_MARKS_MAX = 1024,     // the oldest is removed
    FILE_MARKS_HEAD = 1 << 10, // bytes that are compared
    FILE_MARKS_TAIL =
        1 << 12,          // bytes that are compared before the end of what was read
    FILE_MARKS_TEXT = 92, // of one mark
};

struct file_mark {
    uint64_t hash; // of device, inode and the first head_len bytes; 0: not a file
    uint32_t head_len;
    struct lines_place place; // bytes are counted decompressed
    uint64_t tail;            // hash of the bytes before tail_end; 0: not compared
    uint64_t tail_end;        // in bytes of the file as it is: compressed if it is
};

struct file_marks {
    size_t count;
    struct file_mark items[FILE_MARKS_MAX]; // the last used is the last
};

// The mark of an open file at its beginning; hash 0 for anything but a regular file.
// head_len: FILE_MARKS_HEAD, or that of the mark to compare with.
struct file_mark file_mark_of(int fd, uint32_t head_len);

// Stores the last FILE_MARKS_TAIL bytes of the open file before tail_end in the mark.
void file_mark_see(struct file_mark *mark, int fd, uint64_t tail_end);

// True if the open file is the one of the mark and still contains all that was read of
// it.
bool file_mark_fits(const struct file_mark *mark, int fd);

// The mark of the open file, or NULL.
const struct file_mark *file_marks_find(const struct file_marks *marks, int fd);

// Stores the mark in place of `before`, or of one with the same hash. False if another
// mark had to be removed.
bool file_marks_put(struct file_marks *marks, uint64_t before,
                    const struct file_mark *mark);

// As text: at most FILE_MARKS_TEXT bytes a mark, and a NUL. Returns its length.
size_t file_mark_write(const struct file_mark *mark, char *text);
// Parses a mark. Returns what follows it in the text, or NULL: there is none. A mark
// without a tail, from older versions, is accepted.
const char *file_mark_read(const char *text, struct file_mark *ret_mark);
