// Time that passes only while nothing happens: all clocks of the process stand still
// until epoll finds no descriptor ready, and then leap to the next deadline. A day of a
// program that mostly waits is over in seconds.
//
// The program that links this defines clock_gettime, gettimeofday, time and epoll_wait
// for every library it loads. Both ends of every connection must live in the process:
// whoever waits for somebody outside waits in vain.
#pragma once

#include "base/usec.h"

// The wall clock from now on. The monotonic clock begins at an hour.
void virtual_time_set(usec wall);
usec virtual_time_wall(void);
usec virtual_time_monotonic(void);
