#include "ctl/campaign_course.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/usec.h"
#include "ctl/print.h"
#include "ctl/values.h"
#include "ingest/text/cell.h"

enum {
    PATH_SIZE = 256,
    NAME_SIZE = 128,
    COLUMNS_MAX = 60,
    LABEL_COLUMNS = 8,
    WHO_COLUMNS = 40,
    NEW_MAX = 10,
    LEVELS = 8,
};

#define SPAN (7 * USEC_PER_DAY / USEC_PER_MS)

// ── asking ─────────────────────────────────────────────────────────────────

static json_t *
ask(struct service *service, struct slice campaign, const char *more,
    struct error *error)
{
    char path[PATH_SIZE];
    json_t *body = NULL;
    (void)snprintf(path, sizeof path, "/api/v1/campaigns/%.*s%s", SLICE_ARG(campaign),
                   more);
    return service_page(service, path, &body, error) == STATUS_OK ? body : NULL;
}

void
campaign_course_pull(struct service *service, struct slice campaign, const char *window,
                     struct campaign_course *ret_course)
{
    char more[NAME_SIZE];
    *ret_course = (struct campaign_course){0};
    (void)snprintf(ret_course->window, sizeof ret_course->window, "%s", window);
    (void)snprintf(more, sizeof more, "/top/carried/%s", window);
    ret_course->figures = ask(service, campaign, "", &ret_course->why);
    if (ret_course->figures != NULL) {
        ret_course->course = ask(service, campaign, "/course", &ret_course->why);
        ret_course->carried = ask(service, campaign, more, &ret_course->why);
    }
}

void
campaign_course_fini(struct campaign_course *course)
{
    json_decref(course->carried);
    json_decref(course->course);
    json_decref(course->figures);
    *course = (struct campaign_course){0};
}

// ── the window before ──────────────────────────────────────────────────────

const char *
campaign_course_before(const struct campaign_course *course, const char *metric,
                       struct slice window, char text[CAMPAIGN_COURSE_FIGURE_MAX])
{
    char name[NAME_SIZE];
    char number[CELL_NUMBER_MAX];
    (void)snprintf(name, sizeof name, "%s:%.*s", metric, SLICE_ARG(window));
    const json_t *value =
        json_object_get(json_object_get(course->figures, "before"), name);
    (void)snprintf(text, CAMPAIGN_COURSE_FIGURE_MAX, "-");
    if (json_is_integer(value) && strcmp(metric, "share") != 0) {
        (void)snprintf(text, CAMPAIGN_COURSE_FIGURE_MAX, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(value));
        struct slice grouped = cell_number(slice_of(text), number);
        memmove(text, grouped.ptr, grouped.len);
        text[grouped.len] = '\0';
    } else if (json_is_number(value)) {
        (void)snprintf(text, CAMPAIGN_COURSE_FIGURE_MAX, "%.1f %%",
                       100 * json_number_value(value));
    }
    return text;
}

// ── growth ─────────────────────────────────────────────────────────────────

// Bins of the answer from `first` on, `each` of them a column.
struct bins {
    const json_t *values;
    size_t first, count, each;
};

static uint64_t
column_of(const struct bins *bins, size_t column)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bins->each; i++) {
        size_t at = bins->first + column * bins->each + i;
        sum += (uint64_t)json_integer_value(json_array_get(bins->values, at));
    }
    return sum;
}

static size_t
columns_of(const struct bins *bins)
{
    return (bins->count - bins->first + bins->each - 1) / bins->each;
}

static void
put_bars(struct buffer *out, const char *label, const struct bins *bins, int64_t width)
{
    static const char *const levels[LEVELS + 1] = {" ", "▁", "▂", "▃", "▄",
                                                   "▅", "▆", "▇", "█"};
    uint64_t most = 1;
    for (size_t i = 0; i < columns_of(bins); i++) {
        most = column_of(bins, i) > most ? column_of(bins, i) : most;
    }
    cell_put_aligned(out, slice_of(label), LABEL_COLUMNS, CELL_LEFT);
    for (size_t i = 0; i < columns_of(bins); i++) {
        uint64_t value = column_of(bins, i);
        buffer_append(out, slice_of(levels[(value * LEVELS + most - 1) / most]));
    }
    print_put(out, "  at most %" PRIu64 " in ", most);
    print_put_span(out, width * (int64_t)bins->each);
    buffer_append_byte(out, '\n');
}

