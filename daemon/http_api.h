// The HTTP interface for reading (sinks/api/api.h), with what comes from the daemon:
// its sources, the networks, and the alerts it delivers; and the live feed of its
// answers.
#pragma once

#include <stdbool.h>

#include "daemon/alert_delivery.h"
#include "daemon/live_feed.h"
#include "daemon/settings.h"
#include "daemon/streams.h"
#include "ingest/text/network.h"
#include "sinks/api/api.h"
#include "sinks/redis/redis_marks.h"

struct http_api_needs {
    struct pipeline *pipeline; // kept, as all pointers here
    struct redis_sink *sink;
    const struct streams *streams; // NULL: of a replay
    struct alert_delivery *delivery;
    const struct settings *settings;
    struct event_base *base;
};

struct http_api {
    struct http_api_needs needs;
    struct slice networks[NETWORK_COUNT];
    struct api_source sources[SETTINGS_SOURCES_MAX];
    struct redis_marks_request marks;
    struct api *api;
    struct live_feed *feed;
};

// In place, kept there. False when there is no memory.
bool http_api_init(struct http_api *http_api, const struct http_api_needs *needs);
// After the server. Accepts one that is zeroed.
void http_api_fini(struct http_api *http_api);
