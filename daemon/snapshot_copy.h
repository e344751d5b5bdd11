// Copies of snapshots between the state directory and Redis: what a worker puts there,
// and what the next one fetches.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "sinks/redis/redis_manifest.h"

enum { SNAPSHOT_COPY_LINE = 64 };

// What the newest snapshot contains. False: there is none, or it cannot be used.
bool snapshot_copy_look(int dir, struct redis_manifest *ret_manifest);

// The line of a note that says at which epoch it was written; ended by a line feed.
void snapshot_copy_note(uint64_t epoch, char line[SNAPSHOT_COPY_LINE]);

// The newest snapshot, which may be replaced while it is read.
struct snapshot_reader {
    int fd; // -1: none
};
// Opens it. False: it cannot be read.
bool snapshot_reader_open(struct snapshot_reader *reader, int dir,
                          struct redis_manifest *ret_manifest);
bool snapshot_reader_get(struct snapshot_reader *reader, uint64_t at, char *bytes,
                         size_t size);
void snapshot_reader_close(struct snapshot_reader *reader);

// A snapshot that is received.
struct snapshot_writer {
    int dir;
    int fd; // 0 or -1: none
    uint64_t bytes;
    struct redis_manifest manifest; // of what is received
    int reason;                     // an errno, if the system refused to write it
};
// Begins, also in place of one that was not completed.
void snapshot_writer_open(struct snapshot_writer *writer, int dir,
                          const struct redis_manifest *manifest);
// False: no more bytes are wanted.
bool snapshot_writer_put(struct snapshot_writer *writer, struct slice bytes);
// Verifies it and makes it the newest. error: set for one that is not whole.
bool snapshot_writer_end(struct snapshot_writer *writer, struct error *error);
void snapshot_writer_close(struct snapshot_writer *writer);
