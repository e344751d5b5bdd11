// A snapshot: saves the bytes of containers, or loads them.
//
// Each container lists once what it consists of (x_move), and the same code saves and
// loads it. What is loaded must be exactly what was saved: the owner of the bytes
// protects them with a checksum. Counts are checked all the same, so that other bytes
// fail and do not exceed a capacity.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Stores `size` bytes (saving) or fills them in (loading). False: it failed.
typedef bool (*snapshot_fn)(void *context, void *bytes, size_t size);

struct snapshot {
    snapshot_fn move;
    void *context;
    bool is_failed;  // sticky: nothing more is saved or loaded
    bool is_foreign; // failed because the bytes do not match the containers
};

void snapshot_bytes(struct snapshot *snapshot, void *bytes, size_t size);

// A count and that many rows. Loading fails if there are more than `capacity`.
void snapshot_rows(struct snapshot *snapshot, void *rows, size_t row_size,
                   uint32_t *count, uint32_t capacity);

// When loading: if `holds` is false, the bytes are not of these containers. Returns
// true if the snapshot has not failed.
bool snapshot_expect(struct snapshot *snapshot, bool holds);

#define SNAPSHOT_VALUE(snapshot, value)                                                \
    snapshot_bytes((snapshot), &(value), sizeof(value))
