// Time: microseconds since 1970-01-01T00:00:00Z in one signed 64-bit type, everywhere.
//
// Nothing here reads a clock; daemon/ does and passes the time in.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

typedef int64_t usec;

#define USEC_PER_MS ((usec)1000)
#define USEC_PER_S ((usec)1000000)
#define USEC_PER_MIN (60 * USEC_PER_S)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_NONE INT64_MIN

enum { USEC_TEXT_MAX = 40 };

// RFC 3339 as networks write it: "2026-11-22T20:49:00[.fraction](Z|+00:00|-0530)". 'T'
// may be 't' or a space. The fraction is cut after microseconds. 60 as the second is
// read as 59.999999. Years 0001-9999; a day that the month does not have is
// STATUS_RANGE.
enum status usec_parse_rfc3339(struct slice text, usec *ret_time) MUST_USE;

// X's v1.1 format: "Wed Oct 10 20:19:24 +0000 2018".
enum status usec_parse_x1(struct slice text, usec *ret_time) MUST_USE;

// A date of HTTP (RFC 9110, 5.6.7) in any of its three forms: "Sun, 06 Nov 1994
// 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". Years of
// two digits are 1970 to 2069. The day of the week is not compared with the date.
enum status usec_parse_http_date(struct slice text, usec *ret_time) MUST_USE;

// "250ms", "5s", "90m", "24h", "7d": a whole number and one unit. STATUS_RANGE above
// 100 years.
enum status usec_parse_duration(struct slice text, usec *ret_span) MUST_USE;

// The shortest text that usec_parse_duration parses to the same span; a span that is
// not a whole number of ms is written in ms, rounded down. Returns text.
const char *usec_format_duration(usec span, char text[USEC_TEXT_MAX]);

// "2026-11-22T20:49:00.123Z", years 0000-9999, rounded down to ms. Returns text.
const char *usec_format_rfc3339(usec time, char text[USEC_TEXT_MAX]);

// floor(time / span), also for negative time. span > 0.
static inline int64_t
usec_floor_div(usec time, usec span)
{
    int64_t q = time / span;
    return q - (time % span < 0);
}
