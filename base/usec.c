#include "base/usec.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const usec SPAN_MAX = 36500 * USEC_PER_DAY;
static const int64_t DAY_FIRST = -719528; // 0000-01-01
static const int64_t DAY_LAST = 2932896;  // 9999-12-31

#define MONTHS "JanFebMarAprMayJunJulAugSepOctNovDec"

struct moment {
    int year, month, day;
    int hour, minute, second;
    int micros;
    int zone_minutes; // east of Greenwich
};

// The rest of the text. Once something did not match, is_broken stays set.
struct reader {
    const char *at;
    const char *end;
    bool is_broken;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int
read_digits(struct reader *reader, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (reader->at == reader->end || !is_digit(*reader->at)) {
            reader->is_broken = true;
            return 0;
        }
        value = value * 10 + (*reader->at++ - '0');
    }
    return value;
}

// Reads one character of `set`, or sets is_broken and returns NUL.
static char
read_one_of(struct reader *reader, const char *set)
{
    if (reader->at != reader->end && *reader->at != '\0' &&
        strchr(set, *reader->at) != NULL) {
        return *reader->at++;
    }
    reader->is_broken = true;
    return '\0';
}

static bool
next_is(const struct reader *reader, char c)
{
    return reader->at != reader->end && *reader->at == c;
}

static void
read_char(struct reader *reader, char c)
{
    if (next_is(reader, c)) {
        reader->at++;
    } else {
        reader->is_broken = true;
    }
}

// The index of a three-letter name in `names`, from 0.
static int
read_name(struct reader *reader, const char *names)
{
    bool has_room = reader->end - reader->at >= 3;
    for (const char *name = names; has_room && *name != '\0'; name += 3) {
        if (memcmp(reader->at, name, 3) == 0) {
            reader->at += 3;
            return (int)(name - names) / 3;
        }
    }
    reader->is_broken = true;
    return 0;
}

static void
read_clock(struct reader *reader, struct moment *m)
{
    m->hour = read_digits(reader, 2);
    read_char(reader, ':');
    m->minute = read_digits(reader, 2);
    read_char(reader, ':');
    m->second = read_digits(reader, 2);
}

static int
read_fraction(struct reader *reader)
{
    int micros = read_digits(reader, 1) * 100000;
    for (int unit = 10000; reader->at != reader->end && is_digit(*reader->at);
         unit /= 10) {
        micros += (*reader->at++ - '0') * unit;
    }
    return micros;
}

// 24 * 60 if the offset is not less than a day; callers refuse this value.
static int
read_zone(struct reader *reader)
{
    int sign = read_one_of(reader, "+-") == '-' ? -1 : 1;
    int hours = read_digits(reader, 2);
    if (next_is(reader, ':')) {
        reader->at++;
    }
    int minutes = read_digits(reader, 2);
    return hours > 23 || minutes > 59 ? 24 * 60 : sign * (60 * hours + minutes);
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

// Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March,
// so that the leap day is the last; an era is 400 years.
static int64_t
days_of_date(int year, int month, int day)
{
    int y = year - (month <= 2) + 400; // year 0 begins in the previous era
    int era = y / 400;
    int year_of_era = y % 400;
    int day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)(era - 1) * 146097 + day_of_era - 719468;
}

static void
date_of_days(int64_t days, struct moment *m)
{
    int z = (int)days + 719468 + 146097;
    int era = z / 146097;
    int doe = z % 146097; // day of era
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153; // month, from March
    m->day = doy - (153 * mp + 2) / 5 + 1;
    m->month = mp < 10 ? mp + 3 : mp - 9;
    m->year = yoe + (era - 1) * 400 + (m->month <= 2);
}

static enum status
moment_to_time(const struct moment *m, usec *ret_time)
{
    if (m->year < 1 || m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > days_in_month(m->year, m->month) || m->hour > 23 || m->minute > 59 ||
        m->second > 60 || m->zone_minutes <= -24 * 60 || m->zone_minutes >= 24 * 60) {
        return STATUS_RANGE;
    }
    bool is_leap_second = m->second == 60;
    int second_of_day =
        m->hour * 3600 + m->minute * 60 + (is_leap_second ? 59 : m->second);
    int64_t seconds = days_of_date(m->year, m->month, m->day) * 86400 + second_of_day -
                      (int64_t)m->zone_minutes * 60;
    if (seconds < DAY_FIRST * 86400 || seconds >= (DAY_LAST + 1) * 86400) {
        return STATUS_RANGE; // the offset leads out of the years that can be written
    }
    *ret_time = seconds * USEC_PER_S + (is_leap_second ? 999999 : m->micros);
    return STATUS_OK;
}

enum status
usec_parse_rfc3339(struct slice text, usec *ret_time)
{
    if (text.len == 0) {
        return STATUS_PARSE;
    }
    struct reader reader = {text.ptr, text.ptr + text.len, false};
    struct moment m = {0};
    m.year = read_digits(&reader, 4);
    read_char(&reader, '-');
    m.month = read_digits(&reader, 2);
    read_char(&reader, '-');
    m.day = read_digits(&reader, 2);
    (void)read_one_of(&reader, "Tt ");
    read_clock(&reader, &m);
    if (next_is(&reader, '.')) {
        reader.at++;
        m.micros = read_fraction(&reader);
    }
    if (next_is(&reader, 'Z') || next_is(&reader, 'z')) {
        reader.at++;
    } else {
        m.zone_minutes = read_zone(&reader);
    }
    if (reader.is_broken || reader.at != reader.end) {
        return STATUS_PARSE;
    }
    return moment_to_time(&m, ret_time);
}

