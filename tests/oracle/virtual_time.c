// syscall is in every Unix but not in POSIX.
#define _DEFAULT_SOURCE

#include "tests/oracle/virtual_time.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LOOKS = 3 }; // at the descriptors before time passes: a packet may be on its way

static usec passed = USEC_PER_HOUR;
static usec wall_offset;

void
virtual_time_set(usec wall)
{
    wall_offset = wall - passed;
}

usec
virtual_time_wall(void)
{
    return passed + wall_offset;
}

usec
virtual_time_monotonic(void)
{
    return passed;
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
    usec time = passed;
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        time = virtual_time_wall();
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        break;
    default:
        return (int)syscall(SYS_clock_gettime, id, now);
    }
    *now = (struct timespec){time / USEC_PER_S, time % USEC_PER_S * 1000};
    return 0;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    usec wall = virtual_time_wall();
    *now = (struct timeval){wall / USEC_PER_S, wall % USEC_PER_S};
    return 0;
}

time_t
time(time_t *ret_now)
{
    time_t now = virtual_time_wall() / USEC_PER_S;
    if (ret_now != NULL) {
        *ret_now = now;
    }
    return now;
}

int
epoll_wait(int epoll, struct epoll_event *events, int room, int timeout)
{
    for (int i = 0; i < LOOKS; i++) {
        int count = (int)syscall(SYS_epoll_pwait, epoll, events, room, 0, NULL, 0);
        if (count != 0 || timeout == 0) {
            return count;
        }
        sched_yield();
    }
    if (timeout < 0) {
        abort(); // for ever
    }
    passed += timeout * USEC_PER_MS;
    return 0;
}
