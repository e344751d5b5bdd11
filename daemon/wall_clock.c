#include "daemon/wall_clock.h"

#include "daemon/clock_steps.h"
#include "net/clock.h"

// Two clocks cannot be read at the same time. If the process were stopped between the
// two readings, they would show a step that did not happen.
#define READ_WITHIN (10 * USEC_PER_MS)
enum { READS_MAX = 10 };

static struct clock_steps wall;

usec
wall_clock_now(void)
{
    usec boot;
    usec system;
    int reads = 0;
    do {
        boot = clock_boot();
        system = clock_system();
        reads++;
    } while (clock_boot() - boot > READ_WITHIN && reads < READS_MAX);
    return clock_steps_read(&wall, system, boot);
}

const struct clock_steps *
wall_clock_state(void)
{
    return &wall;
}
