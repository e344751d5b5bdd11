#include "daemon/catch_up.h"

#include "base/log.h"
#include "daemon/streams.h"
#include "net/clock.h"
#include "sinks/redis/redis_sink.h"

#define HOLD_MAX (5 * USEC_PER_MIN) // to wait for events that only Redis has

void
catch_up_begin(struct catch_up *catch_up, const struct streams *streams,
               struct redis_sink *sink)
{
    if (!streams_are_behind(streams)) {
        return;
    }
    catch_up->held_since = clock_monotonic();
    redis_sink_hold(sink);
    log_info("redis_newer",
             "Redis is newer than the snapshot: writing waits until the sources have "
             "caught up");
}

void
catch_up_step(const struct catch_up *catch_up, const struct streams *streams,
              struct redis_sink *sink)
{
    if (!redis_sink_is_held(sink)) {
        return;
    }
    bool is_behind = streams_are_behind(streams);
    if (is_behind && clock_monotonic() - catch_up->held_since < HOLD_MAX) {
        return;
    }
    if (is_behind) {
        log_warn("redis_released",
                 "the sources have not caught up with Redis within %d minutes: writing "
                 "is resumed, and some values in Redis decrease",
                 (int)(HOLD_MAX / USEC_PER_MIN));
    } else {
        log_info("redis_released",
                 "the sources have caught up: writing to Redis is resumed");
    }
    redis_sink_release(sink);
}
