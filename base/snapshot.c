#include "base/snapshot.h"

void
snapshot_bytes(struct snapshot *snapshot, void *bytes, size_t size)
{
    if (size != 0 && !snapshot->is_failed) {
        snapshot->is_failed = !snapshot->move(snapshot->context, bytes, size);
    }
}

void
snapshot_rows(struct snapshot *snapshot, void *rows, size_t row_size, uint32_t *count,
              uint32_t capacity)
{
    snapshot_bytes(snapshot, count, sizeof(*count));
    if (snapshot_expect(snapshot, *count <= capacity)) {
        snapshot_bytes(snapshot, rows, *count * row_size);
    }
}

bool
snapshot_expect(struct snapshot *snapshot, bool holds)
{
    if (!holds && !snapshot->is_failed) {
        snapshot->is_failed = true;
        snapshot->is_foreign = true;
    }
    return !snapshot->is_failed;
}
