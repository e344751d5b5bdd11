#include "pipeline/windows.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"

#define UNDO_BIT ((uint32_t)1 << 31)

enum { PREFETCH_AHEAD = 8 };

static void
window_init(struct window *window, usec length, uint32_t slot)
{
    window->step = length / WINDOWS_STEPS;
    window->slot = slot;
}

bool
windows_init(struct windows *windows, const struct option_spans *spans, uint64_t bytes,
             uint32_t counters)
{
    memset(windows, 0, sizeof(*windows));
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

    uint32_t slots = windows->shown > 2 ? windows->shown : 2;
    windows->stride = sizeof(struct counter) + slots * sizeof(uint64_t);
    windows->counter_capacity = counters;
    windows->counter_free = COUNTER_NONE;
    windows->counter_dead = COUNTER_NONE;
    // Every list may end in a chunk that is hardly used.
    uint64_t partial = (uint64_t)(windows->shown + 2) * WINDOWS_STEPS * WINDOWS_LISTS;
    uint64_t chunks = bytes / sizeof(*windows->chunks) + 1 + partial;
    if (chunks >= UINT32_MAX || counters >= COUNTER_MOST) {
        return false;
    }
    windows->chunk_capacity = (uint32_t)chunks;
    windows->counters = region_reserve((size_t)counters * windows->stride);
    windows->chunks = region_reserve((size_t)chunks * sizeof(*windows->chunks));
    return windows->counters != NULL && windows->chunks != NULL;
}

void
windows_fini(struct windows *windows)
{
    region_release(windows->chunks,
                   (size_t)windows->chunk_capacity * sizeof(*windows->chunks));
    region_release(windows->counters,
                   (size_t)windows->counter_capacity * windows->stride);
    memset(windows, 0, sizeof(*windows));
}

bool
windows_have_room(const struct windows *windows, size_t amounts)
{
    size_t lists = (size_t)(windows->shown + 2) * WINDOWS_LISTS;
    // A list takes at most one chunk more than its entries fill.
    size_t chunks = lists * (1 + 2 * amounts / WINDOWS_CHUNK);
    return windows->chunk_capacity - windows->chunk_count >= chunks &&
           windows->counter_capacity - windows->counter_count >= amounts;
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

static void
list_append(struct windows *windows, struct window *window, uint32_t word,
            uint32_t amount)
{
    enum windows_list kind = amount == 1 ? WINDOWS_ONES : WINDOWS_AMOUNTS;
    size_t step = (size_t)window->at % WINDOWS_STEPS;
    uint32_t ref = window->last[kind][step];
    if (ref == 0 || chunk_of(windows, ref)->count == WINDOWS_CHUNK) {
        uint32_t fresh = chunk_create(windows);
        if (ref == 0) {
            window->first[kind][step] = fresh;
        } else {
            chunk_of(windows, ref)->next = fresh;
        }
        window->last[kind][step] = fresh;
        ref = fresh;
    }
    struct windows_chunk *chunk = chunk_of(windows, ref);
    chunk->words[chunk->count++] = word;
    if (kind == WINDOWS_AMOUNTS) {
        chunk->words[chunk->count++] = amount;
    }
    window->entries++;
}

static void
entry_drain(struct windows *windows, uint32_t word, uint64_t amount, uint32_t slot)
{
    uint32_t index = word & ~UNDO_BIT;
    struct counter *counter = windows_counter(windows, index);
    counter->refs--;
    if (counter->owner == COUNTER_ORPHAN) {
        if (counter->refs == 0) {
            windows_counter_destroy(windows, index);
        }
        return;
    }
    counter->value[slot] += (word & UNDO_BIT) != 0 ? amount : -amount;
    windows->touched(windows->context, index, (uint32_t)1 << slot);
}

static void
list_drain(struct windows *windows, struct window *window, enum windows_list kind,
           size_t step)
{
    uint32_t width = kind == WINDOWS_ONES ? 1 : 2;
    uint32_t ref = window->first[kind][step];
    window->first[kind][step] = 0;
    window->last[kind][step] = 0;
    while (ref != 0) {
        const struct windows_chunk *chunk = chunk_of(windows, ref);
        for (uint32_t i = 0; i < chunk->count; i += width) {
            if (i + PREFETCH_AHEAD < chunk->count) {
                uint32_t ahead = chunk->words[i + PREFETCH_AHEAD];
                __builtin_prefetch(windows_counter(windows, ahead & ~UNDO_BIT));
            }
            entry_drain(windows, chunk->words[i],
                        kind == WINDOWS_ONES ? 1 : chunk->words[i + 1], window->slot);
        }
        window->entries -= chunk->count / width;
        uint32_t next = chunk->next;
        chunk_destroy(windows, ref);
        ref = next;
    }
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
        for (int64_t k = 1; k <= leaving; k++) {
            // The list of a step that enters is the list of the one that leaves.
            size_t step_left = (size_t)(window->current + k) % WINDOWS_STEPS;
            list_drain(windows, window, WINDOWS_ONES, step_left);
            list_drain(windows, window, WINDOWS_AMOUNTS, step_left);
        }
        if (step > window->current) {
            window->current = step;
        }
    }
}

