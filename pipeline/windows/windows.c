#include "pipeline/windows/windows.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/windows/packed_entries.h"

#define UNDO_BIT ((uint32_t)1 << 31)

enum {
    PREFETCH_AHEAD = 8,
    CHUNK_BYTES = WINDOWS_CHUNK * sizeof(uint32_t),
};

// Twice WINDOWS_PACK entries: the sort alternates between two halves.
#define SCRATCH_BYTES (2 * (size_t)WINDOWS_PACK * sizeof(uint64_t))

static bool
is_merged(const struct counter *counter)
{
    return (counter->kind & COUNTER_MERGED) != 0;
}

static void
window_init(struct window *window, usec length, uint32_t slot)
{
    window->step = length / WINDOWS_STEPS;
    window->slot = slot;
}

bool
windows_init(struct windows *windows, const struct windows_needs *needs)
{
    const struct option_spans *spans = needs->spans;
    memset(windows, 0, sizeof(*windows));
    windows->touched = needs->touched;
    windows->context = needs->context;
    windows->shown = (uint32_t)spans->count;
    for (uint32_t i = 0; i < windows->shown; i++) {
        window_init(&windows->window[i], spans->length[i], i);
        if (spans->length[i] > spans->length[windows->longest]) {
            windows->longest = i;
        }
    }
    window_init(&windows->window[windows->shown], 5 * USEC_PER_MIN,
                WINDOWS_VELOCITY_5M);
    window_init(&windows->window[windows->shown + 1], USEC_PER_HOUR,
                WINDOWS_VELOCITY_1H);

    windows->window[windows->longest].is_packed = true;

    // The last chunk of every list may be almost empty.
    uint64_t partial = (uint64_t)(windows->shown + 2) * WINDOWS_STEPS * WINDOWS_KINDS;
    uint64_t chunks = needs->bytes / sizeof(*windows->chunks) + 1 + partial;
    if (chunks >= UINT32_MAX || needs->counters >= COUNTER_MAX) {
        return false;
    }
    windows->chunk_capacity = (uint32_t)chunks;
    windows->chunks = region_reserve((size_t)chunks * sizeof(*windows->chunks));
    windows->scratch = region_reserve(SCRATCH_BYTES);
    uint32_t slots = windows->shown > 2 ? windows->shown : 2;
    return counters_init(&windows->counters, needs->counters, slots) &&
           windows->chunks != NULL && windows->scratch != NULL;
}

void
windows_fini(struct windows *windows)
{
    counters_fini(&windows->counters);
    region_release(windows->scratch, SCRATCH_BYTES);
    region_release(windows->chunks,
                   (size_t)windows->chunk_capacity * sizeof(*windows->chunks));
    memset(windows, 0, sizeof(*windows));
}

bool
windows_have_room(const struct windows *windows, size_t amounts)
{
    size_t lists = (size_t)(windows->shown + 2) * WINDOWS_KINDS;
    // A list needs at most one chunk more than its entries fill.
    size_t chunks = lists * (1 + 2 * amounts / WINDOWS_CHUNK);
    return windows->chunk_capacity - windows->chunk_count >= chunks &&
           windows->counters.capacity - windows->counters.count >= amounts;
}

static struct windows_chunk *
chunk_of(const struct windows *windows, uint32_t ref)
{
    return &windows->chunks[ref - 1];
}

static uint32_t
chunk_create(struct windows *windows)
{
    uint32_t ref = windows->chunk_free;
    if (ref != 0) {
        windows->chunk_free = chunk_of(windows, ref)->next;
    } else {
        assert(windows->chunk_high < windows->chunk_capacity);
        ref = ++windows->chunk_high;
    }
    windows->chunk_count++;
    struct windows_chunk *chunk = chunk_of(windows, ref);
    chunk->next = 0;
    chunk->count = 0;
    return ref;
}

static void
chunk_destroy(struct windows *windows, uint32_t ref)
{
    chunk_of(windows, ref)->next = windows->chunk_free;
    windows->chunk_free = ref;
    windows->chunk_count--;
}

static struct windows_chunk *
list_extend(struct windows *windows, struct windows_list *list)
{
    uint32_t fresh = chunk_create(windows);
    if (list->first == 0) {
        list->first = fresh;
    } else {
        chunk_of(windows, list->last)->next = fresh;
    }
    list->last = fresh;
    list->chunks++;
    return chunk_of(windows, fresh);
}

// ── reading lists ──────────────────────────────────────────────────────────

typedef void (*entry_fn)(void *context, uint32_t word, uint32_t amount);

