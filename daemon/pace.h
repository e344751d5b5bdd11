// The pace of a replay: when a post of a recording is due.
//
// The first post is due at once, and each later one after the time that lies between
// the two, divided by the speed. No clock is read here.
#pragma once

#include "base/usec.h"

struct pace {
    double speed;    // 0: everything is due at once; 1: as recorded
    usec first_time; // of the first post; USEC_NONE: there was none
    usec first_moment;
};

void pace_init(struct pace *pace, double speed);

// How long to wait before a post of that time, at most a second; 0: it is due. Less
// than a millisecond is not waited for. moment: now, monotonic.
usec pace_wait(struct pace *pace, usec time, usec moment);
