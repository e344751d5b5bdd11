// Reads one snapshot of the state directory and reports why it cannot be used.
//
// A snapshot consists of "cascade2", the number of bytes of its note, the note (where
// the sources are to resume), the bytes of pipeline/snapshot.h, and the SHA-256 of all
// these. Only a checksum that was computed and does not match proves damage. If the
// bytes cannot be read, the result is FAILED, and nothing is known about them.
#pragma once

#include <time.h>

#include "base/status.h"

#define STATE_READ_MAGIC "cascade2"

enum {
    STATE_READ_MAGIC_LEN = 8,
    STATE_READ_DIGEST_LEN = 32,
};

struct pipeline;

enum state_read_result {
    STATE_READ_GOOD,
    STATE_READ_NONE,    // there is no such file
    STATE_READ_DAMAGED, // its checksum does not match, or it is too short for one
    STATE_READ_OTHER,   // whole, but of other options or another version
    STATE_READ_FAILED,  // the system refused to read it
};

struct state_read {
    int dir; // the open directory
    const char *name;
    char *note;                // STATE_NOTE_MAX bytes; ended by a NUL
    struct pipeline *pipeline; // fresh; after any result but GOOD and NONE it is good
                               // for pipeline_destroy only. NULL: only the note is read
    // Results.
    int reason;  // FAILED: errno
    time_t made; // GOOD, OTHER: when the file was written last
};

// why: set for DAMAGED and OTHER, beginning with "it", and for FAILED.
enum state_read_result state_read(struct state_read *read, struct error *why);