static void
chunk_read(struct windows *windows, const struct windows_chunk *chunk,
           enum windows_kind kind, entry_fn read, void *context)
{
    if (kind == WINDOWS_PACKED) {
        struct packed_entries_cursor cursor = {(const uint8_t *)chunk->words,
                                               chunk->count, 0};
        struct packed_entries_entry entry;
        while (packed_entries_next(&cursor, &entry)) {
            read(context, entry.index | (entry.is_undo ? UNDO_BIT : 0), entry.amount);
        }
        return;
    }
    uint32_t width = kind == WINDOWS_ONES ? 1 : 2;
    for (uint32_t i = 0; i < chunk->count; i += width) {
        if (i + PREFETCH_AHEAD < chunk->count) {
            uint32_t ahead = chunk->words[i + PREFETCH_AHEAD];
            __builtin_prefetch(counters_at(&windows->counters, ahead & ~UNDO_BIT));
        }
        read(context, chunk->words[i], width == 1 ? 1 : chunk->words[i + 1]);
    }
}

// Calls the visitor for each entry and empties the list.
static void
list_take(struct windows *windows, struct windows_list *list, enum windows_kind kind,
          entry_fn read, void *context)
{
    uint32_t ref = list->first;
    *list = (struct windows_list){0, 0, 0};
    while (ref != 0) {
        const struct windows_chunk *chunk = chunk_of(windows, ref);
        chunk_read(windows, chunk, kind, read, context);
        uint32_t next = chunk->next;
        chunk_destroy(windows, ref);
        ref = next;
    }
}

static uint32_t
release_merged(struct windows *windows, uint32_t index)
{
    const struct counter *counter = counters_at(&windows->counters, index);
    uint32_t into = counter->owner;
    counters_refer(&windows->counters, into, -1);
    if (counters_refs(&windows->counters, counter) == 0) {
        counters_destroy(&windows->counters, index);
    }
    return into;
}

// Removes one reference to the counter and returns the counter that holds its numbers.
// Entries of merged counters hold that one, too.
static inline uint32_t
release(struct windows *windows, uint32_t index)
{
    counters_refer(&windows->counters, index, -1);
    return is_merged(counters_at(&windows->counters, index))
               ? release_merged(windows, index)
               : index;
}

struct drain {
    struct windows *windows;
    struct window *window;
};

static void
entry_drain(void *context, uint32_t word, uint32_t amount)
{
    const struct drain *drain = context;
    struct windows *windows = drain->windows;
    uint32_t slot = drain->window->slot;
    drain->window->entries--;
    uint32_t index = release(windows, word & ~UNDO_BIT);
    struct counter *counter = counters_at(&windows->counters, index);
    if (counter->owner == COUNTER_ORPHAN) {
        if (counters_refs(&windows->counters, counter) == 0) {
            counters_destroy(&windows->counters, index);
        }
        return;
    }
    counters_add(&windows->counters, index, slot,
                 (word & UNDO_BIT) != 0 ? (int64_t)amount : -(int64_t)amount);
    windows->touched(windows->context, index, (uint32_t)1 << slot);
}

// ── packing ────────────────────────────────────────────────────────────────

struct gather {
    uint64_t *items;
    size_t count;
};

static void
entry_gather(void *context, uint32_t word, uint32_t amount)
{
    struct gather *gather = context;
    assert(gather->count < WINDOWS_PACK);
    gather->items[gather->count++] =
        packed_entries_item(word & ~UNDO_BIT, (word & UNDO_BIT) != 0, amount);
}

// Moves the entries of a list to the packed list of that step. Several entries of one
// counter become one.
static void
list_pack(struct windows *windows, struct window *window, enum windows_kind kind,
          size_t step)
{
    struct gather gather = {windows->scratch, 0};
    list_take(windows, &window->list[kind][step], kind, entry_gather, &gather);
    packed_entries_sort(gather.items, gather.items + WINDOWS_PACK, gather.count);
    size_t kept = 0;
    for (size_t i = 0; i < gather.count; i++) {
        if (kept != 0 &&
            packed_entries_merge(&gather.items[kept - 1], gather.items[i])) {
            (void)release(windows, packed_entries_index(gather.items[i]));
        } else {
            gather.items[kept++] = gather.items[i];
        }
    }
    window->entries -= gather.count - kept;
    struct windows_list *list = &window->list[WINDOWS_PACKED][step];
    for (size_t done = 0; done < kept;) {
        struct windows_chunk *chunk = list_extend(windows, list);
        size_t size;
        done += packed_entries_write((uint8_t *)chunk->words, CHUNK_BYTES,
                                     gather.items + done, kept - done, &size);
        chunk->count = (uint32_t)size;
    }
}

// The step is over: few entries will be added to it.
static void
step_pack(struct windows *windows, struct window *window, size_t step)
{
    for (enum windows_kind kind = WINDOWS_ONES; kind < WINDOWS_PACKED; kind++) {
        if (window->list[kind][step].chunks > 1) {
            list_pack(windows, window, kind, step);
        }
    }
}

