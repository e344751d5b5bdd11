#include "pipeline/campaigns/course.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/snapshot.h"

struct course *
course_create(uint32_t windows, usec since)
{
    struct course *course =
        calloc(1, sizeof(*course) + windows * sizeof(course->rings[0]));
    if (course != NULL) {
        course->windows = windows;
        course->since = since;
        course->growth.width = USEC_PER_MIN;
    }
    return course;
}

void
course_destroy(struct course **course)
{
    free(*course);
    *course = NULL;
}

// ── windows ────────────────────────────────────────────────────────────────

// Steps before 1970 are negative.
static size_t
place_of(int64_t step)
{
    return (size_t)(step - usec_floor_div(step, COURSE_STEPS) * COURSE_STEPS);
}

static uint64_t *
step_at(struct course_ring *ring, int64_t step)
{
    return ring->steps[place_of(step)];
}

// Empties the steps that enter.
static void
ring_advance(struct course_ring *ring, int64_t current)
{
    if (current - ring->current >= COURSE_STEPS) {
        memset(ring->steps, 0, sizeof(ring->steps));
        ring->current = current;
    }
    while (ring->current < current) {
        ring->current++;
        memset(step_at(ring, ring->current), 0, sizeof(ring->steps[0]));
    }
}

void
course_count(struct course *course, const struct windows *windows,
             const struct windows_moment *moment, struct course_amount amount)
{
    for (uint32_t i = 0; i < course->windows; i++) {
        struct course_ring *ring = &course->rings[i];
        int64_t step = moment->step[i];
        ring_advance(ring, windows->window[i].current);
        assert(step <= ring->current);
        if (step > ring->current - COURSE_STEPS) {
            uint64_t *value = &step_at(ring, step)[amount.figure];
            uint64_t undone = *value < amount.amount ? *value : amount.amount;
            *value = amount.is_undo ? *value - undone : *value + amount.amount;
        }
    }
}

uint64_t
course_sum(const struct course *course, const struct windows *windows, uint32_t window,
           enum course_period period, uint32_t figure)
{
    const struct course_ring *ring = &course->rings[window];
    int64_t last = windows->window[window].current;
    last -= period == COURSE_BEFORE ? WINDOWS_STEPS : 0;
    uint64_t sum = 0;
    for (int64_t step = last - WINDOWS_STEPS + 1; step <= last; step++) {
        if (step <= ring->current && step > ring->current - COURSE_STEPS) {
            sum += ring->steps[place_of(step)][figure];
        }
    }
    return sum;
}

static void
ring_rewind(struct course_ring *ring, int64_t current)
{
    uint64_t later[COURSE_FIGURES] = {0};
    if (current >= ring->current) {
        return;
    }
    int64_t oldest = ring->current - COURSE_STEPS + 1;
    for (int64_t step = oldest > current ? oldest : current; step <= ring->current;
         step++) {
        uint64_t *values = step_at(ring, step);
        for (uint32_t i = 0; i < COURSE_FIGURES; i++) {
            later[i] += values[i];
            values[i] = 0;
        }
    }
    ring->current = current;
    memcpy(step_at(ring, current), later, sizeof(later));
}

// ── growth ─────────────────────────────────────────────────────────────────

static void
bins_join(uint64_t *into, uint64_t *from)
{
    for (uint32_t i = 0; i < COURSE_GROWING; i++) {
        into[i] += from[i];
        from[i] = 0;
    }
}

static void
widen(struct course_growth *growth)
{
    int64_t first = usec_floor_div(growth->first, 2);
    for (uint32_t i = 0; i < growth->count; i++) {
        int64_t bin = usec_floor_div(growth->first + i, 2);
        if ((uint32_t)(bin - first) != i) {
            bins_join(growth->values[bin - first], growth->values[i]);
        }
    }
    int64_t last = usec_floor_div(growth->first + growth->count - 1, 2);
    growth->first = first;
    growth->count = (uint32_t)(last - first + 1);
    growth->width *= 2;
}

