#include "pipeline/changes/change.h"

#include <math.h>

#include "base/decimal.h"

enum { NUMBER_MAX = 32, ESTIMATE_DIGITS = 4 };

void
change_show(struct pipeline *pipeline, enum change_kind kind, struct slice name,
            struct change *ret_change)
{
    arena_reset(&pipeline->flush.scratch);
    *ret_change = (struct change){
        .kind = kind, .name = name, .is_whole = true, .fields = pipeline->flush.fields};
}

void
change_put(struct pipeline *pipeline, struct change *change, struct slice name,
           struct slice value)
{
    pipeline->flush.fields[change->field_count++] = (struct change_field){name, value};
}

struct slice
change_number(struct pipeline *pipeline, uint64_t value)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, NUMBER_MAX);
    if (text == NULL) {
        return SLICE_NONE;
    }
    char *at = text + NUMBER_MAX;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return (struct slice){at, (size_t)(text + NUMBER_MAX - at)};
}

struct slice
change_rate(struct pipeline *pipeline, uint64_t count, uint64_t unit)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, NUMBER_MAX);
    if (text == NULL) {
        return SLICE_NONE;
    }
    uint64_t digits = count / unit;
    uint64_t rest = count % unit;
    int places = 0;
    while (count != 0 && digits < UINT64_C(1000000000)) {
        digits = 10 * digits + 10 * rest / unit;
        rest = 10 * rest % unit;
        places++;
    }
    digits += rest >= unit - rest;
    for (; places != 0 && digits % 10 == 0; places--) {
        digits /= 10;
    }
    char *at = text + NUMBER_MAX;
    do {
        *--at = (char)('0' + digits % 10);
        digits /= 10;
        if (--places == 0) {
            *--at = '.';
        }
    } while (digits != 0 || places >= 0);
    return (struct slice){at, (size_t)(text + NUMBER_MAX - at)};
}

struct slice
change_estimate(struct pipeline *pipeline, double value)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, DECIMAL_TEXT_MAX);
    if (text == NULL || !isfinite(value)) {
        return SLICE_NONE;
    }
    return (struct slice){text, decimal_put(text, value, ESTIMATE_DIGITS)};
}

struct slice
change_ms(struct pipeline *pipeline, usec time)
{
    return change_number(pipeline, (uint64_t)(time / USEC_PER_MS));
}

// How much earlier than needed the time to live of a key that lasts `length` is
// renewed.
static usec
slack_of(usec length)
{
    return length / 24 > USEC_PER_MIN ? length / 24 : USEC_PER_MIN;
}

uint32_t
change_now(const struct pipeline *pipeline)
{
    return (uint32_t)(pipeline->clock / USEC_PER_S);
}

void
change_begin(const struct pipeline *pipeline, struct change *change,
             const struct change_key *key)
{
    usec slack = slack_of(key->length);
    change->is_fresh = !key->is_written;
    change->is_whole = key->is_stale || change->is_fresh ||
                       change_now(pipeline) - key->whole_at >= slack / USEC_PER_S;
    change->ttl = key->length + 2 * slack;
}

void
change_fly(struct pipeline *pipeline, enum change_kind kind, uint32_t index)
{
    pipeline->flush.flying[pipeline->flush.flying_next++ % CHANGES_IN_FLIGHT_MAX] =
        (struct flying){kind, index};
}