static void
put_classes(struct buffer *out, const json_t *classes)
{
    size_t i;
    const json_t *class;
    json_array_foreach(classes, i, class)
    {
        buffer_append(out, i != 0 ? SLICE_LIT(", ") : SLICE_LIT(""));
        (void)cell_put(out, print_member(class, "name"), WHO_COLUMNS);
        buffer_append_byte(out, ' ');
        values_put_grouped(out, print_number(class, "people"));
    }
    buffer_append_byte(out, '\n');
}

static void
put_growth(struct buffer *out, const struct screen *screen, const json_t *course)
{
    int64_t width = print_number(course, "width_ms");
    struct bins posts = {.values = json_object_get(course, "posts"), .each = 1};
    posts.count = json_array_size(posts.values);
    if (posts.count == 0 || width <= 0) {
        return;
    }
    size_t week = (size_t)((SPAN + width - 1) / width);
    posts.first = posts.count > week ? posts.count - week : 0;
    posts.each = (posts.count - posts.first + COLUMNS_MAX - 1) / COLUMNS_MAX;
    struct bins people = posts;
    people.values = json_object_get(course, "joined");
    screen_put_strong(screen, out, SLICE_LIT("How it went"), SCREEN_PLAIN_WIDTH);
    buffer_append(out, SLICE_LIT("\nfrom "));
    print_put_time(out,
                   print_number(course, "start_ms") + (int64_t)posts.first * width);
    buffer_append_byte(out, '\n');
    put_bars(out, "posts", &posts, width);
    put_bars(out, "joined", &people, width);
    put_classes(out, json_object_get(course, "classes"));
}

// ── new carriers ───────────────────────────────────────────────────────────

static bool
is_new(const json_t *entry)
{
    return json_is_true(json_object_get(entry, "new"));
}

static void
put_carriers(struct buffer *out, const struct screen *screen,
             const struct campaign_course *course)
{
    size_t i;
    size_t count = 0;
    const json_t *entry;
    screen_put_strong(screen, out, SLICE_LIT("New carriers"), SCREEN_PLAIN_WIDTH);
    print_put(out, "\nof the first %zu, last %s: ",
              json_array_size(json_object_get(course->carried, "entries")),
              course->window);
    json_array_foreach(json_object_get(course->carried, "entries"), i, entry)
    {
        if (!is_new(entry) || count == NEW_MAX) {
            continue;
        }
        struct slice handle = print_member(entry, "handle");
        bool has_handle = !slice_is_none(handle);
        buffer_append(out, count++ != 0 ? SLICE_LIT(", ") : SLICE_LIT(""));
        buffer_append(out, has_handle ? SLICE_LIT("@") : SLICE_LIT(""));
        (void)cell_put(out, has_handle ? handle : print_member(entry, "id"),
                       WHO_COLUMNS);
        buffer_append_byte(out, ' ');
        values_put_grouped(out, print_number(entry, "value"));
    }
    buffer_append(out, count == 0 ? SLICE_LIT("none\n\n") : SLICE_LIT("\n\n"));
}

// ── all ────────────────────────────────────────────────────────────────────

void
campaign_course_put(struct buffer *out, const struct screen *screen,
                    const struct campaign_course *course)
{
    buffer_append_byte(out, '\n');
    if (course->figures == NULL) {
        buffer_append(out, SLICE_LIT("without the window before, growth and new "
                                     "carriers: "));
        (void)cell_put(out, slice_of(course->why.text), sizeof course->why.text);
        buffer_append_byte(out, '\n');
        return;
    }
    put_carriers(out, screen, course);
    put_growth(out, screen, course->course);
}

static void
put_member(struct buffer *json, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (text != NULL) {
        json_writer_name(json, slice_of(name));
        json_writer_json(json, slice_of(text));
        free(text);
    }
}

void
campaign_course_put_json(struct buffer *json, const struct campaign_course *course)
{
    size_t i;
    json_t *entry;
    if (course->figures == NULL) {
        json_writer_put_text(json, "course_error", slice_of(course->why.text));
        return;
    }
    put_member(json, "before", json_object_get(course->figures, "before"));
    put_member(json, "course", course->course);
    json_t *carriers = json_array();
    json_array_foreach(json_object_get(course->carried, "entries"), i, entry)
    {
        if (is_new(entry)) {
            (void)json_array_append(carriers, entry);
        }
    }
    put_member(json, "new_carriers", carriers);
    json_decref(carriers);
}
