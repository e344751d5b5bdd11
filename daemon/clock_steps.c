#include "daemon/clock_steps.h"

#include <stdlib.h>

usec
clock_steps_read(struct clock_steps *wall, usec system, usec boot)
{
    if (!wall->is_known) {
        wall->is_known = true;
        wall->offset = system - boot;
    }
    usec off = system - boot - wall->offset;
    if (llabs(off) <= CLOCK_STEPS_SLEW) {
        wall->offset += off;
        wall->step = 0;
    } else if (wall->step == 0 || llabs(off - wall->step) > CLOCK_STEPS_SLEW) {
        wall->step = off;
        wall->since = boot;
    } else if (boot - wall->since >= CLOCK_STEPS_HOLD) {
        wall->offset += off;
        wall->step = 0;
        wall->followed = off;
        wall->steps++;
    }
    return boot + wall->offset;
}

usec
clock_steps_date(const struct clock_steps *wall, usec date, usec now)
{
    bool is_stepped = llabs(date - now - wall->step) < llabs(date - now);
    return wall->step != 0 && is_stepped ? date - wall->step : date;
}