// An entry as lists hold it: the counter, perhaps with UNDO_BIT.
struct item {
    uint32_t word;
    uint32_t amount;
};

static void
list_append(struct windows *windows, struct window *window, size_t step,
            struct item item)
{
    enum windows_kind kind = item.amount == 1 ? WINDOWS_ONES : WINDOWS_AMOUNTS;
    uint32_t width = kind == WINDOWS_ONES ? 1 : 2;
    struct windows_list *list = &window->list[kind][step];
    struct windows_chunk *chunk =
        list->last != 0 ? chunk_of(windows, list->last) : NULL;
    if (chunk == NULL || chunk->count == WINDOWS_CHUNK) {
        size_t per_chunk = WINDOWS_CHUNK / width;
        if (window->is_packed && (list->chunks + 1) * per_chunk > WINDOWS_PACK) {
            list_pack(windows, window, kind, step);
        }
        chunk = list_extend(windows, list);
    }
    chunk->words[chunk->count++] = item.word;
    if (width == 2) {
        chunk->words[chunk->count++] = item.amount;
    }
    window->entries++;
}

void
windows_advance(struct windows *windows, usec now)
{
    for (uint32_t i = 0; i < windows->shown + 2; i++) {
        struct window *window = &windows->window[i];
        int64_t step = usec_floor_div(now, window->step);
        int64_t leaving = step - window->current;
        if (leaving > WINDOWS_STEPS) {
            leaving = WINDOWS_STEPS;
        }
        if (leaving > 0 && window->is_packed) {
            step_pack(windows, window, (size_t)window->current % WINDOWS_STEPS);
        }
        struct drain drain = {windows, window};
        for (int64_t k = 1; k <= leaving; k++) {
            // A step that enters reuses the lists of the step that leaves.
            size_t left = (size_t)(window->current + k) % WINDOWS_STEPS;
            for (enum windows_kind kind = WINDOWS_ONES; kind < WINDOWS_KINDS; kind++) {
                list_take(windows, &window->list[kind][left], kind, entry_drain,
                          &drain);
            }
        }
        if (step > window->current) {
            window->current = step;
        }
    }
}

// Appends the lists of one step to those of another.
static void
step_join(struct windows *windows, struct window *window, size_t from, size_t to)
{
    if (window->is_packed) {
        list_pack(windows, window, WINDOWS_ONES, from);
        list_pack(windows, window, WINDOWS_AMOUNTS, from);
    }
    for (enum windows_kind kind = WINDOWS_ONES; kind < WINDOWS_KINDS; kind++) {
        struct windows_list *source = &window->list[kind][from];
        struct windows_list *list = &window->list[kind][to];
        if (source->first == 0) {
            continue;
        }
        if (list->first == 0) {
            *list = *source;
        } else {
            chunk_of(windows, list->last)->next = source->first;
            list->last = source->last;
            list->chunks += source->chunks;
        }
        *source = (struct windows_list){0, 0, 0};
    }
}

void
windows_rewind(struct windows *windows, usec now)
{
    for (uint32_t i = 0; i < windows->shown + 2; i++) {
        struct window *window = &windows->window[i];
        int64_t step = usec_floor_div(now, window->step);
        if (step >= window->current) {
            continue;
        }
        int64_t first = window->current - WINDOWS_STEPS + 1;
        first = first > 0 ? first : 0;
        for (int64_t k = step < first ? first : step + 1; k <= window->current; k++) {
            size_t from = (size_t)k % WINDOWS_STEPS;
            size_t to = (size_t)step % WINDOWS_STEPS;
            if (from != to) {
                step_join(windows, window, from, to);
            }
        }
        window->current = step;
    }
}

struct windows_moment
windows_moment(const struct windows *windows, usec time)
{
    struct windows_moment moment;
    for (uint32_t i = 0; i < windows->shown + 2; i++) {
        moment.step[i] = usec_floor_div(time, windows->window[i].step);
    }
    return moment;
}

static uint32_t
change(struct windows *windows, const struct windows_moment *moment,
       struct windows_amount by, uint32_t undo)
{
    uint32_t from = by.is_velocity ? windows->shown : 0;
    uint32_t to = by.is_velocity ? windows->shown + 2 : windows->shown;
    uint32_t slots = 0;
    for (uint32_t i = from; i < to; i++) {
        struct window *window = &windows->window[i];
        int64_t step = moment->step[i];
        if (step <= window->current - WINDOWS_STEPS) {
            continue;
        }
        assert(step <= window->current);
        counters_add(&windows->counters, by.counter, window->slot,
                     undo != 0 ? -(int64_t)by.amount : (int64_t)by.amount);
        counters_refer(&windows->counters, by.counter, 1);
        list_append(windows, window, (size_t)step % WINDOWS_STEPS,
                    (struct item){by.counter | undo, by.amount});
        slots |= (uint32_t)1 << window->slot;
    }
    return slots;
}

