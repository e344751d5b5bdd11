#include "pipeline/records/event_records.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"

#define SHORT_BIT ((uint32_t)1 << 28) // a counter: the amount is 1 and is not stored

enum {
    NOTES_BYTES_PER_EVENT = 24, // a retweet's list takes 24, a post's 8 to 16
    RING_MIN = 1 << 20,         // so that one long list is less than a quarter of the
                                // ring
};

// The record behind event.text.
struct words_record {
    uint32_t text_len;
    uint32_t lang_len;
    uint32_t id_len;
    char bytes[]; // text, lang, id
};

// A ring is far smaller than 2^32 words, so the lower half of a place is enough.
static uint64_t
whole_place(const struct ring *ring, uint32_t place)
{
    return ring->head - (uint32_t)((uint32_t)ring->head - place);
}

static void *
record_at(const struct ring *ring, uint32_t place)
{
    return place != 0 ? ring_at(ring, whole_place(ring, place)) : NULL;
}

static bool
part_init(struct event_records_part *part, uint32_t begin, uint32_t size)
{
    part->begin = begin;
    part->size = size;
    return ring_init(&part->notes, RING_MIN + (size_t)size * NOTES_BYTES_PER_EVENT);
}

static size_t
row_count(const struct event_records *records)
{
    return (size_t)records->newest.size + records->lasting.size;
}

bool
event_records_init(struct event_records *records,
                   const struct event_records_sizes *sizes)
{
    memset(records, 0, sizeof(*records));
    size_t rows = (size_t)sizes->events + sizes->lasting;
    records->rows = region_reserve_two(rows * sizeof(*records->rows),
                                       sizes->events * sizeof(*records->rows));
    records->links = region_reserve(rows * sizeof(*records->links));
    return part_init(&records->newest, 0, sizes->events) &&
           part_init(&records->lasting, sizes->events, sizes->lasting) &&
           records->rows != NULL && records->links != NULL &&
           table_init(&records->by_hash, (uint32_t)rows) &&
           ring_init(&records->texts, RING_MIN + sizes->text_bytes);
}

void
event_records_fini(struct event_records *records)
{
    ring_fini(&records->texts);
    table_fini(&records->by_hash);
    ring_fini(&records->lasting.notes);
    ring_fini(&records->newest.notes);
    region_release(records->links, row_count(records) * sizeof(*records->links));
    region_release(records->rows, row_count(records) * sizeof(*records->rows));
    memset(records, 0, sizeof(*records));
}

// ── finding ────────────────────────────────────────────────────────────────

static bool
is_past(const struct event_records *records, uint32_t event)
{
    return event >= records->lasting.begin &&
           records->rows[event].time < records->horizon;
}

uint32_t
event_records_find(const struct event_records *records, uint64_t hash)
{
    struct table_walk walk = table_walk(&records->by_hash, hash);
    uint32_t event;
    while ((event = table_next(&records->by_hash, &walk)) != TABLE_NONE) {
        if (records->rows[event].hash == hash && !is_past(records, event)) {
            return event;
        }
    }
    return EVENT_NONE;
}

// ── coming and going ───────────────────────────────────────────────────────

static void
enter(struct event_records *records, uint32_t event)
{
    const struct event *row = &records->rows[event];
    table_add(&records->by_hash, row->hash, event);
}

// Removes the oldest of the part from the index.
static uint32_t
leave(struct event_records *records, struct event_records_part *part)
{
    uint32_t event = event_records_row(part, part->first++);
    const struct event *row = &records->rows[event];
    table_remove(&records->by_hash, row->hash, event);
    return event;
}

static bool
is_full(const struct event_records_part *part)
{
    return part->next - part->first == part->size;
}

static bool
is_to_last(const struct event_records *records, const struct event *row)
{
    return (row->flags & (EVENT_LASTING | EVENT_UNDONE)) == EVENT_LASTING &&
           row->time >= records->horizon && records->lasting.size != 0;
}

static void
move_notes(struct event_records *records, struct event *row)
{
    const uint32_t *from = record_at(&records->newest.notes, row->notes);
    size_t size = row->words * sizeof(uint32_t);
    struct ring *notes = &records->lasting.notes;
    row->notes = from != NULL ? (uint32_t)ring_put(notes, size) : 0;
    uint32_t *to = record_at(notes, row->notes);
    if (to != NULL) {
        memcpy(to, from, size);
    }
}

