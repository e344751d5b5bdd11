// Reads from Redis what an earlier process stored there about its sources.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/gaps.h"
#include "daemon/settings.h"
#include "ingest/sources/source.h"
#include "sinks/redis/redis_resume.h"

struct pipeline;

struct recall_item {
    char name[SOURCE_NAME_MAX];
    struct source_cursor cursor; // time USEC_NONE: none
    struct gaps gaps;
};

struct recall {
    struct redis_recall request; // for the sink
    struct pipeline *pipeline;
    const char *names[SETTINGS_SOURCES_MAX];
    struct recall_item items[SETTINGS_SOURCES_MAX];
};

// Prepares the request: what is stored about the sources in the settings, and what
// forecasts had learnt, which the pipeline gets. Keeps pipeline. *recall must not move.
void recall_init(struct recall *recall, const struct settings *settings,
                 struct pipeline *pipeline);

// What is stored about that source, or NULL.
const struct recall_item *recall_find(const struct recall *recall, const char *name);
