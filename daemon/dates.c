#include "daemon/dates.h"

enum { HALF = DATES_LOOK / 2, BACK_LEAST = DATES_LOOK / 3, AGAINST_LEAST = 3 };

struct votes {
    size_t ahead;         // as late as the date, itself among them
    size_t authors_ahead; // of these
    size_t authors;
    size_t backward; // steps that go back by more than DATES_LEAP
    size_t behind;   // of these, those without the date itself
    size_t pairs;    // behind the date
    size_t inverted; // of these
};

static bool
is_as_late(const struct dates_case *dates, size_t i)
{
    return dates->seen[i].time >= dates->seen[0].time - DATES_LEAP;
}

// How often `author` occurs before `i`, among those that are as late or all.
static bool
is_new(const struct dates_case *dates, size_t i, bool is_ahead)
{
    for (size_t k = 0; k < i; k++) {
        if (dates->seen[k].author == dates->seen[i].author &&
            (!is_ahead || is_as_late(dates, k))) {
            return false;
        }
    }
    return true;
}

static struct votes
count_votes(const struct dates_case *dates)
{
    struct votes votes = {0};
    for (size_t i = 0; i < dates->count; i++) {
        bool is_ahead = is_as_late(dates, i);
        votes.ahead += is_ahead;
        votes.authors_ahead += is_ahead && is_new(dates, i, true);
        votes.authors += is_new(dates, i, false);
        bool is_back =
            i != 0 && dates->seen[i].time < dates->seen[i - 1].time - DATES_LEAP;
        votes.backward += is_back;
        votes.behind += is_back && i > 1;
        for (size_t k = 1; k < i; k++) {
            votes.pairs++;
            votes.inverted += dates->seen[k].time > dates->seen[i].time;
        }
    }
    return votes;
}

static bool
is_in_order(const struct dates_case *dates, const struct votes *votes)
{
    bool is_reverse = votes->pairs != 0 && 3 * votes->inverted > 2 * votes->pairs;
    bool is_tidy = votes->behind == 0 && dates->before >= DATES_TIDY &&
                   dates->backward * DATES_TIDY <= dates->before;
    bool is_short = dates->seen[0].time - dates->clock <= DATES_SHORT;
    return votes->backward < BACK_LEAST && !is_reverse && (is_tidy || !is_short);
}

static bool
is_far(const struct dates_case *dates)
{
    usec leap = dates->seen[0].time - dates->clock;
    return dates->clock != 0 && leap > DATES_FAR &&
           leap / DATES_FAR_TIMES > dates->leapt;
}

enum dates_verdict
dates_judge(const struct dates_case *dates)
{
    struct votes votes = count_votes(dates);
    bool is_whole = dates->is_last || dates->count == DATES_LOOK;
    if (votes.ahead >= HALF && votes.authors_ahead >= DATES_AUTHORS) {
        return DATES_BELIEVED;
    }
    if (!is_whole) {
        return DATES_OPEN;
    }
    bool is_thin =
        dates->before < DATES_LOOK && dates->count - votes.ahead < AGAINST_LEAST;
    if (is_thin || !is_in_order(dates, &votes)) {
        return DATES_BELIEVED;
    }
    size_t authors = votes.authors < DATES_AUTHORS ? votes.authors : DATES_AUTHORS;
    if (2 * votes.ahead < dates->count || votes.authors_ahead < authors) {
        return DATES_REFUSED;
    }
    return votes.ahead < HALF && is_far(dates) ? DATES_REFUSED : DATES_BELIEVED;
}

usec
dates_instead(const struct dates_case *dates)
{
    for (size_t i = 1; dates->clock == 0 && i < dates->count; i++) {
        if (!is_as_late(dates, i)) {
            return dates->seen[i].time;
        }
    }
    return dates->clock;
}
