// The wall clock, freed from steps that do not stay.
//
// The system's wall clock is compared with the time since boot, which nobody sets. A
// deviation of up to WALL_SLEW since the last reading is drift, or a clock that is
// being slewed: it is followed at once. A greater one is a step. It is *held*: time
// goes on as before until the step has stayed for WALL_HOLD, and is followed then. So a
// clock that is set wrong and back within that time changes nothing, and one that is
// set right is followed 30 seconds late.
//
// The time since boot counts suspends (CLOCK_BOOTTIME), so a machine that wakes shows
// no step. It does not count the time in which a virtual machine is paused: that is a
// step, and is followed after WALL_HOLD.
//
// Pure: both readings are arguments.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

#define WALL_SLEW USEC_PER_S
#define WALL_HOLD (30 * USEC_PER_S)

// Zeroed: nothing was read yet.
struct wall {
    bool is_known;
    usec offset;    // of the wall clock from the time since boot
    usec step;      // held right now: system's clock - ours; 0: none
    usec since;     // time since boot of its first reading
    usec followed;  // the last step that was followed
    uint64_t steps; // that were followed
};

// The wall time. The first reading is believed.
usec wall_read(struct wall *wall, usec system, usec boot);

// The wall time of a date: while a step is held, a date that is nearer to the system's
// clock than to ours was given by a clock that made the step too, and is moved by it.
// now: what wall_read returned last.
usec wall_date(const struct wall *wall, usec date, usec now);
