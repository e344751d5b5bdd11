#include "pipeline/carriers/carriers_words.h"

#include <math.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/slice.h"
#include "pipeline/carriers/carriers.h"

#define WHOLE_FROM 0.95
#define SHOWN_FROM 0.05

static bool
is_fraction(double sum)
{
    return sum > 0 && sum < WHOLE_FROM;
}

char *
carriers_words_sum(char *at, double sum)
{
    if (!is_fraction(sum)) {
        return decimal_put_grouped(at, (uint64_t)llround(sum));
    }
    return sum < SHOWN_FROM ? slice_put(at, SLICE_LIT("under 0.1"))
                            : decimal_put_places(at, sum, 1);
}

char *
carriers_words(char *at, const struct carriers_view *view)
{
    at = carriers_words_sum(at, view->people);
    bool is_one = !is_fraction(view->people) && llround(view->people) == 1;
    at = slice_put(at, is_one ? SLICE_LIT(" person") : SLICE_LIT(" people"));
    at = slice_put(at, SLICE_LIT(" came through "));
    at = carriers_words_sum(at, view->carried_acts);
    at = slice_put(at, SLICE_LIT(" of "));
    at = carriers_words_sum(at, view->acts);
    return slice_put(at, SLICE_LIT(" reshares"));
}

bool
carriers_words_are_faded(const struct carriers_view *view)
{
    return is_fraction(view->people) || is_fraction(view->carried_acts) ||
           is_fraction(view->acts);
}