enum status
usec_parse_x1(struct slice text, usec *ret_time)
{
    if (text.len == 0) {
        return STATUS_PARSE;
    }
    struct reader reader = {text.ptr, text.ptr + text.len, false};
    struct moment m = {0};
    (void)read_name(&reader, "MonTueWedThuFriSatSun");
    read_char(&reader, ' ');
    m.month = 1 + read_name(&reader, MONTHS);
    read_char(&reader, ' ');
    m.day = read_digits(&reader, 2);
    read_char(&reader, ' ');
    read_clock(&reader, &m);
    read_char(&reader, ' ');
    m.zone_minutes = read_zone(&reader);
    read_char(&reader, ' ');
    m.year = read_digits(&reader, 4);
    if (reader.is_broken || reader.at != reader.end) {
        return STATUS_PARSE;
    }
    return moment_to_time(&m, ret_time);
}

static void
read_weekday(struct reader *reader)
{
    const char *begin = reader->at;
    while (reader->at != reader->end && is_letter(*reader->at)) {
        reader->at++;
    }
    reader->is_broken |= reader->at - begin < 3;
}

// "Nov  6 08:49:37 1994"
static void
read_asctime(struct reader *reader, struct moment *m)
{
    m->month = 1 + read_name(reader, MONTHS);
    read_char(reader, ' ');
    if (next_is(reader, ' ')) {
        reader->at++;
        m->day = read_digits(reader, 1);
    } else {
        m->day = read_digits(reader, 2);
    }
    read_char(reader, ' ');
    read_clock(reader, m);
    read_char(reader, ' ');
    m->year = read_digits(reader, 4);
}

// "06 Nov 1994 08:49:37 GMT" or "06-Nov-94 08:49:37 GMT"
static void
read_gmt(struct reader *reader, struct moment *m)
{
    m->day = read_digits(reader, 2);
    char between = read_one_of(reader, " -");
    m->month = 1 + read_name(reader, MONTHS);
    read_char(reader, between);
    if (between == '-') {
        m->year = read_digits(reader, 2);
        m->year += m->year < 70 ? 2000 : 1900;
    } else {
        m->year = read_digits(reader, 4);
    }
    read_char(reader, ' ');
    read_clock(reader, m);
    read_char(reader, ' ');
    (void)read_name(reader, "GMTUTC");
}

enum status
usec_parse_http_date(struct slice text, usec *ret_time)
{
    if (text.len == 0) {
        return STATUS_PARSE;
    }
    struct reader reader = {text.ptr, text.ptr + text.len, false};
    struct moment m = {0};
    read_weekday(&reader);
    if (next_is(&reader, ',')) {
        reader.at++;
        read_char(&reader, ' ');
        read_gmt(&reader, &m);
    } else {
        read_char(&reader, ' ');
        read_asctime(&reader, &m);
    }
    if (reader.is_broken || reader.at != reader.end) {
        return STATUS_PARSE;
    }
    return moment_to_time(&m, ret_time);
}

// Greatest first, so that the first that divides a span writes it shortest.
static const struct {
    struct slice name;
    usec length;
} units[] = {
    {{"d", 1}, USEC_PER_DAY}, {{"h", 1}, USEC_PER_HOUR}, {{"m", 1}, USEC_PER_MIN},
    {{"s", 1}, USEC_PER_S},   {{"ms", 2}, USEC_PER_MS},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

enum status
usec_parse_duration(struct slice text, usec *ret_span)
{
    size_t digits = 0;
    int64_t number = 0;
    for (; digits < text.len && is_digit(text.ptr[digits]); digits++) {
        if (number <= SPAN_MAX) {
            number = number * 10 + (text.ptr[digits] - '0');
        }
    }
    if (digits == 0) {
        return STATUS_PARSE;
    }
    struct slice unit = {text.ptr + digits, text.len - digits};
    for (size_t i = 0; i < UNITS; i++) {
        if (!slice_equal(unit, units[i].name)) {
            continue;
        }
        if (number > SPAN_MAX / units[i].length) {
            return STATUS_RANGE;
        }
        *ret_span = number * units[i].length;
        return STATUS_OK;
    }
    return STATUS_PARSE;
}

const char *
usec_format_duration(usec span, char text[USEC_TEXT_MAX])
{
    usec whole = usec_floor_div(span, USEC_PER_MS) * USEC_PER_MS;
    if (span == 0 || whole != span) {
        (void)snprintf(text, USEC_TEXT_MAX, "%" PRId64 "%s", whole / USEC_PER_MS,
                       span == 0 ? "s" : "ms");
        return text;
    }
    size_t i = 0;
    while (span % units[i].length != 0) {
        i++;
    }
    (void)snprintf(text, USEC_TEXT_MAX, "%" PRId64 "%s", span / units[i].length,
                   units[i].name.ptr);
    return text;
}

static char *
put_digits(char *to, int value, int count, char after)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    to[count] = after;
    return to + count + 1;
}

const char *
usec_format_rfc3339(usec time, char text[USEC_TEXT_MAX])
{
    usec first = DAY_FIRST * USEC_PER_DAY;
    usec last = (DAY_LAST + 1) * USEC_PER_DAY - 1;
    time = time < first ? first : time > last ? last : time;

    struct moment m;
    int64_t days = usec_floor_div(time, USEC_PER_DAY);
    int ms = (int)((time - days * USEC_PER_DAY) / USEC_PER_MS);
    date_of_days(days, &m);
    char *to = put_digits(text, m.year, 4, '-');
    to = put_digits(to, m.month, 2, '-');
    to = put_digits(to, m.day, 2, 'T');
    to = put_digits(to, ms / 3600000, 2, ':');
    to = put_digits(to, ms / 60000 % 60, 2, ':');
    to = put_digits(to, ms / 1000 % 60, 2, '.');
    to = put_digits(to, ms % 1000, 3, 'Z');
    *to = '\0';
    return text;
}
