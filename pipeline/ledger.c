#include "pipeline/ledger.h"

#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

#define SHORT_BIT ((uint32_t)1 << 28) // the amount is 1 and not written

enum {
    NOTES_BYTES_PER_EVENT = 24, // a retweet's take 24, a post's 8 to 16
    RING_LEAST = 1 << 20,       // so that one long list is no quarter of the ring
};

bool
ledger_init(struct ledger *ledger, uint32_t capacity, size_t text_bytes)
{
    memset(ledger, 0, sizeof(*ledger));
    ledger->capacity = capacity;
    ledger->rows = region_reserve((size_t)capacity * sizeof(*ledger->rows));
    ledger->links = region_reserve((size_t)capacity * sizeof(*ledger->links));
    return ledger->rows != NULL && ledger->links != NULL &&
           table_init(&ledger->by_hash, capacity) &&
           table_init(&ledger->by_alias, capacity) &&
           ring_init(&ledger->notes,
                     RING_LEAST + (size_t)capacity * NOTES_BYTES_PER_EVENT) &&
           ring_init(&ledger->texts, RING_LEAST + text_bytes);
}

void
ledger_fini(struct ledger *ledger)
{
    ring_fini(&ledger->texts);
    ring_fini(&ledger->notes);
    table_fini(&ledger->by_alias);
    table_fini(&ledger->by_hash);
    region_release(ledger->links, (size_t)ledger->capacity * sizeof(*ledger->links));
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
        if (ledger->links[event] == hash) {
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
            table_remove(&ledger->by_alias, ledger->links[event], event);
        }
    }
    ledger->next++;
    memset(row, 0, sizeof(*row));
    row->hash = hash;
    row->target = UINT32_MAX;
    table_add(&ledger->by_hash, hash, event);
    if (alias != 0) {
        ledger->links[event] = alias;
        row->flags |= EVENT_ALIASED;
        table_add(&ledger->by_alias, alias, event);
    }
    return event;
}

uint64_t
ledger_via(const struct ledger *ledger, uint32_t event)
{
    return (ledger->rows[event].flags & EVENT_VIA) != 0 ? ledger->links[event] : 0;
}

void
ledger_set_via(struct ledger *ledger, uint32_t event, uint64_t via)
{
    if ((ledger->rows[event].flags & EVENT_ALIASED) == 0) {
        ledger->rows[event].flags |= EVENT_VIA;
        ledger->links[event] = via;
    }
}

static void *
record_at(const struct ring *ring, uint32_t place)
{
    // A ring is far smaller than what 32 bits name, so the lower half says it all.
    uint64_t whole = ring->head - (uint32_t)((uint32_t)ring->head - place);
    return place != 0 ? ring_at(ring, whole) : NULL;
}

static bool
is_short(struct ledger_entry entry)
{
    return (entry.where & LEDGER_CASCADE) == 0 && entry.amount == 1;
}

void
ledger_note(struct ledger *ledger, uint32_t event, const struct ledger_entry *entries,
            size_t count)
{
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        words += is_short(entries[i]) ? 1 : 2;
    }
    if (words == 0 || words > UINT16_MAX) {
        return;
    }
    struct event *row = &ledger->rows[event];
    row->notes = (uint32_t)ring_put(&ledger->notes, words * sizeof(uint32_t));
    row->words = (uint16_t)words;
    uint32_t *record = record_at(&ledger->notes, row->notes);
    for (size_t i = 0; record != NULL && i < count; i++) {
        *record++ = entries[i].where | (is_short(entries[i]) ? SHORT_BIT : 0);
        if (!is_short(entries[i])) {
            *record++ = entries[i].amount;
        }
    }
}

bool
ledger_next(const struct ledger *ledger, uint32_t event, struct ledger_cursor *cursor,
            struct ledger_entry *ret_entry)
{
    const struct event *row = &ledger->rows[event];
    const uint32_t *record = record_at(&ledger->notes, row->notes);
    if (record == NULL || cursor->at >= row->words) {
        return false;
    }
    uint32_t word = record[cursor->at++];
    bool is_one = (word & SHORT_BIT) != 0;
    ret_entry->where = word & ~SHORT_BIT;
    ret_entry->amount = is_one ? 1 : record[cursor->at++];
    return true;
}

bool
ledger_is_lost(const struct ledger *ledger, uint32_t event)
{
    const struct event *row = &ledger->rows[event];
    return row->words != 0 && record_at(&ledger->notes, row->notes) == NULL;
}

static char *
append(char *to, struct slice from)
{
    if (from.len != 0) {
        memcpy(to, from.ptr, from.len);
    }
    return to + from.len;
}

void
ledger_put_text(struct ledger *ledger, uint32_t event, const struct ledger_words *words)
{
    size_t len = words->text.len + words->lang.len + words->id.len;
    uint64_t place =
        len != 0 ? ring_put(&ledger->texts, sizeof(struct ledger_text) + len) : 0;
    struct ledger_text *record = ring_at(&ledger->texts, place);
    if (record == NULL) {
        return;
    }
    record->text_len = (uint32_t)words->text.len;
    record->lang_len = (uint32_t)words->lang.len;
    record->id_len = (uint32_t)words->id.len;
    append(append(append(record->bytes, words->text), words->lang), words->id);
    ledger->rows[event].text = (uint32_t)place;
}

bool
ledger_text(const struct ledger *ledger, uint32_t event, struct ledger_words *ret_words)
{
    const struct ledger_text *record =
        record_at(&ledger->texts, ledger->rows[event].text);
    if (record == NULL) {
        return false;
    }
    const char *at = record->bytes;
    ret_words->text = (struct slice){at, record->text_len};
    at += record->text_len;
    ret_words->lang = (struct slice){at, record->lang_len};
    at += record->lang_len;
    ret_words->id = (struct slice){at, record->id_len};
    return true;
}

void
ledger_move(struct ledger *ledger, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, ledger->next);
    uint64_t rows = ledger->next < ledger->capacity ? ledger->next : ledger->capacity;
    snapshot_bytes(snapshot, ledger->rows, rows * sizeof(*ledger->rows));
    for (uint64_t i = 0; i < rows && !snapshot->is_failed; i++) {
        if ((ledger->rows[i].flags & (EVENT_ALIASED | EVENT_VIA)) != 0) {
            SNAPSHOT_VALUE(snapshot, ledger->links[i]);
        }
    }
    table_move(&ledger->by_hash, snapshot);
    table_move(&ledger->by_alias, snapshot);
    ring_move(&ledger->notes, snapshot);
    ring_move(&ledger->texts, snapshot);
}
