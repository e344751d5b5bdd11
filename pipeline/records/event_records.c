#include "pipeline/records/event_records.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

#define SHORT_BIT ((uint32_t)1 << 28) // the amount is 1 and not written

enum {
    NOTES_BYTES_PER_EVENT = 24, // a retweet's take 24, a post's 8 to 16
    RING_LEAST = 1 << 20,       // so that one long list is no quarter of the ring
};

// The record behind event.text.
struct words_record {
    uint32_t text_len;
    uint32_t lang_len;
    uint32_t id_len;
    char bytes[]; // text, lang, id
};

static void *
record_at(const struct ring *ring, uint32_t place)
{
    // A ring is far smaller than what 32 bits name, so the lower half says it all.
    uint64_t whole = ring->head - (uint32_t)((uint32_t)ring->head - place);
    return place != 0 ? ring_at(ring, whole) : NULL;
}

static bool
part_init(struct ledger_part *part, uint32_t begin, uint32_t size)
{
    part->begin = begin;
    part->size = size;
    return ring_init(&part->notes, RING_LEAST + (size_t)size * NOTES_BYTES_PER_EVENT);
}

static size_t
row_count(const struct ledger *ledger)
{
    return (size_t)ledger->newest.size + ledger->lasting.size;
}

bool
ledger_init(struct ledger *ledger, const struct ledger_sizes *sizes)
{
    memset(ledger, 0, sizeof(*ledger));
    size_t rows = (size_t)sizes->events + sizes->lasting;
    ledger->rows = region_reserve(rows * sizeof(*ledger->rows));
    ledger->links = region_reserve(rows * sizeof(*ledger->links));
    return part_init(&ledger->newest, 0, sizes->events) &&
           part_init(&ledger->lasting, sizes->events, sizes->lasting) &&
           ledger->rows != NULL && ledger->links != NULL &&
           table_init(&ledger->by_hash, (uint32_t)rows) &&
           ring_init(&ledger->texts, RING_LEAST + sizes->text_bytes);
}

void
ledger_fini(struct ledger *ledger)
{
    ring_fini(&ledger->texts);
    table_fini(&ledger->by_hash);
    ring_fini(&ledger->lasting.notes);
    ring_fini(&ledger->newest.notes);
    region_release(ledger->links, row_count(ledger) * sizeof(*ledger->links));
    region_release(ledger->rows, row_count(ledger) * sizeof(*ledger->rows));
    memset(ledger, 0, sizeof(*ledger));
}

// ── finding ────────────────────────────────────────────────────────────────

static bool
is_past(const struct ledger *ledger, uint32_t event)
{
    return event >= ledger->lasting.begin && ledger->rows[event].time < ledger->horizon;
}

uint32_t
ledger_find(const struct ledger *ledger, uint64_t hash)
{
    struct table_walk walk = table_walk(&ledger->by_hash, hash);
    uint32_t event;
    while ((event = table_next(&ledger->by_hash, &walk)) != TABLE_NONE) {
        if (ledger->rows[event].hash == hash && !is_past(ledger, event)) {
            return event;
        }
    }
    return EVENT_NONE;
}

// ── coming and going ───────────────────────────────────────────────────────

static void
enter(struct ledger *ledger, uint32_t event)
{
    const struct event *row = &ledger->rows[event];
    table_add(&ledger->by_hash, row->hash, event);
}

// The oldest of the part, no longer to be found.
static uint32_t
leave(struct ledger *ledger, struct ledger_part *part)
{
    uint32_t event = ledger_row(part, part->first++);
    const struct event *row = &ledger->rows[event];
    table_remove(&ledger->by_hash, row->hash, event);
    return event;
}

static bool
is_full(const struct ledger_part *part)
{
    return part->next - part->first == part->size;
}

static bool
is_to_last(const struct ledger *ledger, const struct event *row)
{
    return (row->flags & (EVENT_LASTING | EVENT_UNDONE)) == EVENT_LASTING &&
           row->time >= ledger->horizon && ledger->lasting.size != 0;
}

static void
move_notes(struct ledger *ledger, struct event *row)
{
    const uint32_t *from = record_at(&ledger->newest.notes, row->notes);
    size_t size = row->words * sizeof(uint32_t);
    struct ring *notes = &ledger->lasting.notes;
    row->notes = from != NULL ? (uint32_t)ring_put(notes, size) : 0;
    uint32_t *to = record_at(notes, row->notes);
    if (to != NULL) {
        memcpy(to, from, size);
    }
}

