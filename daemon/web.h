// The daemon's HTTP server: answers with metrics and health, and accepts pushed posts.
#pragma once

#include "daemon/keeper.h"
#include "daemon/settings.h"
#include "daemon/streams.h"

struct web;

struct web_setup {
    struct event_base *base; // kept, as all pointers here
    const struct settings *settings;
    struct pipeline *pipeline;
    const struct keeper *keeper;
    struct redis_sink *sink;
    const struct streams *streams;
    const struct lookup *lookup; // NULL: there is none
    const struct deliver *deliver;
    const bool *is_started; // Redis answered, and the sources are started
};

// NULL with error set, also when the address is in use.
struct web *web_create(const struct web_setup *setup, struct error *error);
// Accepts NULL.
void web_destroy(struct web **web);
