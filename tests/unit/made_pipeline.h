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

#define T0 ((usec)1700000000 * USEC_PER_S)
#define WALL (T0 + 3650 * USEC_PER_DAY)

// "users.capacity=1000 windows=5m"
static inline struct pipeline *
made_pipeline(const char *settings)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.memory_texts = 64 << 20;
    char text[256];
    snprintf(text, sizeof(text), "%s", settings);
    char *rest = text;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        const struct option *row = pipeline_option_rows;
        while (row->name != NULL && strcmp(row->name, word) != 0) {
            row++;
        }
        assert_non_null(row->name);
        assert_int_equal(option_set(row, &options, slice_of(equals + 1), NULL),
                         STATUS_OK);
    }
    struct hash_key key = {1, 2};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_create(&options, &key, true, &error);
    assert_non_null(pipeline);
    return pipeline;
}
