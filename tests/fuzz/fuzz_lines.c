// The framer: the same bytes cut in two ways must give the same messages and counts.
//
// The first byte of the input steers the second cutting, the rest is the stream.
#include "ingest/frames/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct digest {
    uint64_t messages;
    uint64_t sum;
};

// FNV-1a
static void
mix(struct digest *digest, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        digest->sum = (digest->sum ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }
}

static void
pull(struct lines *lines, struct digest *digest)
{
    struct lines_message message;
    while (lines_next(lines, &message)) {
        char kind = slice_is_none(message.event) ? 'l' : 'e';
        digest->messages++;
        mix(digest, &kind, 1);
        mix(digest, (const char *)&message.number, sizeof(message.number));
        mix(digest, message.event.ptr, message.event.len);
        mix(digest, "|", 1);
        // The padding is read, not counted.
        struct digest padding = {0, 0};
        mix(&padding, message.data.ptr, message.data.len + LINES_PADDING);
        mix(digest, message.data.ptr, message.data.len);
        mix(digest, "|", 1);
    }
}

static struct digest
run(struct slice bytes, size_t piece, struct lines_metrics *metrics)
{
    static struct lines lines;
    struct digest digest = {0, 0xcbf29ce484222325u};
    if (lines.buffer == NULL && !lines_init(&lines, metrics)) {
        abort();
    }
    lines.metrics = metrics;
    lines_reset(&lines);
    while (bytes.len > 0) {
        size_t room;
        char *to = lines_room(&lines, &room);
        size_t size = piece < room ? piece : room;
        size = size < bytes.len ? size : bytes.len;
        memcpy(to, bytes.ptr, size);
        lines_filled(&lines, size);
        bytes.ptr += size;
        bytes.len -= size;
        pull(&lines, &digest);
    }
    lines_end(&lines);
    pull(&lines, &digest);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct slice bytes = {(const char *)data + 1, size - 1};
    struct lines_metrics whole_metrics = {0};
    struct lines_metrics cut_metrics = {0};
    struct digest whole = run(bytes, LINES_ROOM, &whole_metrics);
    struct digest cut = run(bytes, 1 + (size_t)data[0], &cut_metrics);
    if (whole.messages != cut.messages || whole.sum != cut.sum ||
        memcmp(&whole_metrics, &cut_metrics, sizeof(cut_metrics)) != 0) {
        abort();
    }
    return 0;
}
