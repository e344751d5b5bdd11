// A pipeline in event time for tests, as its options are written in a configuration.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "pipeline/pipeline.h"
#include "tests/unit/made_options.h"

#define T0 ((usec)1700000000 * USEC_PER_S)
#define WALL (T0 + 3650 * USEC_PER_DAY)

// "users.capacity=1000 windows=5m"
static inline struct pipeline *
made_pipeline(const char *settings)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    made_options(pipeline_option_rows, &options, settings);
    struct hash_key key = {1, 2};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_create(&options, &key, true, &error);
    assert_non_null(pipeline);
    return pipeline;
}

// One flush, acknowledged.
static inline void
made_flush(struct pipeline *pipeline)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
    }
    changes_written(pipeline, SIZE_MAX);
}
