#include "pipeline/metric_names.h"

#include <assert.h>
#include <stdint.h>

#include "pipeline/campaigns/figures.h"
#include "pipeline/windows/tally.h"

static bool
is_figure(struct slice metric)
{
    bool is_found = false;
    for (uint32_t field = 0; field < FIGURES_FIELDS && !is_found; field++) {
        is_found = slice_equal(figures_field(field), metric);
    }
    return is_found;
}

static bool
is_tally_below(unsigned end, struct slice metric)
{
    bool is_found = false;
    for (unsigned tally = 0; tally < end && !is_found; tally++) {
        is_found = slice_equal(tally_name((enum tally)tally), metric);
    }
    return is_found;
}

bool
metric_names_have(enum change_kind kind, struct slice metric)
{
    assert(kind == CHANGE_BOARD || kind == CHANGE_CAMPAIGN_BOARD ||
           kind == CHANGE_USER || kind == CHANGE_CAMPAIGN);
    return kind == CHANGE_CAMPAIGN ? is_figure(metric)
           : kind == CHANGE_USER   ? is_tally_below(TALLY_USERS, metric)
                                   : is_tally_below(TALLY_BOARDS, metric);
}