// The bin in which that time counts.
static int64_t
bin_of(const struct course_growth *growth, usec time)
{
    int64_t bin = usec_floor_div(time, growth->width);
    return bin < growth->first ? growth->first : bin;
}

void
course_growth_begin(struct course_growth *growth, usec time)
{
    if (growth->count == 0) {
        growth->first = usec_floor_div(time, growth->width);
        growth->count = 1;
    }
}

// Makes the bin of that time.
static uint64_t *
bin_make(struct course_growth *growth, usec time)
{
    course_growth_begin(growth, time);
    while (bin_of(growth, time) - growth->first >= COURSE_BINS) {
        widen(growth);
    }
    uint32_t index = (uint32_t)(bin_of(growth, time) - growth->first);
    growth->count = index < growth->count ? growth->count : index + 1;
    return growth->values[index];
}

void
course_growth_reach(struct course_growth *growth, usec time)
{
    if (growth->count != 0) {
        (void)bin_make(growth, time);
    }
}

void
course_growth_add(struct course_growth *growth, usec time, enum course_growing what)
{
    bin_make(growth, time)[what]++;
}

void
course_growth_take(struct course_growth *growth, usec time, enum course_growing what)
{
    int64_t index = bin_of(growth, time) - growth->first;
    if (index < growth->count) {
        uint64_t *value = &growth->values[index][what];
        *value -= *value != 0;
    }
}

void
course_classes(const struct course_growth *growth,
               struct course_class ret_classes[COURSE_CLASSES])
{
    static const uint64_t per_mille[COURSE_CLASSES] = {25, 160, 500, 840, 1000};
    uint64_t all = 0;
    for (uint32_t i = 0; i < growth->count; i++) {
        all += growth->values[i][COURSE_PEOPLE];
    }
    uint64_t joined = 0; // up to the bin
    uint64_t before = 0; // in the classes before
    uint32_t bin = 0;
    for (uint32_t i = 0; i < COURSE_CLASSES; i++) {
        uint64_t last = all * per_mille[i] / 1000;
        struct course_class class = {.people = last - before};
        for (uint32_t k = 0; class.people != 0 && k < 2; k++) {
            uint64_t rank = k == 0 ? before + 1 : last;
            while (joined < rank) {
                joined += growth->values[bin++][COURSE_PEOPLE];
            }
            *(k == 0 ? &class.from : &class.until) = bin - 1;
        }
        ret_classes[i] = class;
        before = last;
    }
}

static void
growth_rewind(struct course_growth *growth, usec clock)
{
    int64_t bin = usec_floor_div(clock, growth->width);
    if (growth->count == 0 || bin >= growth->first + growth->count - 1) {
        return;
    }
    uint64_t later[COURSE_GROWING] = {0};
    uint32_t kept = bin > growth->first ? (uint32_t)(bin - growth->first) : 0;
    for (uint32_t i = kept; i < growth->count; i++) {
        bins_join(later, growth->values[i]);
    }
    growth->first = kept != 0 ? growth->first : bin;
    growth->count = kept + 1;
    memcpy(growth->values[kept], later, sizeof(later));
}

// ── all of it ──────────────────────────────────────────────────────────────

void
course_rewind(struct course *course, const struct windows *windows, usec clock)
{
    for (uint32_t i = 0; i < course->windows; i++) {
        ring_rewind(&course->rings[i], windows->window[i].current);
    }
    growth_rewind(&course->growth, clock);
    course->since = course->since < clock ? course->since : clock;
}

void
course_move(struct course *course, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, course->since);
    SNAPSHOT_VALUE(snapshot, course->growth);
    const struct course_growth *growth = &course->growth;
    if (!snapshot_expect(snapshot, growth->count <= COURSE_BINS && growth->width > 0)) {
        course->growth = (struct course_growth){.width = USEC_PER_MIN};
    }
    for (uint32_t i = 0; i < course->windows; i++) {
        SNAPSHOT_VALUE(snapshot, course->rings[i]);
    }
}
