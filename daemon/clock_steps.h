// The wall clock, with temporary steps filtered out.
//
// The system's wall clock is compared with the time since boot, which is never set. A
// deviation of up to CLOCK_STEPS_SLEW since the last reading is drift, or a clock that
// is being slewed: it is followed at once. A greater one is a step. It is *held*: time
// continues as before until the step has lasted for CLOCK_STEPS_HOLD, and is followed
// then. So a clock that is set wrong and back within that time changes nothing, and a
// clock that is corrected is followed 30 seconds late.
//
// The time since boot includes suspends (CLOCK_BOOTTIME), so a suspended machine shows
// no step. It does not include the time in which a virtual machine is paused: that is a
// step, and is followed after CLOCK_STEPS_HOLD.
//
// Pure: both readings are arguments.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/usec.h"

#define CLOCK_STEPS_SLEW USEC_PER_S
#define CLOCK_STEPS_HOLD (30 * USEC_PER_S)

// Zeroed: no reading yet.
struct clock_steps {
    bool is_known;
    usec offset;    // of the wall clock from the time since boot
    usec step;      // the held step: system's clock - this one; 0: none
    usec since;     // time since boot of its first reading
    usec followed;  // the last step that was followed
    uint64_t steps; // steps followed so far
};

// The wall time. The first reading is accepted.
usec clock_steps_read(struct clock_steps *wall, usec system, usec boot);

// The wall time of a date. While a step is held, a date that is nearer to the system's
// clock than to this one comes from a clock that made the step, too, and is moved back
// by it. now: what clock_steps_read returned last.
usec clock_steps_date(const struct clock_steps *wall, usec date, usec now);
