// A snapshot: the bytes of containers, moved out of them or back into them.
//
// Each container describes once what it consists of (x_move), and the same code writes
// and reads it. What is read must be what was written, whole: the owner of the bytes
// guards them with a checksum. Counts are checked all the same, so that bytes from
// elsewhere fail rather than run past a capacity.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Takes `size` bytes (writing) or fills them (reading). False: it could not.
typedef bool (*snapshot_fn)(void *context, void *bytes, size_t size);

struct snapshot {
    snapshot_fn move;
    void *context;
    bool is_failed;  // sticky: nothing is moved any more
    bool is_foreign; // failed because the bytes do not fit the containers
};

void snapshot_bytes(struct snapshot *snapshot, void *bytes, size_t size);

// A count and that many rows. Reading fails if there are more than `capacity`.
void snapshot_rows(struct snapshot *snapshot, void *rows, size_t row_size,
                   uint32_t *count, uint32_t capacity);

// When reading: what does not hold means that the bytes are not of these containers.
// Returns whether the snapshot is still good.
bool snapshot_expect(struct snapshot *snapshot, bool holds);

#define SNAPSHOT_VALUE(snapshot, value)                                                \
    snapshot_bytes((snapshot), &(value), sizeof(value))
