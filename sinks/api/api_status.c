#include <stdio.h>

#include "base/json_writer.h"
#include "sinks/api/api_inside.h"

static int64_t
ms_of(usec time)
{
    return usec_floor_div(time, USEC_PER_MS);
}

// null: there is none.
static void
put_time(struct buffer *text, const char *name, usec time)
{
    json_writer_name(text, slice_of(name));
    if (time == USEC_NONE) {
        json_writer_null(text);
    } else {
        json_writer_i64(text, ms_of(time));
    }
}

static void
put_sources(struct buffer *text, const struct api_state *state)
{
    json_writer_name(text, SLICE_LIT("sources"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < state->source_count; i++) {
        const struct api_source *source = &state->sources[i];
        json_writer_open(text, '{');
        json_writer_put_text(text, "name", slice_of(source->name));
        json_writer_put_text(text, "state", slice_of(source->state));
        json_writer_put_i64(text, "lag_ms", ms_of(source->lag));
        json_writer_name(text, SLICE_LIT("gap"));
        if (source->gap_from == USEC_NONE) {
            json_writer_null(text);
        } else {
            json_writer_open(text, '{');
            put_time(text, "from_ms", source->gap_from);
            put_time(text, "to_ms", source->gap_to);
            json_writer_close(text, '}');
        }
        json_writer_close(text, '}');
    }
    json_writer_close(text, ']');
}

static void
put_redis(struct buffer *text, const struct api_state *state)
{
    json_writer_name(text, SLICE_LIT("redis"));
    json_writer_open(text, '{');
    json_writer_put_text(text, "state", slice_of(state->is_written ? "up" : "down"));
    put_time(text, "written_ms", state->written);
    json_writer_close(text, '}');
}

// Of an ingest process, whose boards are empty.
static void
put_entries(struct buffer *text, const struct api_state *state)
{
    json_writer_name(text, SLICE_LIT("entries"));
    json_writer_open(text, '{');
    json_writer_put_u64(text, "waiting", state->entries_waiting);
    json_writer_put_u64(text, "in_stream", state->entries_in_stream);
    json_writer_close(text, '}');
}

static void
put_windows(const struct api_call *call)
{
    const struct api_setup *setup = &call->api->setup;
    struct buffer *text = call->body;
    uint32_t count = views_windows(setup->pipeline);
    json_writer_name(text, SLICE_LIT("windows"));
    json_writer_open(text, '[');
    for (uint32_t i = 0; i < count; i++) {
        json_writer_string(text, views_window(setup->pipeline, i).name);
    }
    json_writer_close(text, ']');
    json_writer_name(text, SLICE_LIT("coverage"));
    json_writer_open(text, '[');
    for (uint32_t i = 0; i < count; i++) {
        struct views_window window = views_window(setup->pipeline, i);
        json_writer_open(text, '{');
        json_writer_put_text(text, "window", window.name);
        json_writer_put_i64(text, "length_ms", ms_of(window.length));
        json_writer_put_i64(text, "seen_ms", ms_of(window.seen));
        json_writer_put_i64(text, "before_ms", ms_of(window.before));
        json_writer_name(text, SLICE_LIT("complete"));
        json_writer_bool(text, window.is_complete &&
                                   setup->covers(setup->context, window.length));
        json_writer_close(text, '}');
    }
    json_writer_close(text, ']');
}

// The names of boards: those of one window, then those without.
static void
put_boards(struct buffer *text, const struct pipeline *pipeline)
{
    uint32_t count = views_boards(pipeline);
    json_writer_name(text, SLICE_LIT("boards"));
    json_writer_open(text, '[');
    struct slice last = SLICE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        struct slice metric = views_board(pipeline, i).metric;
        if (!slice_equal(metric, last)) {
            json_writer_string(text, metric);
        }
        last = metric;
    }
    json_writer_close(text, ']');
}

static void
put_campaigns(struct buffer *text, const struct pipeline *pipeline)
{
    json_writer_name(text, SLICE_LIT("campaigns"));
    json_writer_open(text, '[');
    for (uint32_t i = 0; i < views_campaigns(pipeline); i++) {
        json_writer_string(text, views_campaign_name(pipeline, i));
    }
    json_writer_close(text, ']');
}

void
api_write_status(const struct api_call *call)
{
    struct api *api = call->api;
    struct buffer *text = call->body;
    struct api_now now = api_now(api);
    bool has_clock = now.meta.clock != USEC_NONE;
    usec behind =
        has_clock && now.wall > now.meta.clock ? now.wall - now.meta.clock : 0;
    char rate[32];
    snprintf(rate, sizeof(rate), "%.1f", api->rate);
    json_writer_open(text, '{');
    json_writer_put_text(text, "version", slice_of(api->setup.version));
    put_time(text, "clock_ms", now.meta.clock);
    json_writer_put_i64(text, "as_of_ms", ms_of(api->as_of));
    json_writer_put_i64(text, "lag_ms",
                        ms_of(now.state.lag != USEC_NONE ? now.state.lag : behind));
    json_writer_name(text, SLICE_LIT("complete"));
    json_writer_bool(text, now.is_complete);
    json_writer_put_u64(text, "posts", now.meta.posts);
    json_writer_name(text, SLICE_LIT("posts_per_s"));
    json_writer_number(text, slice_of(rate));
    put_redis(text, &now.state);
    if (now.state.is_ingest) {
        put_entries(text, &now.state);
    }
    put_sources(text, &now.state);
    put_windows(call);
    put_boards(text, api->setup.pipeline);
    put_campaigns(text, api->setup.pipeline);
    json_writer_close(text, '}');
}
