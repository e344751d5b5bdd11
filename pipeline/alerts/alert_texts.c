#include "pipeline/alerts/alert_texts.h"

#include "base/snapshot.h"

enum { TEXTS_LIMIT = 1 << 28 };

void
alert_texts_init(struct alert_texts *texts)
{
    *texts = (struct alert_texts){.first = 0};
    buffer_init(&texts->bytes, TEXTS_LIMIT);
}

void
alert_texts_fini(struct alert_texts *texts)
{
    buffer_fini(&texts->bytes);
}

static uint64_t
end_of(const struct alert_texts *texts)
{
    return texts->first + texts->bytes.size;
}

bool
alert_texts_has_room(const struct alert_texts *texts)
{
    return end_of(texts) - texts->gone < ALERT_TEXTS_BYTES;
}

bool
alert_texts_add(struct alert_texts *texts, struct slice text, uint64_t *ret_place)
{
    uint64_t place = end_of(texts);
    buffer_append(&texts->bytes, text);
    if (texts->bytes.is_failed) {
        texts->bytes.is_failed = false; // what it holds is whole
        return false;
    }
    *ret_place = place;
    return true;
}

struct slice
alert_texts_at(const struct alert_texts *texts, uint64_t place, uint64_t len)
{
    return (struct slice){texts->bytes.bytes + (place - texts->first), (size_t)len};
}

bool
alert_texts_have(const struct alert_texts *texts, uint64_t place, uint64_t len)
{
    uint64_t size = texts->bytes.size;
    uint64_t at = place - texts->first;
    return len == 0 || (place >= texts->first && at <= size && len <= size - at);
}

static void
compact(struct alert_texts *texts)
{
    buffer_drop_first(&texts->bytes, (size_t)(texts->gone - texts->first));
    texts->first = texts->gone;
}

void
alert_texts_drop(struct alert_texts *texts, uint64_t place)
{
    texts->gone = place;
    // Half of it at least, so that each byte is moved about once.
    if ((place - texts->first) * 2 >= texts->bytes.size) {
        compact(texts);
    }
}

void
alert_texts_move(struct alert_texts *texts, struct snapshot *snapshot)
{
    compact(texts);
    uint64_t size = texts->bytes.size;
    SNAPSHOT_VALUE(snapshot, texts->first);
    SNAPSHOT_VALUE(snapshot, size);
    texts->gone = texts->first;
    if (!snapshot_expect(snapshot, size <= TEXTS_LIMIT) || size == 0) {
        return;
    }
    if (texts->bytes.size != size &&
        buffer_extend(&texts->bytes, (size_t)size) == NULL) {
        snapshot->is_failed = true;
        return;
    }
    snapshot_bytes(snapshot, texts->bytes.bytes, (size_t)size);
}