static void
move_on(struct event_records *records)
{
    uint32_t from = leave(records, &records->newest);
    uint32_t to = event_records_row(&records->lasting, records->lasting.next++);
    records->rows[to] = records->rows[from];
    if ((records->rows[to].flags & EVENT_VIA) != 0) {
        records->links[to] = records->links[from];
    }
    move_notes(records, &records->rows[to]);
    enter(records, to);
}

static uint32_t
forget_lasting(struct event_records *records)
{
    uint32_t event = leave(records, &records->lasting);
    const struct event *row = &records->rows[event];
    if (row->time >= records->horizon && (row->flags & EVENT_UNDONE) == 0) {
        records->forgotten++;
        records->forgotten_time =
            row->time > records->forgotten_time ? row->time : records->forgotten_time;
    }
    return event;
}

uint32_t
event_records_forget(struct event_records *records)
{
    struct event_records_part *lasting = &records->lasting;
    if (is_full(&records->newest)) {
        uint32_t oldest = event_records_row(&records->newest, records->newest.first);
        if (!is_to_last(records, &records->rows[oldest])) {
            return leave(records, &records->newest);
        }
        if (is_full(lasting)) {
            return forget_lasting(records);
        }
        move_on(records);
    }
    bool is_over = lasting->first != lasting->next &&
                   is_past(records, event_records_row(lasting, lasting->first));
    return is_over ? forget_lasting(records) : EVENT_NONE;
}

uint32_t
event_records_add(struct event_records *records, uint64_t hash)
{
    assert(!is_full(&records->newest));
    uint32_t event = event_records_row(&records->newest, records->newest.next++);
    struct event *row = &records->rows[event];
    memset(row, 0, sizeof(*row));
    row->hash = hash;
    row->target = UINT32_MAX;
    enter(records, event);
    return event;
}

// ── contents of an event ───────────────────────────────────────────────────

uint64_t
event_records_via(const struct event_records *records, uint32_t event)
{
    return (records->rows[event].flags & EVENT_VIA) != 0 ? records->links[event] : 0;
}

void
event_records_set_via(struct event_records *records, uint32_t event, uint64_t via)
{
    records->rows[event].flags |= EVENT_VIA;
    records->links[event] = via;
}

static uint32_t *
notes_of(const struct event_records *records, uint32_t event)
{
    return record_at(&event_records_part_of(records, event)->notes,
                     records->rows[event].notes);
}

static bool
is_short(struct event_records_entry entry)
{
    return (entry.where & EVENT_RECORDS_CASCADE) == 0 && entry.amount == 1;
}

static uint32_t *
write_entry(uint32_t *record, struct event_records_entry entry)
{
    *record++ = entry.where | (is_short(entry) ? SHORT_BIT : 0);
    if (!is_short(entry)) {
        *record++ = entry.amount;
    }
    return record;
}

void
event_records_note(struct event_records *records, uint32_t event,
                   const struct event_records_entry *entries, size_t count)
{
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        words += is_short(entries[i]) ? 1 : 2;
    }
    if (words == 0 || words > UINT16_MAX) {
        return;
    }
    struct event *row = &records->rows[event];
    row->notes = (uint32_t)ring_put(&records->newest.notes, words * sizeof(uint32_t));
    row->words = (uint16_t)words;
    uint32_t *record = notes_of(records, event);
    for (size_t i = 0; record != NULL && i < count; i++) {
        record = write_entry(record, entries[i]);
    }
}

bool
event_records_note_more(struct event_records *records, uint32_t event,
                        struct event_records_entry entry)
{
    struct event *row = &records->rows[event];
    uint32_t words = row->words + (is_short(entry) ? 1u : 2u);
    struct ring *notes = event >= records->lasting.begin ? &records->lasting.notes
                                                         : &records->newest.notes;
    if (words > UINT16_MAX || notes_of(records, event) == NULL) {
        return false;
    }
    uint32_t place = (uint32_t)ring_put(notes, words * sizeof(uint32_t));
    const uint32_t *from = notes_of(records, event);
    uint32_t *to = record_at(notes, place);
    if (from == NULL || to == NULL) {
        return false; // the ring came round to it
    }
    memcpy(to, from, row->words * sizeof(uint32_t));
    (void)write_entry(to + row->words, entry);
    row->notes = place;
    row->words = (uint16_t)words;
    return true;
}

bool
event_records_find_entry(const struct event_records *records, uint32_t event,
                         struct event_records_entry wanted,
                         struct event_records_entry *ret_entry)
{
    struct event_records_cursor cursor = {0};
    while (event_records_next(records, event, &cursor, ret_entry)) {
        if ((ret_entry->where & EVENT_RECORDS_CASCADE) != 0 &&
            (ret_entry->where & EVENT_RECORDS_REPLY) == 0 &&
            (ret_entry->where & EVENT_RECORDS_INDEX) == wanted.where &&
            ret_entry->amount == wanted.amount) {
            return true;
        }
    }
    return false;
}

