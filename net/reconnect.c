#include "net/reconnect.h"

#include <string.h>

struct series {
    usec first;
    usec most;
    bool is_linear;
};

// X's limits apply to windows of 15 minutes, so a 429 ends within that time: waiting
// longer without a request to do so would only lose messages.
static const struct series all_series[RECONNECT_CLASS_COUNT] = {
    [RECONNECT_NETWORK] = {250 * USEC_PER_MS, 16 * USEC_PER_S, true},
    [RECONNECT_SERVER] = {5 * USEC_PER_S, 320 * USEC_PER_S, false},
    [RECONNECT_RATE] = {60 * USEC_PER_S, 960 * USEC_PER_S, false},
    [RECONNECT_STILL_OPEN] = {2 * USEC_PER_S, 30 * USEC_PER_S, false},
};

// A server that accepts and closes is not connected to in a fast loop.
#define AT_ONCE_EVERY (16 * USEC_PER_S)
#define NOT_BEFORE_MAX USEC_PER_DAY

void
reconnect_init(struct reconnect *reconnect, uint64_t seed, unsigned jitter)
{
    *reconnect = (struct reconnect){
        .seed = seed,
        .jitter = jitter < 100 ? jitter : 100,
        .at_once = USEC_NONE,
    };
}

void
reconnect_up(struct reconnect *reconnect)
{
    reconnect->is_up = true;
    for (int class = 0; class < RECONNECT_CLASS_COUNT; class ++) {
        if (class != RECONNECT_NETWORK) {
            reconnect->wait[class] = 0;
        }
    }
}

// splitmix64
static uint64_t
next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static usec
next_wait(struct reconnect *reconnect, enum reconnect_class class)
{
    const struct series *series = &all_series[class];
    usec last = reconnect->wait[class];
    usec wait = last + (series->is_linear || last == 0 ? series->first : last);
    wait = wait < series->most ? wait : series->most;
    reconnect->wait[class] = wait;
    usec span = wait * (usec)reconnect->jitter / 100;
    uint64_t width = 2 * (uint64_t)span + 1;
    wait += (usec)(next_random(&reconnect->seed) % width) - span;
    return wait < series->most ? wait : series->most;
}

static bool
take_at_once(struct reconnect *reconnect, enum reconnect_class class, usec now)
{
    bool was_up = reconnect->is_up;
    reconnect->is_up = false;
    if (class != RECONNECT_NETWORK || !was_up ||
        (reconnect->at_once != USEC_NONE && now - reconnect->at_once < AT_ONCE_EVERY)) {
        return false;
    }
    reconnect->at_once = now;
    reconnect->wait[RECONNECT_NETWORK] = 0;
    return true;
}

usec
reconnect_after(struct reconnect *reconnect, enum reconnect_class class, usec now,
                usec not_before)
{
    bool is_at_once = take_at_once(reconnect, class, now);
    if (class >= RECONNECT_FATAL) {
        return USEC_NONE;
    }
    usec at = is_at_once ? now : now + next_wait(reconnect, class);
    if (not_before == USEC_NONE || not_before <= at) {
        return at;
    }
    usec most = now + NOT_BEFORE_MAX;
    if (not_before < most) {
        return not_before;
    }
    return at > most ? at : most;
}

static bool
holds(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (memcmp(text.ptr + i, part.ptr, part.len) == 0) {
            return true;
        }
    }
    return false;
}

enum reconnect_class
reconnect_class_of_status(long status, struct slice body)
{
    switch (status) {
    case 401:
    case 403:
    case 404:
    case 406:
    case 426:
        return RECONNECT_FATAL;
    case 429:
        return holds(body, SLICE_LIT("TooManyConnections")) ? RECONNECT_STILL_OPEN
                                                            : RECONNECT_RATE;
    case 420:
        return RECONNECT_RATE;
    default:
        return RECONNECT_SERVER;
    }
}
