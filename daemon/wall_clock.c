#include "daemon/wall_clock.h"

#include "daemon/clock_steps.h"
#include "net/clock.h"

// Two clocks cannot be read at the same time. If the process were stopped between the
// two readings, they would show a step that did not happen.
#define READ_WITHIN (10 * USEC_PER_MS)
enum { READS_MAX = 10 };

static struct clock_steps wall;
static usec last = USEC_NONE;      // the reading …
static usec last_tick = USEC_NONE; // … at that time of the coarse clock

static usec
read_clocks(void)
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

usec
wall_clock_read(void)
{
    last = read_clocks();
    return last;
}

// Three readings for each message would take a twentieth of the time of a live stream.
usec
wall_clock_now(void)
{
    usec tick = clock_coarse();
    if (tick != last_tick) {
        last_tick = tick;
        last = read_clocks();
    }
    return last;
}

const struct clock_steps *
wall_clock_state(void)
{
    return &wall;
}
