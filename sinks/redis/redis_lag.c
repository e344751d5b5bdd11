#include "sinks/redis/redis_lag.h"

void
redis_lag_note(struct redis_lag *lag, usec time)
{
    struct redis_lag_sample *sample = &lag->next;
    sample->step += sample->step == 0;
    if (++sample->seen < sample->step) {
        return;
    }
    sample->seen = 0;
    if (sample->count == REDIS_LAG_MOST) {
        for (uint32_t i = 0; i < REDIS_LAG_MOST / 2; i++) {
            sample->times[i] = sample->times[2 * i + 1];
        }
        sample->count = REDIS_LAG_MOST / 2;
        sample->step *= sample->step < UINT32_MAX / 2 ? 2 : 1;
    }
    sample->times[sample->count++] = time;
}

void
redis_lag_begin(struct redis_lag *lag)
{
    if (lag->flying.count == 0) {
        lag->flying = lag->next;
        lag->next = (struct redis_lag_sample){.count = 0};
    }
}

void
redis_lag_end(struct redis_lag *lag, usec now, struct span_histogram *histogram)
{
    for (uint32_t i = 0; i < lag->flying.count; i++) {
        span_histogram_add(histogram, now - lag->flying.times[i]);
    }
    lag->flying.count = 0;
}
