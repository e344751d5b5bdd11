#include "daemon/http_api.h"

#include "daemon/wall_clock.h"
#include "net/clock.h"
#include "pipeline/views_campaign.h"
#include "sinks/redis/redis_outlet.h"
#include "sinks/redis/redis_sink.h"

static void
describe(const struct http_api *http_api, const struct stream *stream, usec now,
         struct api_source *source)
{
    *source = (struct api_source){
        .name = stream_options(stream)->name,
        .state = source_state_name(stream_state(stream)),
        .lag = stream_lag(stream, now),
    };
    usec since = now - settings_longest_window(http_api->needs.settings);
    if (!stream_gap(stream, since, &source->gap_from, &source->gap_to)) {
        source->gap_from = USEC_NONE;
    }
}

static usec
wall(const struct http_api *http_api)
{
    return http_api->needs.streams != NULL ? wall_clock_now() : clock_system();
}

static void
state(void *context, struct api_state *ret_state)
{
    struct http_api *http_api = context;
    const struct streams *streams = http_api->needs.streams;
    usec age;
    *ret_state = (struct api_state){.sources = http_api->sources};
    redis_sink_streams(http_api->needs.sink, &ret_state->lag, &ret_state->is_complete);
    ret_state->is_written = redis_sink_is_current(http_api->needs.sink, &age);
    ret_state->written = age != USEC_NONE ? wall(http_api) - age : USEC_NONE;
    if (streams != NULL &&
        scale_role(&http_api->needs.settings->scale) == SCALE_INGEST) {
        const struct redis_outlet_metrics *entries =
            redis_outlet_metrics(http_api->needs.sink);
        ret_state->is_ingest = true;
        ret_state->entries_waiting = entries->waiting;
        ret_state->entries_in_stream = entries->in_stream;
    }
    for (size_t i = 0; streams != NULL && i < streams->count; i++) {
        describe(http_api, streams->items[i], wall_clock_now(), &http_api->sources[i]);
        ret_state->source_count++;
    }
}

static bool
covers(void *context, usec window)
{
    const struct http_api *http_api = context;
    const struct streams *streams = http_api->needs.streams;
    struct streams_figures figures = {.is_complete = true};
    if (streams != NULL) {
        streams_figures(streams, wall_clock_now(), window, &figures);
    }
    return figures.is_complete;
}

static void
on_alert(void *context, struct slice json)
{
    const struct http_api *http_api = context;
    api_alerted(http_api->api, json);
    live_feed_alerted(http_api->feed, json);
}

// ── who is marked as talked to ─────────────────────────────────────────────

static struct slice
campaign_at(void *context, uint32_t number)
{
    const struct http_api *http_api = context;
    return number < views_campaigns(http_api->needs.pipeline)
               ? views_campaign_name(http_api->needs.pipeline, number)
               : SLICE_NONE;
}

static void
on_marks(void *context, struct slice campaign)
{
    const struct http_api *http_api = context;
    api_marks_follow(http_api->api, campaign);
}

static void
on_mark(void *context, struct slice campaign, struct slice person, struct slice ms)
{
    const struct http_api *http_api = context;
    api_mark(http_api->api, campaign, person, ms);
}

static void
on_marks_end(void *context, struct slice campaign)
{
    const struct http_api *http_api = context;
    api_marks_complete(http_api->api, campaign);
}

bool
http_api_init(struct http_api *http_api, const struct http_api_needs *needs)
{
    *http_api = (struct http_api){.needs = *needs};
    for (size_t i = 0; i < NETWORK_COUNT; i++) {
        http_api->networks[i] = network_rows[i].name;
    }
    const struct api_setup setup = {
        .pipeline = needs->pipeline,
        .version = CASCADED_VERSION,
        .networks = http_api->networks,
        .network_count = NETWORK_COUNT,
        .wall = needs->streams != NULL ? wall_clock_now : clock_system,
        .state = state,
        .covers = covers,
        .context = http_api,
    };
    http_api->api = api_create(&setup);
    if (http_api->api == NULL) {
        return false;
    }
    http_api->feed = live_feed_create(&(struct live_feed_needs){
        needs->base, needs->pipeline, http_api->api, needs->sink});
    if (http_api->feed == NULL) {
        http_api_fini(http_api);
        return false;
    }
    alert_delivery_watch(needs->delivery, on_alert, http_api);
    http_api->marks = (struct redis_marks_request){
        .campaign = campaign_at,
        .on_begin = on_marks,
        .on_mark = on_mark,
        .on_end = on_marks_end,
        .context = http_api,
    };
    redis_marks_read(needs->sink, &http_api->marks);
    return true;
}

void
http_api_fini(struct http_api *http_api)
{
    if (http_api->api != NULL) {
        redis_marks_read(http_api->needs.sink, NULL);
        alert_delivery_watch(http_api->needs.delivery, NULL, NULL);
        live_feed_destroy(&http_api->feed);
        api_destroy(&http_api->api);
    }
}