static void
move_on(struct ledger *ledger)
{
    uint32_t from = leave(ledger, &ledger->newest);
    uint32_t to = ledger_row(&ledger->lasting, ledger->lasting.next++);
    ledger->rows[to] = ledger->rows[from];
    if ((ledger->rows[to].flags & EVENT_VIA) != 0) {
        ledger->links[to] = ledger->links[from];
    }
    move_notes(ledger, &ledger->rows[to]);
    enter(ledger, to);
}

static uint32_t
forget_lasting(struct ledger *ledger)
{
    uint32_t event = leave(ledger, &ledger->lasting);
    const struct event *row = &ledger->rows[event];
    if (row->time >= ledger->horizon && (row->flags & EVENT_UNDONE) == 0) {
        ledger->forgotten++;
        ledger->forgotten_time =
            row->time > ledger->forgotten_time ? row->time : ledger->forgotten_time;
    }
    return event;
}

uint32_t
ledger_forget(struct ledger *ledger)
{
    struct ledger_part *lasting = &ledger->lasting;
    if (is_full(&ledger->newest)) {
        uint32_t oldest = ledger_row(&ledger->newest, ledger->newest.first);
        if (!is_to_last(ledger, &ledger->rows[oldest])) {
            return leave(ledger, &ledger->newest);
        }
        if (is_full(lasting)) {
            return forget_lasting(ledger);
        }
        move_on(ledger);
    }
    bool is_over = lasting->first != lasting->next &&
                   is_past(ledger, ledger_row(lasting, lasting->first));
    return is_over ? forget_lasting(ledger) : EVENT_NONE;
}

uint32_t
ledger_add(struct ledger *ledger, uint64_t hash)
{
    assert(!is_full(&ledger->newest));
    uint32_t event = ledger_row(&ledger->newest, ledger->newest.next++);
    struct event *row = &ledger->rows[event];
    memset(row, 0, sizeof(*row));
    row->hash = hash;
    row->target = UINT32_MAX;
    enter(ledger, event);
    return event;
}

// ── what it knows of an event ──────────────────────────────────────────────

uint64_t
ledger_via(const struct ledger *ledger, uint32_t event)
{
    return (ledger->rows[event].flags & EVENT_VIA) != 0 ? ledger->links[event] : 0;
}

void
ledger_set_via(struct ledger *ledger, uint32_t event, uint64_t via)
{
    ledger->rows[event].flags |= EVENT_VIA;
    ledger->links[event] = via;
}

static uint32_t *
notes_of(const struct ledger *ledger, uint32_t event)
{
    bool is_lasting = event >= ledger->lasting.begin;
    return record_at(is_lasting ? &ledger->lasting.notes : &ledger->newest.notes,
                     ledger->rows[event].notes);
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
    row->notes = (uint32_t)ring_put(&ledger->newest.notes, words * sizeof(uint32_t));
    row->words = (uint16_t)words;
    uint32_t *record = notes_of(ledger, event);
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
    const uint32_t *record = notes_of(ledger, event);
    if (record == NULL || cursor->at >= ledger->rows[event].words) {
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
    return ledger->rows[event].words != 0 && notes_of(ledger, event) == NULL;
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
        len != 0 ? ring_put(&ledger->texts, sizeof(struct words_record) + len) : 0;
    struct words_record *record = ring_at(&ledger->texts, place);
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
    const struct words_record *record =
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

// ── snapshots ──────────────────────────────────────────────────────────────

static void
part_move(struct ledger *ledger, struct ledger_part *part, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, part->first);
    SNAPSHOT_VALUE(snapshot, part->next);
    if (!snapshot_expect(snapshot, part->first <= part->next &&
                                       part->next - part->first <= part->size)) {
        return;
    }
    for (uint64_t i = part->first, run; i < part->next; i += run) {
        uint64_t lap = part->size - i % part->size;
        run = part->next - i < lap ? part->next - i : lap;
        snapshot_bytes(snapshot, &ledger->rows[ledger_row(part, i)],
                       run * sizeof(*ledger->rows));
    }
    for (uint64_t i = part->first; i < part->next && !snapshot->is_failed; i++) {
        uint32_t event = ledger_row(part, i);
        if ((ledger->rows[event].flags & EVENT_VIA) != 0) {
            SNAPSHOT_VALUE(snapshot, ledger->links[event]);
        }
    }
    ring_move(&part->notes, snapshot);
}

void
ledger_move(struct ledger *ledger, struct snapshot *snapshot)
{
    part_move(ledger, &ledger->newest, snapshot);
    part_move(ledger, &ledger->lasting, snapshot);
    SNAPSHOT_VALUE(snapshot, ledger->horizon);
    SNAPSHOT_VALUE(snapshot, ledger->forgotten);
    SNAPSHOT_VALUE(snapshot, ledger->forgotten_time);
    table_move(&ledger->by_hash, snapshot);
    ring_move(&ledger->texts, snapshot);
}
