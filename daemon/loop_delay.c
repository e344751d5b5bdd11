#include "daemon/loop_delay.h"

const struct metric loop_delay_metric_rows[] = {
    {"cascaded_loop_delay_seconds", NULL, METRIC_HISTOGRAM,
     offsetof(struct loop_delay, delays),
     "How late the event loop ran a timer that was due"},
    METRIC_END,
};

void
loop_delay_note(struct loop_delay *delay, usec now, usec every)
{
    if (delay->due != 0) {
        span_histogram_add(&delay->delays, now - delay->due);
    }
    delay->due = now + every;
}
