// Reads from Redis what an earlier process stored there about its sources.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/gaps.h"
#include "daemon/settings.h"
#include "ingest/sources/source.h"
#include "sinks/redis/redis_resume.h"

struct pipeline;

struct resume_item {
    char name[SOURCE_NAME_MAX];
    struct source_cursor cursor; // time USEC_NONE: none
    struct gaps gaps;
};

struct resume {
    struct redis_resume_request request; // for the sink
    struct pipeline *pipeline;
    redis_resume_alert_fn on_alert;
    void *context; // for it
    const char *names[SETTINGS_SOURCES_MAX];
    struct resume_item items[SETTINGS_SOURCES_MAX];
};

// Prepares the request: what is stored about the sources in the settings, and what
// forecasts had learnt, which the pipeline gets. Keeps pipeline. *resume must not move.
void resume_init(struct resume *resume, const struct settings *settings,
                 struct pipeline *pipeline);

// Also reads the newest alerts. Keeps context.
void resume_alerts(struct resume *resume, redis_resume_alert_fn on_alert,
                   void *context);

// What is stored about that source, or NULL.
const struct resume_item *resume_find(const struct resume *resume, const char *name);
