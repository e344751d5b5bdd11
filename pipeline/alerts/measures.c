#include "pipeline/alerts/measures.h"

#include <math.h>

#include "pipeline/carriers/known_acts.h"
#include "pipeline/inside.h"

enum { VELOCITY_MINUTES = 5 };

static const struct cascade *
row_of(const struct pipeline *pipeline, uint32_t cascade)
{
    return cascades_at(&pipeline->cascades, cascade);
}

// ── counts ─────────────────────────────────────────────────────────────────

static double
of_size(const struct pipeline *pipeline, uint32_t cascade)
{
    return row_of(pipeline, cascade)->size;
}

static double
of_velocity(const struct pipeline *pipeline, uint32_t cascade)
{
    const struct cascades *cascades = &pipeline->cascades;
    return (double)cascades_recent(cascades, cascades_at(cascades, cascade),
                                   WINDOWS_VELOCITY_5M) /
           VELOCITY_MINUTES;
}

static double
of_reach(const struct pipeline *pipeline, uint32_t cascade)
{
    return (double)row_of(pipeline, cascade)->reach;
}

static double
of_amplifiers(const struct pipeline *pipeline, uint32_t cascade)
{
    return row_of(pipeline, cascade)->amplifiers.count;
}

static double
of_author_followers(const struct pipeline *pipeline, uint32_t cascade)
{
    uint32_t user = row_of(pipeline, cascade)->author;
    if (user == USER_NONE) {
        return NAN;
    }
    const struct user *author = users_at(&pipeline->users, user);
    return (author->flags & USER_HAS_FOLLOWERS) != 0 ? (double)author->followers : NAN;
}

static double
of_age(const struct pipeline *pipeline, uint32_t cascade)
{
    const struct cascade *row = row_of(pipeline, cascade);
    usec born = row->created != USEC_NONE ? row->created : row->first;
    if (born == USEC_NONE) {
        return NAN;
    }
    return (double)(pipeline->clock - born) / (double)USEC_PER_S;
}

static double
rank_below(const struct pipeline *pipeline, uint32_t cascade, double below)
{
    uint32_t rank =
        known_acts_best(row_of(pipeline, cascade)->known, pipeline->texts, below);
    return rank != 0 ? (double)rank : (double)NAN;
}

static double
of_carrier_rank(const struct pipeline *pipeline, uint32_t cascade)
{
    return rank_below(pipeline, cascade, INFINITY);
}

// ── shape ──────────────────────────────────────────────────────────────────

static double
of_depth(const struct pipeline *pipeline, uint32_t cascade)
{
    const struct tree *tree = &row_of(pipeline, cascade)->tree;
    struct tree_shape shape;
    tree_measure(&pipeline->trees, tree, &shape);
    return tree_is_known(tree) ? (double)shape.depth : NAN;
}

static double
of_virality(const struct pipeline *pipeline, uint32_t cascade)
{
    const struct tree *tree = &row_of(pipeline, cascade)->tree;
    struct tree_shape shape;
    tree_measure(&pipeline->trees, tree, &shape);
    return tree_is_known(tree) ? (double)shape.sum / (double)shape.pairs : NAN;
}

// ── speed and forecast ─────────────────────────────────────────────────────

static double
of_forecast(const struct pipeline *pipeline, uint32_t cascade)
{
    struct forecasts_view view;
    return forecasts_view(pipeline, cascade, &view) ? view.forecast : NAN;
}

static double
of_p_double(const struct pipeline *pipeline, uint32_t cascade)
{
    struct forecasts_view view;
    return forecasts_view(pipeline, cascade, &view) ? view.p_double : NAN;
}

static double
of_overperformance(const struct pipeline *pipeline, uint32_t cascade)
{
    struct forecasts_view view;
    return forecasts_view(pipeline, cascade, &view) ? view.overperformance : NAN;
}

static double
of_supercritical(const struct pipeline *pipeline, uint32_t cascade)
{
    struct forecasts_view view;
    bool is_known =
        forecasts_view(pipeline, cascade, &view) && !isnan(view.infectiousness);
    return is_known ? view.is_supercritical : NAN;
}

static double
of_burst(const struct pipeline *pipeline, uint32_t cascade)
{
    struct forecasts_view view;
    return forecasts_view(pipeline, cascade, &view) ? view.is_bursting : NAN;
}

static double
of_stage(const struct pipeline *pipeline, uint32_t cascade)
{
    struct forecasts_view view;
    bool is_known =
        forecasts_view(pipeline, cascade, &view) && view.stage != FORECASTS_STAGES;
    return is_known ? (double)view.stage : NAN;
}

// ── the table ──────────────────────────────────────────────────────────────

#define AS_ROW(constant, function, name, needs_engine, is_timed)                       \
    [MEASURE_##constant] = {name, needs_engine, is_timed, of_##function},

static const struct {
    const char *name;
    bool needs_engine;
    bool is_timed;
    double (*of)(const struct pipeline *pipeline, uint32_t cascade);
} rows[MEASURES] = {MEASURES_ROWS(AS_ROW)};

double
measure_of(const struct pipeline *pipeline, uint32_t cascade, enum measure measure,
           double below)
{
    return measure == MEASURE_CARRIER_RANK ? rank_below(pipeline, cascade, below)
                                           : rows[measure].of(pipeline, cascade);
}

const char *
measure_name(enum measure measure)
{
    return rows[measure].name;
}

bool
measure_needs_engine(enum measure measure)
{
    return rows[measure].needs_engine;
}

bool
measure_is_timed(enum measure measure)
{
    return rows[measure].is_timed;
}
