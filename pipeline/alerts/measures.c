#include "pipeline/alerts/measures.h"

#include <math.h>

#include "pipeline/inside.h"

enum { VELOCITY_MINUTES = 5 };

static double
age_of(const struct pipeline *pipeline, const struct cascade *row)
{
    usec born = row->created != USEC_NONE ? row->created : row->first;
    if (born == USEC_NONE) {
        return NAN;
    }
    return (double)(pipeline->clock - born) / (double)USEC_PER_S;
}

static double
followers_of(const struct pipeline *pipeline, const struct cascade *row)
{
    if (row->author == USER_NONE) {
        return NAN;
    }
    const struct user *author = users_at(&pipeline->users, row->author);
    return (author->flags & USER_HAS_FOLLOWERS) != 0 ? (double)author->followers : NAN;
}

static double
depth_of(const struct pipeline *pipeline, const struct tree *tree)
{
    struct tree_shape shape;
    tree_measure(&pipeline->trees, tree, &shape);
    return tree_is_known(tree) ? (double)shape.depth : NAN;
}

static double
virality_of(const struct pipeline *pipeline, const struct tree *tree)
{
    struct tree_shape shape;
    tree_measure(&pipeline->trees, tree, &shape);
    return tree_is_known(tree) ? (double)shape.sum / (double)shape.pairs : NAN;
}

static double
forecast_measure(const struct pipeline *pipeline, uint32_t cascade,
                 enum measure measure)
{
    struct forecasts_view view;
    if (!forecasts_view(pipeline, cascade, &view)) {
        return NAN;
    }
    if (measure == MEASURE_FORECAST) {
        return isinf(view.forecast) ? NAN : view.forecast;
    }
    if (measure == MEASURE_P_DOUBLE) {
        return view.p_double;
    }
    if (measure == MEASURE_OVERPERFORMANCE) {
        return view.overperformance;
    }
    if (measure == MEASURE_SUPERCRITICAL) {
        return isnan(view.forecast) ? NAN : isinf(view.forecast);
    }
    if (measure == MEASURE_BURST) {
        return view.is_bursting;
    }
    return view.stage == FORECASTS_STAGES ? NAN : (double)view.stage;
}

double
measure_of(const struct pipeline *pipeline, uint32_t cascade, enum measure measure)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    switch (measure) {
    case MEASURE_SIZE:
        return row->size;
    case MEASURE_VELOCITY:
        return (double)cascades_recent(&pipeline->cascades, row, WINDOWS_VELOCITY_5M) /
               VELOCITY_MINUTES;
    case MEASURE_REACH:
        return (double)row->reach;
    case MEASURE_AMPLIFIERS:
        return row->amplifiers.count;
    case MEASURE_AGE:
        return age_of(pipeline, row);
    case MEASURE_AUTHOR_FOLLOWERS:
        return followers_of(pipeline, row);
    case MEASURE_DEPTH:
        return depth_of(pipeline, &row->tree);
    case MEASURE_VIRALITY:
        return virality_of(pipeline, &row->tree);
    case MEASURE_FORECAST:
    case MEASURE_P_DOUBLE:
    case MEASURE_OVERPERFORMANCE:
    case MEASURE_SUPERCRITICAL:
    case MEASURE_BURST:
    case MEASURE_STAGE:
        return forecast_measure(pipeline, cascade, measure);
    case MEASURES:
        break;
    }
    return NAN;
}
