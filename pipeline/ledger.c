#include "pipeline/ledger.h"

#include <string.h>

#include "base/region.h"

enum {
    ENTRIES_BYTES_PER_EVENT = 64, // what a post adds takes about 24
    RING_LEAST = 1 << 20,         // so that one long list is no quarter of the ring
};

bool
ledger_init(struct ledger *ledger, uint32_t capacity, size_t text_bytes)
{
    memset(ledger, 0, sizeof(*ledger));
    ledger->capacity = capacity;
    ledger->rows = region_reserve((size_t)capacity * sizeof(*ledger->rows));
    return ledger->rows != NULL && table_init(&ledger->by_hash, capacity) &&
           table_init(&ledger->by_alias, capacity) &&
           ring_init(&ledger->entries,
                     RING_LEAST + (size_t)capacity * ENTRIES_BYTES_PER_EVENT) &&
           ring_init(&ledger->texts, RING_LEAST + text_bytes);
}

void
ledger_fini(struct ledger *ledger)
{
    ring_fini(&ledger->texts);
    ring_fini(&ledger->entries);
    table_fini(&ledger->by_alias);
    table_fini(&ledger->by_hash);
    region_release(ledger->rows, (size_t)ledger->capacity * sizeof(*ledger->rows));
    memset(ledger, 0, sizeof(*ledger));
}

uint32_t
ledger_find(const struct ledger *ledger, uint64_t hash)
{
    struct table_walk walk = table_walk(&ledger->by_hash, hash);
    uint32_t event;
    while ((event = table_next(&ledger->by_hash, &walk)) != TABLE_NONE) {
        if (ledger->rows[event].hash == hash) {
            return event;
        }
    }
    return EVENT_NONE;
}

uint32_t
ledger_find_alias(const struct ledger *ledger, uint64_t hash)
{
    struct table_walk walk = table_walk(&ledger->by_alias, hash);
    uint32_t event;
    while ((event = table_next(&ledger->by_alias, &walk)) != TABLE_NONE) {
        if (ledger->rows[event].alias == hash) {
            return event;
        }
    }
    return EVENT_NONE;
}

uint32_t
ledger_oldest(const struct ledger *ledger)
{
    if (ledger->next < ledger->capacity) {
        return EVENT_NONE;
    }
    return (uint32_t)(ledger->next % ledger->capacity);
}

uint32_t
ledger_add(struct ledger *ledger, uint64_t hash, uint64_t alias)
{
    uint32_t event = (uint32_t)(ledger->next % ledger->capacity);
    struct event *row = &ledger->rows[event];
    if (ledger->next >= ledger->capacity) {
        table_remove(&ledger->by_hash, row->hash, event);
        if ((row->flags & EVENT_ALIASED) != 0) {
            table_remove(&ledger->by_alias, row->alias, event);
        }
    }
    ledger->next++;
    memset(row, 0, sizeof(*row));
    row->hash = hash;
    row->target = UINT32_MAX;
    table_add(&ledger->by_hash, hash, event);
    if (alias != 0) {
        row->alias = alias;
        row->flags |= EVENT_ALIASED;
        table_add(&ledger->by_alias, alias, event);
    }
    return event;
}

void
ledger_note(struct ledger *ledger, uint32_t event, const struct ledger_entry *entries,
            size_t count)
{
    if (count == 0 || count > UINT16_MAX) {
        return;
    }
    struct event *row = &ledger->rows[event];
    row->entries = ring_put(&ledger->entries, count * sizeof(*entries));
    row->entry_count = (uint16_t)count;
    void *record = ring_at(&ledger->entries, row->entries);
    if (record != NULL) {
        memcpy(record, entries, count * sizeof(*entries));
    }
}

const struct ledger_entry *
ledger_noted(const struct ledger *ledger, uint32_t event)
{
    const struct event *row = &ledger->rows[event];
    return row->entry_count != 0 ? ring_at(&ledger->entries, row->entries) : NULL;
}

void
ledger_put_text(struct ledger *ledger, uint32_t event, struct slice text,
                struct slice lang)
{
    if (text.len + lang.len == 0) {
        return;
    }
    uint64_t place =
        ring_put(&ledger->texts, sizeof(struct ledger_text) + text.len + lang.len);
    struct ledger_text *record = ring_at(&ledger->texts, place);
    if (record == NULL) {
        return;
    }
    record->text_len = (uint32_t)text.len;
    record->lang_len = (uint32_t)lang.len;
    if (text.len != 0) {
        memcpy(record->bytes, text.ptr, text.len);
    }
    if (lang.len != 0) {
        memcpy(record->bytes + text.len, lang.ptr, lang.len);
    }
    ledger->rows[event].text = place;
}

bool
ledger_text(const struct ledger *ledger, uint32_t event, struct slice *ret_text,
            struct slice *ret_lang)
{
    const struct ledger_text *record =
        ring_at(&ledger->texts, ledger->rows[event].text);
    if (record == NULL) {
        return false;
    }
    *ret_text = (struct slice){record->bytes, record->text_len};
    *ret_lang = (struct slice){record->bytes + record->text_len, record->lang_len};
    return true;
}
