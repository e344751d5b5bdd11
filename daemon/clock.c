#include "daemon/clock.h"

#include <time.h>

#include "daemon/wall.h"

// Two clocks cannot be read at the same time. If the process were stopped between the
// two readings, they would show a step that did not happen.
#define READ_WITHIN (10 * USEC_PER_MS)
enum { READS_MAX = 10 };

static struct wall wall;

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
    usec boot;
    usec system;
    int reads = 0;
    do {
        boot = read_clock(CLOCK_BOOTTIME);
        system = read_clock(CLOCK_REALTIME);
        reads++;
    } while (read_clock(CLOCK_BOOTTIME) - boot > READ_WITHIN && reads < READS_MAX);
    return wall_read(&wall, system, boot);
}

usec
clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

const struct wall *
clock_standing(void)
{
    return &wall;
}
