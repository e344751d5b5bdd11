#include "pipeline/options.h"

// clang-format off
#define OPTION_AS_ROW(member, type, name, preset, min, max, help) \
    {name, OPTION_##type, preset, min, max, false, \
     offsetof(struct pipeline_options, member), help},
#define OPTION_AS_RELOADABLE(member, type, name, preset, min, max, help) \
    {name, OPTION_##type, preset, min, max, true, \
     offsetof(struct pipeline_options, member), help},
#define METRIC_AS_ROW(member, type, name, help) \
    {name, NULL, METRIC_##type, offsetof(struct pipeline_metrics, member), help},

const struct option pipeline_option_rows[] = {
    OPTIONS_ROWS(OPTION_AS_ROW)
    OPTIONS_RELOADABLE(OPTION_AS_RELOADABLE)
    OPTION_END,
};

const struct metric pipeline_metric_rows[] = {
    OPTIONS_METRICS(METRIC_AS_ROW)
    METRIC_END,
};
// clang-format on
