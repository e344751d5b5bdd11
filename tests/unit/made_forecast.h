// The events of one cascade and their forecast, for tests.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/forecast/forecast.h"

struct made_forecast {
    struct slab *slab;
    struct reshares reshares;
    struct forecast_events events;
    struct forecast *forecast;
};

// A post of `born` whose author has so many followers. slab_destroy ends it.
static inline void
made_forecast_begin(struct made_forecast *made, usec born, uint32_t followers)
{
    *made = (struct made_forecast){.slab = slab_create(64 << 20)};
    assert_non_null(made->slab);
    made->events = (struct forecast_events){made->slab, &made->reshares};
    made->forecast =
        forecast_at(made->slab, forecast_create(&made->events, born, followers));
}