void
windows_at(struct windows *windows, usec time)
{
    for (uint32_t i = 0; i < windows->shown + 2; i++) {
        windows->window[i].at = usec_floor_div(time, windows->window[i].step);
    }
}

static uint32_t
change(struct windows *windows, uint32_t word, uint32_t amount, bool velocity)
{
    bool is_undo = (word & UNDO_BIT) != 0;
    struct counter *counter = windows_counter(windows, word & ~UNDO_BIT);
    uint32_t from = velocity ? windows->shown : 0;
    uint32_t to = velocity ? windows->shown + 2 : windows->shown;
    uint32_t slots = 0;
    for (uint32_t i = from; i < to; i++) {
        struct window *window = &windows->window[i];
        if (window->at <= window->current - WINDOWS_STEPS) {
            continue;
        }
        assert(window->at <= window->current);
        counter->value[window->slot] += is_undo ? -(uint64_t)amount : amount;
        counter->refs++;
        list_append(windows, window, word, amount);
        slots |= (uint32_t)1 << window->slot;
    }
    return slots;
}

bool
windows_add(struct windows *windows, uint32_t counter, uint32_t amount)
{
    bool velocity = windows_counter(windows, counter)->tally == TALLY_VELOCITY;
    uint32_t slots = change(windows, counter, amount, velocity);
    if (slots != 0) {
        windows->touched(windows->context, counter, slots);
    }
    return slots != 0;
}

void
windows_take_back(struct windows *windows, uint32_t counter, bool is_velocity,
                  uint32_t amount)
{
    uint32_t slots = change(windows, counter | UNDO_BIT, amount, is_velocity);
    if (slots != 0 && windows_counter(windows, counter)->owner != COUNTER_ORPHAN) {
        windows->touched(windows->context, counter, slots);
    }
}

uint32_t
windows_counter_create(struct windows *windows, enum tally tally, uint32_t owner)
{
    uint32_t index = windows->counter_free;
    if (index != COUNTER_NONE) {
        windows->counter_free = windows_counter(windows, index)->next;
    } else {
        assert(windows->counter_high < windows->counter_capacity);
        index = windows->counter_high++;
    }
    windows->counter_count++;
    struct counter *counter = windows_counter(windows, index);
    memset(counter, 0, windows->stride);
    counter->owner = owner;
    counter->next = COUNTER_NONE;
    counter->tally = (uint8_t)tally;
    return index;
}

void
windows_counter_destroy(struct windows *windows, uint32_t index)
{
    struct counter *counter = windows_counter(windows, index);
    assert(counter->refs == 0);
    counter->owner = COUNTER_ORPHAN;
    counter->members = 0;
    counter->next = windows->counter_dead;
    windows->counter_dead = index;
}

void
windows_counter_hide(struct windows *windows, uint32_t index)
{
    struct counter *counter = windows_counter(windows, index);
    // The boards drop it when they next look.
    windows->touched(windows->context, index, ((uint32_t)1 << windows->shown) - 1);
    counter->is_hidden = 1;
    counter->members = 0;
}

void
windows_counter_orphan(struct windows *windows, uint32_t index)
{
    struct counter *counter = windows_counter(windows, index);
    windows_counter_hide(windows, index);
    counter->owner = COUNTER_ORPHAN;
    if (counter->refs == 0) {
        windows_counter_destroy(windows, index);
    }
}

void
windows_bury(struct windows *windows)
{
    while (windows->counter_dead != COUNTER_NONE) {
        uint32_t index = windows->counter_dead;
        struct counter *counter = windows_counter(windows, index);
        windows->counter_dead = counter->next;
        counter->next = windows->counter_free;
        windows->counter_free = index;
        windows->counter_count--;
    }
}

void
windows_visit(const struct windows *windows, uint32_t index, windows_visit_fn visit,
              void *context)
{
    const struct window *window = &windows->window[index];
    for (size_t list = 0; list < (size_t)WINDOWS_LISTS * WINDOWS_STEPS; list++) {
        enum windows_list kind = list < WINDOWS_STEPS ? WINDOWS_ONES : WINDOWS_AMOUNTS;
        uint32_t width = kind == WINDOWS_ONES ? 1 : 2;
        for (uint32_t ref = window->first[kind][list % WINDOWS_STEPS]; ref != 0;
             ref = chunk_of(windows, ref)->next) {
            const struct windows_chunk *chunk = chunk_of(windows, ref);
            for (uint32_t i = 0; i < chunk->count; i += width) {
                visit(context, chunk->words[i] & ~UNDO_BIT);
            }
        }
    }
}
