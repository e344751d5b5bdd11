// The fields of a cascade about its speed and its forecast.
#include "pipeline/changes/change.h"

// Removes fields that are not known any more from a receiver that may have them.
static void
put(struct pipeline *pipeline, struct change *change, struct slice name,
    struct slice value)
{
    if (!slice_is_none(value) || !change->is_whole) {
        change_put(pipeline, change, name, value);
    }
}

static void
put_estimate(struct pipeline *pipeline, struct change *change, const char *name,
             double value)
{
    put(pipeline, change, slice_of(name), change_estimate(pipeline, value));
}

void
change_forecast(struct pipeline *pipeline, uint32_t cascade, struct change *change,
                uint32_t fields)
{
    struct forecasts_view view;
    uint32_t mine = CASCADE_EDEPTH | CASCADE_ESTIMATE | CASCADE_P_DOUBLE |
                    CASCADE_OVERPERFORMANCE | CASCADE_STATE;
    if ((fields & mine) == 0 || !forecasts_view(pipeline, cascade, &view)) {
        return;
    }
    if ((fields & CASCADE_EDEPTH) != 0) {
        put_estimate(pipeline, change, "edepth", view.edepth);
    }
    if ((fields & (CASCADE_ESTIMATE | CASCADE_STATE)) != 0) {
        put_estimate(pipeline, change, "infectiousness", view.infectiousness);
        put(pipeline, change, SLICE_LIT("supercritical"),
            view.is_supercritical ? SLICE_LIT("1") : SLICE_NONE);
        put_estimate(pipeline, change, "forecast", view.forecast);
        put_estimate(pipeline, change, "forecast_low", view.low);
        put_estimate(pipeline, change, "forecast_high", view.high);
        put(pipeline, change, SLICE_LIT("stage"),
            view.stage == FORECASTS_STAGES ? SLICE_NONE
                                           : forecasts_stage_name(view.stage));
    }
    if ((fields & (CASCADE_P_DOUBLE | CASCADE_STATE)) != 0) {
        put_estimate(pipeline, change, "p_double", view.p_double);
    }
    if ((fields & CASCADE_OVERPERFORMANCE) != 0) {
        put_estimate(pipeline, change, "overperformance", view.overperformance);
    }
}
