#include <stdio.h>

#include "base/json_writer.h"
#include "sinks/api/api_inside.h"

static int64_t
ms_of(usec time)
{
    return usec_floor_div(time, USEC_PER_MS);
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
            json_writer_put_i64(text, "from_ms", ms_of(source->gap_from));
            json_writer_name(text, SLICE_LIT("to_ms"));
            if (source->gap_to == USEC_NONE) {
                json_writer_null(text);
            } else {
                json_writer_i64(text, ms_of(source->gap_to));
            }
            json_writer_close(text, '}');
        }
        json_writer_close(text, '}');
    }
    json_writer_close(text, ']');
}

// The windows, and the names of boards: those of one window, then those without.
static void
put_boards(struct buffer *text, const struct pipeline *pipeline)
{
    uint32_t count = views_boards(pipeline);
    struct slice first = views_board(pipeline, 0).metric;
    json_writer_name(text, SLICE_LIT("windows"));
    json_writer_open(text, '[');
    for (uint32_t i = 0; i < count; i++) {
        struct views_board board = views_board(pipeline, i);
        if (slice_equal(board.metric, first)) {
            json_writer_string(text, board.window);
        }
    }
    json_writer_close(text, ']');
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
    json_writer_name(text, SLICE_LIT("clock_ms"));
    if (has_clock) {
        json_writer_i64(text, ms_of(now.meta.clock));
    } else {
        json_writer_null(text);
    }
    json_writer_put_i64(text, "as_of_ms", ms_of(now.wall));
    json_writer_put_i64(text, "lag_ms",
                        ms_of(now.state.lag != USEC_NONE ? now.state.lag : behind));
    json_writer_name(text, SLICE_LIT("complete"));
    json_writer_bool(text, now.is_complete);
    json_writer_put_u64(text, "posts", now.meta.posts);
    json_writer_name(text, SLICE_LIT("posts_per_s"));
    json_writer_number(text, slice_of(rate));
    put_sources(text, &now.state);
    put_boards(text, api->setup.pipeline);
    json_writer_close(text, '}');
}
