// Entries of any bytes: what is read is written again as the same posts.
#include "ingest/entries/entry.h"

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

static void
write_entry(struct buffer *bytes, const struct entry_content *entry)
{
    buffer_reset(bytes);
    entry_begin(bytes);
    for (size_t i = 0; i < entry->count; i++) {
        entry_add(bytes, &entry->posts[i], entry->walls[i]);
    }
    require(!bytes->is_failed);
    entry_end(bytes, &entry->head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer once;
    struct buffer twice;
    struct entry_reader reader;
    struct entry_content entry;
    buffer_init(&once, 2 * ENTRY_BYTES_MAX);
    buffer_init(&twice, 2 * ENTRY_BYTES_MAX);
    entry_reader_init(&reader);
    if (entry_read(&reader, (struct slice){(const char *)data, size}, 1, &entry) ==
        STATUS_OK) {
        write_entry(&once, &entry);
        require(entry_read(&reader, buffer_text(&once), 1, &entry) == STATUS_OK);
        write_entry(&twice, &entry);
        require(slice_equal(buffer_text(&once), buffer_text(&twice)));
    }
    entry_reader_fini(&reader);
    buffer_fini(&twice);
    buffer_fini(&once);
    return 0;
}
