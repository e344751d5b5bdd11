#include "daemon/pace.h"

#define WAIT_LEAST USEC_PER_MS
#define WAIT_MOST USEC_PER_S

void
pace_init(struct pace *pace, double speed)
{
    *pace = (struct pace){.speed = speed, .first_time = USEC_NONE};
}

usec
pace_wait(struct pace *pace, usec time, usec moment)
{
    if (pace->speed == 0) {
        return 0;
    }
    if (pace->first_time == USEC_NONE) {
        pace->first_time = time;
        pace->first_moment = moment;
        return 0;
    }
    double due = (double)(time - pace->first_time) / pace->speed;
    double wait = due - (double)(moment - pace->first_moment);
    if (wait < (double)WAIT_LEAST) {
        return 0;
    }
    return wait < (double)WAIT_MOST ? (usec)wait : WAIT_MOST;
}