bool
event_records_mark_act(struct event_records *records, uint32_t event,
                       struct event_records_entry entry)
{
    uint32_t *record = notes_of(records, event);
    struct event_records_cursor cursor = {0};
    struct event_records_entry found;
    uint32_t at = 0;
    while (event_records_next(records, event, &cursor, &found)) {
        if (found.where == entry.where && found.amount == entry.amount) {
            record[at] |= EVENT_RECORDS_ACT;
            return true;
        }
        at = cursor.at;
    }
    return false;
}

bool
event_records_next(const struct event_records *records, uint32_t event,
                   struct event_records_cursor *cursor,
                   struct event_records_entry *ret_entry)
{
    const uint32_t *record = notes_of(records, event);
    if (record == NULL || cursor->at >= records->rows[event].words) {
        return false;
    }
    uint32_t word = record[cursor->at++];
    bool is_one = (word & (EVENT_RECORDS_CASCADE | SHORT_BIT)) == SHORT_BIT;
    ret_entry->where = is_one ? word & ~SHORT_BIT : word;
    ret_entry->amount = is_one ? 1 : record[cursor->at++];
    return true;
}

bool
event_records_is_lost(const struct event_records *records, uint32_t event)
{
    return records->rows[event].words != 0 && notes_of(records, event) == NULL;
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
event_records_put_text(struct event_records *records, uint32_t event,
                       const struct event_records_words *words)
{
    size_t len = words->text.len + words->lang.len + words->id.len;
    uint64_t place =
        len != 0 ? ring_put(&records->texts, sizeof(struct words_record) + len) : 0;
    struct words_record *record = ring_at(&records->texts, place);
    if (record == NULL) {
        return;
    }
    record->text_len = (uint32_t)words->text.len;
    record->lang_len = (uint32_t)words->lang.len;
    record->id_len = (uint32_t)words->id.len;
    append(append(append(record->bytes, words->text), words->lang), words->id);
    records->rows[event].text = (uint32_t)place;
}

bool
event_records_text(const struct event_records *records, uint32_t event,
                   struct event_records_words *ret_words)
{
    const struct words_record *record =
        record_at(&records->texts, records->rows[event].text);
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
event_records_wipe_text(struct event_records *records, uint32_t event)
{
    struct event *row = &records->rows[event];
    struct words_record *record = record_at(&records->texts, row->text);
    row->text = 0;
    if (record != NULL) {
        memset(record->bytes, 0,
               (size_t)record->text_len + record->lang_len + record->id_len);
    }
}

static void
look_for_text(const struct event_records *records,
              const struct event_records_part *part, uint64_t *oldest)
{
    const struct ring *texts = &records->texts;
    for (uint64_t i = part->first; i < part->next; i++) {
        uint32_t text = records->rows[event_records_row(part, i)].text;
        uint64_t place = whole_place(texts, text);
        if (text != 0 && ring_at(texts, place) != NULL && place < *oldest) {
            *oldest = place;
        }
    }
}

void
event_records_wipe_unused(struct event_records *records)
{
    uint64_t oldest = records->texts.head;
    look_for_text(records, &records->newest, &oldest);
    look_for_text(records, &records->lasting, &oldest);
    ring_wipe(&records->texts, oldest);
}

// ── snapshots ──────────────────────────────────────────────────────────────

static void
part_move(struct event_records *records, struct event_records_part *part,
          struct snapshot *snapshot)
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
        snapshot_bytes(snapshot, &records->rows[event_records_row(part, i)],
                       run * sizeof(*records->rows));
    }
    for (uint64_t i = part->first; i < part->next && !snapshot->is_failed; i++) {
        uint32_t event = event_records_row(part, i);
        if ((records->rows[event].flags & EVENT_VIA) != 0) {
            SNAPSHOT_VALUE(snapshot, records->links[event]);
        }
    }
    ring_move(&part->notes, snapshot);
}

void
event_records_move(struct event_records *records, struct snapshot *snapshot)
{
    part_move(records, &records->newest, snapshot);
    part_move(records, &records->lasting, snapshot);
    SNAPSHOT_VALUE(snapshot, records->horizon);
    SNAPSHOT_VALUE(snapshot, records->forgotten);
    SNAPSHOT_VALUE(snapshot, records->forgotten_time);
    table_move(&records->by_hash, snapshot);
    ring_move(&records->texts, snapshot);
}
