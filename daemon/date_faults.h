// Dates that cannot be those of posts: before 2006, or in the future.
//
// Most of these are right but in another unit. The fault is then named by the unit that
// they seem to have. Native posts and X have milliseconds, so the microseconds read are
// multiples of 1000; Jetstream has microseconds.
//
// Pure.
#pragma once

#include <stdint.h>

#include "base/usec.h"

// clang-format off
// id, "a post …", "posts …", what to do (none: "")
#define DATE_FAULTS(X)                                                                     \
    X(SECONDS,      "has", "have", "a time that looks like seconds",                       \
      "; give milliseconds or RFC 3339")                                                   \
    X(MILLISECONDS, "has", "have", "a time that looks like milliseconds",                  \
      "; give microseconds")                                                               \
    X(MICROSECONDS, "has", "have", "a time that looks like microseconds",                  \
      "; give milliseconds or RFC 3339")                                                   \
    X(NANOSECONDS,  "has", "have", "a time that looks like nanoseconds",                   \
      "; give microseconds")                                                               \
    X(EARLY,        "is",  "are",  "dated before 2006", "")                                \
    X(FUTURE,       "is",  "are",  "dated in the future", "")
// clang-format on

#define X(id, one, many, what, advice) DATE_FAULT_##id,
enum date_fault { DATE_FAULTS(X) DATE_FAULT_COUNT };
#undef X

struct date_fault_text {
    const char *one;
    const char *many;
    const char *what;
    const char *advice;
};

// DATE_FAULT_COUNT: none.
enum date_fault date_faults_find(usec time, usec wall);

const struct date_fault_text *date_faults_text(enum date_fault fault);
