#include "daemon/config_shown.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"

enum { NAME_MAX_LEN = OPTION_TITLE_MAX + 64 };

// ── values ─────────────────────────────────────────────────────────────────

// Leaves scheme and host of the address in place: of "a://user:pass@host/path?query"
// "a://host/path". A password may contain "?" and "#". If it may contain "/", only the
// scheme stays.
static void
strip_address(char *text, bool hides_path)
{
    char *host = strstr(text, "://");
    if (host == NULL) {
        return;
    }
    host += strlen("://");
    char *end = host + strcspn(host, "/");
    for (char *at = end; at != host; at--) {
        if (at[-1] == '@') {
            memmove(host, at, strlen(at) + 1);
            break;
        }
    }
    host[strcspn(host, "?#")] = '\0';
    end = host + strcspn(host, "/");
    if (strchr(end, '@') != NULL) {
        snprintf(host, strlen(host) + 1, "...");
        return;
    }
    if (hides_path && end[0] == '/' && end[1] != '\0') {
        snprintf(end, strlen(end) + 1, "/");
    }
}

const char *
config_shown_value(const char *group, const struct option *row, const void *values,
                   char text[CONFIG_SHOWN_MAX])
{
    option_format(row, values, text, CONFIG_SHOWN_MAX);
    if (row->type == OPTION_TEXT) {
        strip_address(text, strcmp(group, "webhook") == 0);
    }
    return text;
}

// ── all options ────────────────────────────────────────────────────────────

struct shown {
    const struct settings *settings;
    struct buffer *json;
};

static void
put_origin(const struct shown *shown, const struct option *row, const void *values)
{
    struct buffer *json = shown->json;
    int line =
        *settings_line((struct settings *)(uintptr_t)shown->settings, row, values);
    json_writer_put_text(json, "origin",
                         line == 0  ? SLICE_LIT("default")
                         : line > 0 ? SLICE_LIT("file")
                                    : SLICE_LIT("command line"));
    if (line > 0 && shown->settings->file != NULL) {
        json_writer_put_text(json, "file", slice_of(shown->settings->file));
        json_writer_put_i64(json, "line", line);
    }
}

static void
put_rows(const struct shown *shown, const char *group, const struct option *rows,
         const void *values)
{
    char text[CONFIG_SHOWN_MAX];
    char name[NAME_MAX_LEN];
    for (const struct option *row = rows; row->name != NULL; row++) {
        const char *title = group[0] != '\0' ? values : "";
        snprintf(name, sizeof(name), "%s%s%s%s%s", group, group[0] != '\0' ? "." : "",
                 title, title[0] != '\0' ? "." : "", row->name);
        json_writer_open(shown->json, '{');
        json_writer_put_text(shown->json, "name", slice_of(name));
        json_writer_put_text(shown->json, "value",
                             slice_of(config_shown_value(group, row, values, text)));
        put_origin(shown, row, values);
        json_writer_close(shown->json, '}');
    }
}

void
config_shown_all(const struct settings *settings, struct buffer *json)
{
    const struct shown shown = {settings, json};
    json_writer_open(json, '[');
    for (size_t i = 0; i < settings_part_count; i++) {
        put_rows(&shown, "", settings_parts[i].rows,
                 (const char *)settings + settings_parts[i].offset);
    }
    for (size_t i = 0; i < settings_group_count; i++) {
        const struct settings_group *group = &settings_groups[i];
        for (size_t k = 0; k < settings_item_count(settings, group); k++) {
            put_rows(&shown, group->name, group->rows,
                     settings_item_at(settings, group, k));
        }
    }
    json_writer_close(json, ']');
}

// ── differences ────────────────────────────────────────────────────────────

struct difference {
    const char *name;
    const char *from; // NULL: none
    const char *to;
    bool is_applied;
};

static void
put_text_or_null(struct buffer *json, const char *name, const char *text)
{
    json_writer_name(json, slice_of(name));
    if (text != NULL) {
        json_writer_string(json, slice_of(text));
    } else {
        json_writer_null(json);
    }
}

static void
put_change(struct buffer *json, const struct difference *change)
{
    json_writer_open(json, '{');
    json_writer_put_text(json, "name", slice_of(change->name));
    put_text_or_null(json, "from", change->from);
    put_text_or_null(json, "to", change->to);
    json_writer_name(json, SLICE_LIT("applied"));
    json_writer_bool(json, change->is_applied);
    json_writer_close(json, '}');
}

// What differs may be hidden in an address: it is compared as it is.
static void
put_row_change(struct buffer *json, const char *name, const char *group,
               const struct option *row, const void *const values[2])
{
    char texts[2][CONFIG_SHOWN_MAX];
    if (!option_equal(row, values[0], values[1])) {
        put_change(json, &(struct difference){
                             name, config_shown_value(group, row, values[0], texts[0]),
                             config_shown_value(group, row, values[1], texts[1]),
                             row->is_reloadable});
    }
}

// Sections of `settings` that `other` lacks.
static void
put_lone_items(struct buffer *json, const struct settings_group *group,
               const struct settings *settings, const struct settings *other,
               bool is_new)
{
    char name[NAME_MAX_LEN];
    for (size_t i = 0; i < settings_item_count(settings, group); i++) {
        const char *title = settings_item_at(settings, group, i);
        if (settings_find_item(other, group->name, title) == NULL) {
            snprintf(name, sizeof(name), "%s.%s", group->name, title);
            put_change(json, &(struct difference){name, is_new ? NULL : "section",
                                                  is_new ? "section" : NULL, true});
        }
    }
}

static void
put_item_changes(struct buffer *json, const struct settings_group *group,
                 const struct settings *now, const struct settings *next)
{
    char name[NAME_MAX_LEN];
    for (size_t i = 0; i < settings_item_count(now, group); i++) {
        const char *item = settings_item_at(now, group, i);
        const void *const values[2] = {item,
                                       settings_find_item(next, group->name, item)};
        for (const struct option *row = group->rows;
             values[1] != NULL && row->name != NULL; row++) {
            snprintf(name, sizeof(name), "%s.%s.%s", group->name, item, row->name);
            put_row_change(json, name, group->name, row, values);
        }
    }
}

void
config_shown_changes(const struct settings *now, const struct settings *next,
                     struct buffer *json)
{
    json_writer_open(json, '[');
    for (size_t i = 0; i < settings_part_count; i++) {
        const struct settings_part *part = &settings_parts[i];
        const void *const values[2] = {(const char *)now + part->offset,
                                       (const char *)next + part->offset};
        for (const struct option *row = part->rows; row->name != NULL; row++) {
            put_row_change(json, row->name, "", row, values);
        }
    }
    for (size_t i = 0; i < settings_group_count; i++) {
        const struct settings_group *group = &settings_groups[i];
        put_lone_items(json, group, now, next, false);
        put_item_changes(json, group, now, next);
        put_lone_items(json, group, next, now, true);
    }
    json_writer_close(json, ']');
}
