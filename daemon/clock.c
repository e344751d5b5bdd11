#include "daemon/clock.h"

#include <time.h>

static usec
read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (usec)now.tv_sec * USEC_PER_S + (usec)now.tv_nsec / 1000;
}

usec
clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

usec
clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}
