#include "daemon/date_faults.h"

#include <stdbool.h>

#include "pipeline/pipeline.h"

static bool
is_right_by(usec time, usec factor, usec wall)
{
    return time > 0 && time < INT64_MAX / factor &&
           post_time_is_believable(time * factor, wall);
}

enum date_fault
date_faults_find(usec time, usec wall)
{
    if (post_time_is_believable(time, wall)) {
        return DATE_FAULT_COUNT;
    }
    if (is_right_by(time, 1000, wall)) {
        return time % 1000 == 0 ? DATE_FAULT_SECONDS : DATE_FAULT_MILLISECONDS;
    }
    if (is_right_by(time, 1000000, wall)) {
        return DATE_FAULT_SECONDS; // seconds read as microseconds
    }
    if (post_time_is_believable(time / 1000, wall)) {
        return time % 1000 == 0 ? DATE_FAULT_MICROSECONDS : DATE_FAULT_NANOSECONDS;
    }
    return time > wall ? DATE_FAULT_FUTURE : DATE_FAULT_EARLY;
}

const struct date_fault_text *
date_faults_text(enum date_fault fault)
{
#define X(id, one, many, what, advice) {one, many, what, advice},
    static const struct date_fault_text texts[] = {DATE_FAULTS(X)};
#undef X
    return &texts[fault];
}
