#include "daemon/clock_watch.h"

#include <stdlib.h>

#include "base/log.h"
#include "daemon/clock_steps.h"
#include "daemon/wall_clock.h"
#include "pipeline/fold/rewind.h"
#include "pipeline/pipeline.h"

static double
seconds(usec span)
{
    return (double)span / (double)USEC_PER_S;
}

static void
report_held(struct clock_watch *watch, const struct clock_steps *wall)
{
    if (wall->step != 0 && llabs(wall->step - watch->reported) > CLOCK_STEPS_SLEW) {
        log_warn(
            "clock_stepped",
            "the system clock was stepped by %+.1f s: the step is followed if it "
            "remains for %.0f s; until then the old time is used, and `complete` is 0",
            seconds(wall->step), seconds(CLOCK_STEPS_HOLD));
        watch->reported = wall->step;
    } else if (wall->step == 0 && watch->reported != 0) {
        log_info("clock_restored",
                 "the system clock was set back to the old time: its step by %+.1f s "
                 "had no effect",
                 seconds(watch->reported));
        watch->reported = 0;
    }
}

enum clock_state
clock_watch_tick(struct clock_watch *watch, struct pipeline *pipeline)
{
    usec now = wall_clock_now();
    const struct clock_steps *wall = wall_clock_state();
    if (wall->steps == watch->steps) {
        report_held(watch, wall);
        if (!watch->is_apart) {
            pipeline_advance(pipeline, now);
        }
        return wall->step == 0 ? CLOCK_RIGHT : CLOCK_HELD;
    }
    log_warn("clock_followed",
             "the system clock remains stepped by %+.1f s and is followed: `complete` "
             "is 0 until the step has left the windows",
             seconds(wall->followed));
    watch->steps = wall->steps;
    watch->reported = 0;
    if (!watch->is_apart) {
        pipeline_step(pipeline, now);
    }
    return CLOCK_FOLLOWED;
}

void
clock_watch_restored(struct pipeline *pipeline, usec most)
{
    usec now = wall_clock_now();
    usec ahead = pipeline_clock(pipeline) - now;
    if (ahead > most) {
        log_warn("clock_behind_snapshot",
                 "the snapshot is %.1f s ahead of the system clock: its clock is set "
                 "back, and `complete` is 0 until the step has left the windows",
                 seconds(ahead));
        pipeline_step(pipeline, now);
    }
}

void
clock_watch_started(struct pipeline *pipeline)
{
    usec clock = pipeline_clock(pipeline);
    usec behind = wall_clock_now() - clock;
    if (clock != 0 && behind > CLOCK_WATCH_BEHIND) {
        log_warn("snapshot_old",
                 "the snapshot is %.1f days older than the system clock, and what has "
                 "left the windows since then is not counted: if the daemon was not "
                 "stopped for so long, set the clock right",
                 (double)behind / (double)USEC_PER_DAY);
    }
}