bool
windows_add(struct windows *windows, const struct windows_moment *moment,
            uint32_t counter, uint32_t amount)
{
    bool is_velocity =
        counter_tally(counters_at(&windows->counters, counter)) == TALLY_VELOCITY;
    uint32_t slots = change(windows, moment,
                            (struct windows_amount){counter, amount, is_velocity}, 0);
    if (slots != 0) {
        windows->touched(windows->context, counter, slots);
    }
    return slots != 0;
}

void
windows_take_back(struct windows *windows, const struct windows_moment *moment,
                  struct windows_amount taken)
{
    const struct counter *row = counters_at(&windows->counters, taken.counter);
    taken.counter = is_merged(row) ? row->owner : taken.counter;
    uint32_t slots = change(windows, moment, taken, UNDO_BIT);
    if (slots != 0 &&
        counters_at(&windows->counters, taken.counter)->owner != COUNTER_ORPHAN) {
        windows->touched(windows->context, taken.counter, slots);
    }
}

// The boards drop the counter at their next update.
static void
leave_boards(struct windows *windows, uint32_t index, enum counter_kind why)
{
    struct counter *counter = counters_at(&windows->counters, index);
    counter->kind |= (uint8_t)why;
    windows->touched(windows->context, index, ((uint32_t)1 << windows->shown) - 1);
    counter->members = 0;
}

void
windows_counter_hide(struct windows *windows, uint32_t index)
{
    leave_boards(windows, index, COUNTER_HIDDEN);
}

void
windows_counter_orphan(struct windows *windows, uint32_t index)
{
    struct counter *counter = counters_at(&windows->counters, index);
    windows_counter_hide(windows, index);
    counter->owner = COUNTER_ORPHAN;
    if (counters_refs(&windows->counters, counter) == 0) {
        counters_destroy(&windows->counters, index);
    }
}

void
windows_counter_merge(struct windows *windows, uint32_t from, uint32_t into)
{
    struct counters *counters = &windows->counters;
    struct counter *counter = counters_at(counters, from);
    uint32_t slots = ((uint32_t)1 << windows->shown) - 1;
    leave_boards(windows, from, COUNTER_MERGED);
    for (uint32_t slot = 0; slot < windows->shown; slot++) {
        counters_add(counters, into, slot,
                     (int64_t)counters_value(counters, counter, slot));
    }
    counters_refer(counters, into, (int)counters_refs(counters, counter));
    windows->touched(windows->context, into, slots);
    counter->owner = into;
    if (counters_refs(counters, counter) == 0) {
        counters_destroy(counters, from);
    }
}

struct visit {
    const struct counters *counters;
    windows_visit_fn visit;
    void *context;
};

static void
entry_visit(void *context, uint32_t word, uint32_t amount)
{
    (void)amount;
    const struct visit *visit = context;
    uint32_t index = word & ~UNDO_BIT;
    const struct counter *counter = counters_at(visit->counters, index);
    visit->visit(visit->context, is_merged(counter) ? counter->owner : index);
}

void
windows_visit(struct windows *windows, uint32_t index, windows_visit_fn visit,
              void *context)
{
    const struct window *window = &windows->window[index];
    struct visit each = {&windows->counters, visit, context};
    for (size_t i = 0; i < (size_t)WINDOWS_KINDS * WINDOWS_STEPS; i++) {
        enum windows_kind kind = (enum windows_kind)(i / WINDOWS_STEPS);
        for (uint32_t ref = window->list[kind][i % WINDOWS_STEPS].first; ref != 0;
             ref = chunk_of(windows, ref)->next) {
            chunk_read(windows, chunk_of(windows, ref), kind, entry_visit, &each);
        }
    }
}

void
windows_move(struct windows *windows, struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < windows->shown + 2; i++) {
        struct window *window = &windows->window[i];
        SNAPSHOT_VALUE(snapshot, window->current);
        SNAPSHOT_VALUE(snapshot, window->entries);
        SNAPSHOT_VALUE(snapshot, window->list);
    }
    counters_move(&windows->counters, snapshot);
    snapshot_rows(snapshot, windows->chunks, sizeof(*windows->chunks),
                  &windows->chunk_high, windows->chunk_capacity);
    SNAPSHOT_VALUE(snapshot, windows->chunk_free);
    SNAPSHOT_VALUE(snapshot, windows->chunk_count);
}
