#include "net/clock.h"

#include <time.h>

static usec
read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (usec)now.tv_sec * USEC_PER_S + (usec)now.tv_nsec / 1000;
}

usec
clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

usec
clock_coarse(void)
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

usec
clock_boot(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

usec
clock_system(void)
{
    return read_clock(CLOCK_REALTIME);
}
