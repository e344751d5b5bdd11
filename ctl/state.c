#include "ctl/state.h"

#include <string.h>

#include "ingest/text/cell.h"
#include "ctl/print.h"
#include "ctl/values.h"

enum { NAME_COLUMNS = 16, STATE_COLUMNS = 14, TEXT_COLUMNS = 300 };

#define STATUS_PATH "/api/v1/status"

static bool
has_gap(const json_t *source)
{
    return json_is_object(json_object_get(source, "gap"));
}

static void
put_gap(struct buffer *out, const json_t *source)
{
    const json_t *gap = json_object_get(source, "gap");
    if (!has_gap(source)) {
        return;
    }
    buffer_append(out, SLICE_LIT("  gap from "));
    print_put_time(out, print_number(gap, "from_ms"));
    if (json_is_integer(json_object_get(gap, "to_ms"))) {
        buffer_append(out, SLICE_LIT(" to "));
        print_put_time(out, print_number(gap, "to_ms"));
    } else {
        buffer_append(out, SLICE_LIT(", still open"));
    }
}

static void
put_source(struct buffer *out, const json_t *source)
{
    cell_put_aligned(out, print_member(source, "name"), NAME_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, print_member(source, "state"), STATE_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  lag "));
    print_put_span(out, print_number(source, "lag_ms"));
    put_gap(out, source);
    buffer_append_byte(out, '\n');
}

// ── status ─────────────────────────────────────────────────────────────────

static void
put_figures(struct buffer *out, const json_t *state)
{
    buffer_append(out, SLICE_LIT("cascaded "));
    (void)cell_put(out, print_member(state, "version"), TEXT_COLUMNS);
    buffer_append(out, SLICE_LIT(" runs: "));
    values_put_grouped(out, print_number(state, "posts"));
    print_put(out, " posts, %.1f/s, lag ",
              json_number_value(json_object_get(state, "posts_per_s")));
    print_put_span(out, print_number(state, "lag_ms"));
    buffer_append_byte(out, '\n');
}

static bool
is_redis_up(const json_t *state)
{
    return slice_equal(print_member(json_object_get(state, "redis"), "state"),
                       SLICE_LIT("up"));
}

static void
put_redis(struct buffer *out, const json_t *state)
{
    const json_t *redis = json_object_get(state, "redis");
    const json_t *written = json_object_get(redis, "written_ms");
    buffer_append(out, SLICE_LIT("Redis    "));
    buffer_append(out, is_redis_up(state) ? SLICE_LIT("up") : SLICE_LIT("down"));
    if (json_is_integer(written)) {
        buffer_append(out, SLICE_LIT(", acknowledged at "));
        print_put_time(out, json_integer_value(written));
    }
    buffer_append_byte(out, '\n');
}

// Of an ingest process.
static void
put_entries(struct buffer *out, const json_t *entries)
{
    print_put(out, "Role     ingest: %lld entries wait for Redis, %lld for a worker\n",
              (long long)print_number(entries, "waiting"),
              (long long)print_number(entries, "in_stream"));
}

static void
put_sources(struct buffer *out, const json_t *state)
{
    const json_t *sources = json_object_get(state, "sources");
    size_t index;
    const json_t *source;
    if (json_array_size(sources) == 0) {
        buffer_append(out, SLICE_LIT("Sources  none: posts are pushed over HTTP, or a "
                                     "file is replayed\n"));
    }
    json_array_foreach(sources, index, source)
    {
        buffer_append(out,
                      index == 0 ? SLICE_LIT("Sources  ") : SLICE_LIT("         "));
        put_source(out, source);
    }
}

static void
put_windows(struct buffer *out, const json_t *state)
{
    size_t index;
    const json_t *window;
    json_array_foreach(json_object_get(state, "coverage"), index, window)
    {
        bool is_complete = json_is_true(json_object_get(window, "complete"));
        int64_t seen = print_number(window, "seen_ms");
        buffer_append(out,
                      index == 0 ? SLICE_LIT("Windows  ") : SLICE_LIT("         "));
        cell_put_aligned(out, print_member(window, "window"), NAME_COLUMNS, CELL_LEFT);
        if (is_complete) {
            buffer_append(out, SLICE_LIT("  complete"));
        } else if (seen < print_number(window, "length_ms")) {
            buffer_append(out, SLICE_LIT("  incomplete: only the last "));
            print_put_span(out, seen);
            buffer_append(out, SLICE_LIT(" were seen"));
        } else {
            buffer_append(out, SLICE_LIT("  incomplete: something is missing in it"));
        }
        buffer_append_byte(out, '\n');
    }
}

static void
put_reason(struct buffer *out, size_t *count, struct slice name, const char *text)
{
    buffer_append(out,
                  (*count)++ == 0 ? SLICE_LIT("Missing  ") : SLICE_LIT("         "));
    (void)cell_put(out, name, TEXT_COLUMNS);
    buffer_append(out, slice_of(text));
    buffer_append_byte(out, '\n');
}

// What the daemon itself lacks, beside windows that are not yet full.
static void
put_missing(struct buffer *out, const json_t *state)
{
    size_t count = 0;
    size_t index;
    const json_t *source;
    if (!is_redis_up(state)) {
        put_reason(out, &count, SLICE_NONE,
                   "Redis acknowledges nothing: changes wait in memory");
    }
    json_array_foreach(json_object_get(state, "sources"), index, source)
    {
        struct slice name = print_member(source, "name");
        if (!slice_equal(print_member(source, "state"), SLICE_LIT("live"))) {
            put_reason(out, &count, name, " is not live: cascadectl sources");
        }
        if (has_gap(source)) {
            put_reason(out, &count, name,
                       " has a gap: some messages were not received");
        }
    }
    if (count == 0 && json_is_true(json_object_get(state, "complete"))) {
        put_reason(out, &count, SLICE_NONE, "nothing");
    } else if (count == 0) {
        put_reason(out, &count, SLICE_NONE, "what came before the windows were full");
    }
}

enum status
state_show(struct service *service, bool is_json, struct error *error)
{
    json_t *state = NULL;
    enum status status = service_page(service, STATUS_PATH, &state, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_json) {
        print_json(state);
    } else {
        struct buffer out;
        buffer_init(&out, PRINT_TEXT_MAX);
        put_figures(&out, state);
        put_redis(&out, state);
        const json_t *entries = json_object_get(state, "entries");
        if (entries != NULL) {
            put_entries(&out, entries);
        }
        put_sources(&out, state);
        put_windows(&out, state);
        put_missing(&out, state);
        print_buffer(&out);
    }
    json_decref(state);
    return STATUS_OK;
}

// ── sources ────────────────────────────────────────────────────────────────

// The sources of that name, or all.
static json_t *
choose(const json_t *sources, const char *name)
{
    json_t *chosen = json_array();
    size_t index;
    json_t *source;
    json_array_foreach((json_t *)(uintptr_t)sources, index, source)
    {
        if (name == NULL || slice_equal(print_member(source, "name"), slice_of(name))) {
            (void)json_array_append(chosen, source);
        }
    }
    return chosen;
}

static void
put_listed(struct buffer *out, const json_t *source, const void *context)
{
    (void)context;
    put_source(out, source);
}

enum status
state_sources(struct service *service, const char *name, bool is_json,
              struct error *error)
{
    json_t *state = NULL;
    enum status status = service_page(service, STATUS_PATH, &state, error);
    if (status != STATUS_OK) {
        return status;
    }
    json_t *sources = choose(json_object_get(state, "sources"), name);
    if (name != NULL && json_array_size(sources) == 0) {
        status = error_set(error, STATUS_RANGE, "there is no source \"%.200s\"", name);
    } else {
        const struct print_list list = {
            .name = "sources", .none = "no source is configured", .put = put_listed};
        print_list(&list, sources, is_json);
    }
    json_decref(sources);
    json_decref(state);
    return status;
}
