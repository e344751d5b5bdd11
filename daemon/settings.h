// Everything a user may set, gathered from the option rows of the parts.
//
// The values come from the rows' presets, then the configuration file, then -o on the
// command line; the last one wins.
#pragma once

#include "base/option.h"
#include "pipeline/pipeline.h"
#include "sinks/redis_options.h"

struct daemon_options {
    char format[OPTION_TEXT_MAX];
};

struct settings {
    struct daemon_options daemon;
    struct pipeline_options pipeline;
    struct redis_options redis;
};

// One part's rows and where its values lie within struct settings.
struct settings_part {
    const struct option *rows;
    size_t offset;
};

extern const struct settings_part settings_parts[];
extern const size_t settings_part_count;

void settings_presets(struct settings *settings);

// The row of that name, or NULL; *ret_values is where its part's values lie.
const struct option *settings_find(struct settings *settings, struct slice name,
                                   void **ret_values);

// What the rows alone cannot judge: combinations, files.
enum status settings_check(const struct settings *settings,
                           struct error *error) MUST_USE;
