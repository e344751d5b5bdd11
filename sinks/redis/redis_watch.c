#include "sinks/redis/redis_watch.h"

#include <stdio.h>

#include "base/decimal.h"

// What the holder announced, the third word of a beat in ms; 0: nothing.
static usec
announced(struct slice beat)
{
    uint64_t ms = 0;
    size_t at = beat.len;
    while (at != 0 && beat.ptr[at - 1] != ' ') {
        at--;
    }
    struct slice word = {beat.ptr + at, beat.len - at};
    bool is_good = at != 0 && decimal_parse_whole(word, &ms) &&
                   ms <= (uint64_t)(USEC_PER_HOUR / USEC_PER_MS);
    return is_good ? (usec)ms * USEC_PER_MS : 0;
}

static bool
is_silent(const struct redis_watch *watch, struct slice beat, usec now)
{
    usec most = announced(beat);
    most = most > watch->takeover ? most : watch->takeover;
    return now - watch->changed_at >= most + watch->grace;
}

bool
redis_watch_look(struct redis_watch *watch, struct slice beat, usec now)
{
    // Redis, or this process, did not run for a while.
    if (watch->is_known && now - watch->answered_at > watch->takeover / 2) {
        redis_watch_lost(watch);
    }
    bool is_unused = beat.len == 0 && !watch->has_looked;
    if (!watch->is_known || !slice_equal(slice_of(watch->beat), beat)) {
        bool is_back = watch->has_looked && !watch->is_known;
        watch->grace = is_back ? REDIS_WATCH_RETURN : 0;
        watch->changed_at = now;
    }
    watch->answered_at = now;
    watch->is_known = true;
    watch->has_looked = true;
    snprintf(watch->beat, sizeof(watch->beat), "%.*s", SLICE_ARG(beat));
    return is_unused || slice_equal(beat, SLICE_LIT(REDIS_WATCH_FREE)) ||
           is_silent(watch, beat, now);
}

void
redis_watch_lost(struct redis_watch *watch)
{
    watch->is_known = false;
}
