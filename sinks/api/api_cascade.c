#include "base/json_writer.h"
#include "sinks/alert_json.h"
#include "sinks/api/api_inside.h"

static const char unknown_post[] =
    "there is no such post in memory, or it was not reshared: ask for its id, "
    "percent-encoded";

void
api_write_cascade(const struct api_call *call)
{
    struct pipeline *pipeline = call->api->setup.pipeline;
    struct change change;
    uint32_t cascade = views_find_cascade(pipeline, call->request->words[0]);
    if (cascade == VIEWS_NONE) {
        api_unknown(call, unknown_post);
        return;
    }
    views_cascade(pipeline, cascade, &change);
    json_writer_open(call->body, '{');
    json_writer_put_text(call->body, "id", change.name);
    alert_json_fields(&change, call->body);
    alert_json_people(&change, call->body);
    api_put_growth(call->body, pipeline, cascade, API_POINTS_MAX);
    json_writer_close(call->body, '}');
}

// ── the tree ───────────────────────────────────────────────────────────────

static uint32_t
root_of(const struct api_call *call)
{
    return views_find_cascade(call->api->setup.pipeline, call->request->words[0]);
}

static void
put_text(struct buffer *text, struct slice value)
{
    if (slice_is_none(value)) {
        json_writer_null(text);
    } else {
        json_writer_string(text, value);
    }
}

static void
put_parent(const struct api_call *call, uint32_t row)
{
    json_writer_i64(call->body,
                    row == 0 ? -1 : (int64_t)call->api->tree->rows[row].parent);
}

static void
put_time(const struct api_call *call, uint32_t row)
{
    usec time = call->api->tree->rows[row].time;
    if (time == USEC_NONE) {
        json_writer_null(call->body);
    } else {
        json_writer_i64(call->body, usec_floor_div(time, USEC_PER_MS));
    }
}

static void
put_observed(const struct api_call *call, uint32_t row)
{
    json_writer_u64(call->body, call->api->tree->rows[row].is_observed);
}

static void
put_post(const struct api_call *call, uint32_t row)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    put_text(call->body, row == 0
                             ? views_owner_id(pipeline, VIEWS_CASCADES, root_of(call))
                             : views_tree_post(pipeline, &call->api->tree->rows[row]));
}

static struct views_person
person_of(const struct api_call *call, uint32_t row)
{
    const struct pipeline *pipeline = call->api->setup.pipeline;
    uint32_t user = row == 0 ? views_author(pipeline, root_of(call))
                             : views_tree_person(pipeline, &call->api->tree->rows[row]);
    return user != VIEWS_NONE ? views_person(pipeline, user)
                              : (struct views_person){.id = SLICE_NONE};
}

static void
put_person(const struct api_call *call, uint32_t row)
{
    put_text(call->body, person_of(call, row).id);
}

static void
put_handle(const struct api_call *call, uint32_t row)
{
    put_text(call->body, person_of(call, row).handle);
}

// The arrays of the answer: `put` writes the value of a row.
struct column {
    const char *name;
    void (*put)(const struct api_call *call, uint32_t row);
};

static const struct column columns[] = {
    {"parent", put_parent}, {"time", put_time},     {"observed", put_observed},
    {"id", put_post},       {"person", put_person}, {"handle", put_handle},
};

static void
put_column(const struct api_call *call, const struct column *column)
{
    json_writer_name(call->body, slice_of(column->name));
    json_writer_open(call->body, '[');
    for (uint32_t row = 0; row < call->api->tree->count; row++) {
        column->put(call, row);
    }
    json_writer_close(call->body, ']');
}

void
api_write_tree(const struct api_call *call)
{
    uint32_t cascade = root_of(call);
    usec started;
    if (cascade == VIEWS_NONE) {
        api_unknown(call, unknown_post);
        return;
    }
    if (!api_begin_costly(call, &started)) {
        return;
    }
    struct views_tree *tree = call->api->tree;
    views_tree(call->api->setup.pipeline, cascade, tree);
    json_writer_open(call->body, '{');
    json_writer_put_u64(call->body, "nodes", tree->nodes);
    json_writer_put_u64(call->body, "shown", tree->count);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        put_column(call, &columns[i]);
    }
    json_writer_close(call->body, '}');
    api_end_costly(call, started);
}
