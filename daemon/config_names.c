#include "daemon/config_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/similar.h"
#include "daemon/settings.h"

enum { SHOWN_MAX = 40, HOMES_MAX = 256 };

#define SHOWN(name) (int)((name).len < SHOWN_MAX ? (name).len : SHOWN_MAX), (name).ptr

// The name to look up, and the result.
struct search {
    struct slice section; // empty: outside any
    struct slice name;
    bool is_section_known;
    bool is_name_known;     // it is in the section
    char homes[HOMES_MAX];  // where else it exists: "in redis, in source"
    struct similar similar; // in the section
};

// ── the search ─────────────────────────────────────────────────────────────

static void
add_home(struct search *search, struct slice section)
{
    size_t used = strlen(search->homes);
    struct slice home = section.len != 0 ? section : SLICE_LIT("outside any section");
    snprintf(search->homes + used, HOMES_MAX - used, "%s%s%.*s", used != 0 ? ", " : "",
             section.len != 0 ? "in " : "", SLICE_ARG(home));
}

static void
look_at(struct search *search, struct slice section, struct slice option)
{
    bool is_equal = slice_equal(option, search->name);
    if (slice_equal(section, search->section)) {
        search->is_section_known = true;
        search->is_name_known = search->is_name_known || is_equal;
        similar_offer(&search->similar, option);
    } else if (is_equal) {
        add_home(search, section);
    }
    if (search->section.len == 0 && section.len != 0) {
        search->is_name_known =
            search->is_name_known || slice_equal(section, search->name);
        similar_offer(&search->similar, section);
    }
}

static struct search
search(struct slice section, struct slice name)
{
    struct search found = {.section = section, .name = name};
    similar_init(&found.similar, name);
    for (size_t part = 0; part < settings_part_count; part++) {
        const struct option *row = settings_parts[part].rows;
        for (; row->name != NULL; row++) {
            const char *dot = strchr(row->name, '.');
            size_t len = dot != NULL ? (size_t)(dot - row->name) : 0;
            look_at(&found, (struct slice){row->name, len},
                    slice_of(dot != NULL ? dot + 1 : row->name));
        }
    }
    for (size_t i = 0; i < settings_group_count; i++) {
        const struct option *row = settings_groups[i].rows;
        for (; row->name != NULL; row++) {
            look_at(&found, slice_of(settings_groups[i].name), slice_of(row->name));
        }
    }
    return found;
}

// ── messages ───────────────────────────────────────────────────────────────

// "redis.url" and "source.<title>.url".
static enum status
unknown_path(struct slice path, const char *dot, struct error *error)
{
    size_t last = path.len;
    while (path.ptr[last - 1] != '.') {
        last--;
    }
    struct slice section = {path.ptr, (size_t)(dot - path.ptr)};
    struct slice name = {path.ptr + last, path.len - last};
    return config_names_unknown(section, name, error);
}

enum status
config_names_unknown(struct slice section, struct slice name, struct error *error)
{
    const char *dot = name.len != 0 ? memchr(name.ptr, '.', name.len) : NULL;
    if (dot != NULL && section.len == 0 && dot != name.ptr) {
        return unknown_path(name, dot, error);
    }
    struct search found = search(section, name);
    if (!found.is_section_known) {
        return config_names_unknown(SLICE_LIT(""), section, error);
    }
    if (found.is_name_known) {
        return config_names_form(section.len != 0 ? section : name, error);
    }
    char what[2 * SHOWN_MAX + 64];
    int used = snprintf(what, sizeof(what), "unknown option%s \"%.*s\"",
                        section.len != 0 ? "" : " or section", SHOWN(name));
    if (section.len != 0) {
        snprintf(what + used, sizeof(what) - (size_t)used, " in %.*s", SHOWN(section));
    }
    if (found.homes[0] != '\0') {
        return error_set(error, STATUS_PARSE, "%s: it belongs %s", what, found.homes);
    }
    if (found.similar.nearest.len != 0) {
        return error_set(error, STATUS_PARSE, "%s: did you mean \"%.*s\"?", what,
                         SLICE_ARG(found.similar.nearest));
    }
    return error_set(error, STATUS_PARSE, "%s; cascaded --describe options lists them",
                     what);
}

enum status
config_names_form(struct slice section, struct error *error)
{
    if (settings_group(section) != NULL) {
        return error_set(error, STATUS_PARSE,
                         "%.*s needs a title: write %.*s \"name\" { … }",
                         SHOWN(section), SHOWN(section));
    }
    char other[SHOWN_MAX + 32] = "";
    for (size_t i = 0; i < settings_group_count; i++) {
        struct slice group = slice_of(settings_groups[i].name);
        struct similar similar;
        similar_init(&similar, group);
        similar_offer(&similar, section);
        if (!slice_is_none(similar.nearest)) {
            snprintf(other, sizeof(other), ", or %.*s \"name\" { … }",
                     SLICE_ARG(group));
        }
    }
    return error_set(error, STATUS_PARSE,
                     "%.*s has no title and no value: write %.*s { … }%s",
                     SHOWN(section), SHOWN(section), other);
}

void
config_names_section(const struct settings *settings, const void *values,
                     struct error *error)
{
    size_t offset = (size_t)((const char *)values - (const char *)settings);
    for (size_t i = 0; i < settings_group_count; i++) {
        const struct settings_group *group = &settings_groups[i];
        if (offset >= group->items &&
            offset < group->items + group->maximum * group->item_size) {
            const struct error value = *error;
            *error = (struct error){0};
            error_set(error, value.code, "%s \"%s\": %s", group->name,
                      (const char *)values, value.text);
        }
    }
}
