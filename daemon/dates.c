#include "daemon/dates.h"

enum { AGAINST_MIN = 3 };

// The posts that are compared with the date.
struct votes {
    size_t beside;
    size_t between;
};

static bool
is_beside(const struct dates_case *dates, size_t i)
{
    return dates->seen[i].time >= dates->seen[0].time - DATES_LEAP;
}

static uint64_t
first_of(const struct dates_recent *recent)
{
    return recent->end > DATES_RECENT ? recent->end - DATES_RECENT : 0;
}

static bool
has_others(const struct dates_case *dates)
{
    const struct dates_recent *recent = dates->recent;
    for (size_t i = 1; i < dates->count; i++) {
        if (dates->seen[i].author != dates->seen[0].author) {
            return true;
        }
    }
    for (uint64_t n = first_of(recent); n < recent->end; n++) {
        if (recent->rows[n % DATES_RECENT].author != dates->seen[0].author) {
            return true;
        }
    }
    return false;
}

static struct votes
count_votes(const struct dates_case *dates)
{
    struct votes votes = {0};
    bool is_own_asked = !has_others(dates);
    for (size_t i = 1; i < dates->count; i++) {
        const struct date *date = &dates->seen[i];
        if (date->author == dates->seen[0].author && !is_own_asked) {
            continue;
        }
        bool is_older = dates->clock != 0 && date->time <= dates->clock - DATES_LEAP;
        votes.beside += is_beside(dates, i);
        votes.between += !is_beside(dates, i) && !is_older;
    }
    return votes;
}

static bool
is_sorted(const usec *times, size_t count)
{
    size_t pairs = 0;
    size_t inverted = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            pairs++;
            inverted += times[k] > times[i];
        }
    }
    return 3 * inverted <= pairs;
}

static bool
has_late(const usec *times, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (times[i] < times[i - 1] - DATES_LEAP) {
            return true;
        }
    }
    return false;
}

static usec
leap_of(const struct dates_case *dates)
{
    return dates->seen[0].time - dates->clock;
}

static bool
is_in_order(const struct dates_case *dates)
{
    usec rest[DATES_RECENT + DATES_LOOK];
    usec all[DATES_LOOK];
    size_t count = 0;
    const struct dates_recent *recent = dates->recent;
    for (uint64_t n = first_of(recent); n < recent->end; n++) {
        rest[count++] = recent->rows[n % DATES_RECENT].time;
    }
    for (size_t i = 0; i < dates->count; i++) {
        all[i] = dates->seen[i].time;
        if (!is_beside(dates, i)) {
            rest[count++] = all[i];
        }
    }
    if (dates->clock == 0) {
        return is_sorted(rest, count) && is_sorted(all, dates->count);
    }
    return is_sorted(rest, count) &&
           (leap_of(dates) > DATES_SHORT || !has_late(rest, count));
}

static bool
is_implausible(const struct dates_case *dates)
{
    usec leapt = dates->leapt > DATES_LEAP ? dates->leapt : DATES_LEAP;
    return dates->clock != 0 && dates->before >= DATES_RECENT &&
           leap_of(dates) > DATES_TIMES * leapt;
}

static bool
is_contradicted(const struct dates_case *dates, struct votes votes)
{
    size_t least = is_implausible(dates) ? 1 : AGAINST_MIN;
    return votes.between >= least && 4 * votes.between > votes.beside + votes.between &&
           is_in_order(dates);
}

static bool
is_unconfirmed(const struct dates_case *dates, struct votes votes)
{
    return dates->count < DATES_LOOK && is_implausible(dates) &&
           1 + votes.beside + dates->unconfirmed < DATES_CONFIRM &&
           (leap_of(dates) > DATES_FAR || dates->has_refused);
}

// The index after the step up from dates that are too old; 0: they are not too old.
static size_t
first_right(const struct dates_case *dates)
{
    if (dates->clock != 0 || dates->count < DATES_RECENT) {
        return 0;
    }
    size_t right = 0;
    usec farthest = INT64_MIN;
    usec other = DATES_LEAP; // the longest step except that one
    for (size_t i = 1; i < dates->count; i++) {
        usec step = dates->seen[i].time - dates->seen[i - 1].time;
        if (step > farthest) {
            other = farthest > other ? farthest : other;
            farthest = step;
            right = i;
        } else {
            other = step > other ? step : other;
        }
    }
    size_t back = 0;
    for (size_t i = right; i < dates->count; i++) {
        back += dates->seen[i].time < dates->seen[right].time - DATES_LEAP;
    }
    bool is_far = farthest > DATES_FAR && farthest > DATES_TIMES * other;
    return is_far && right <= DATES_FIRST && 4 * back < dates->count - right ? right
                                                                             : 0;
}

// The first date that contradicts the one to judge.
static usec
against(const struct dates_case *dates)
{
    size_t i = 1;
    while (is_beside(dates, i)) {
        i++;
    }
    return dates->seen[i].time;
}

enum dates_verdict
dates_judge(const struct dates_case *dates, usec *ret_time)
{
    if (!dates->is_last && dates->count < DATES_LOOK) {
        return DATES_OPEN;
    }
    struct votes votes = count_votes(dates);
    *ret_time = dates->clock;
    if (is_contradicted(dates, votes)) {
        if (dates->clock == 0) {
            *ret_time = against(dates);
        }
        return DATES_CONTRADICTED;
    }
    if (is_unconfirmed(dates, votes)) {
        return DATES_UNCONFIRMED;
    }
    size_t right = first_right(dates);
    *ret_time = dates->seen[right].time;
    return right == 0 ? DATES_BELIEVED : DATES_CONTRADICTED;
}

void
dates_remember(struct dates_recent *recent, struct date date)
{
    recent->rows[recent->end++ % DATES_RECENT] = date;
}
