#include "daemon/config_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/settings.h"

enum { KNOWN_NAME_MAX = 32, SHOWN_MAX = 40, HOMES_MAX = 256 };

#define SHOWN(name) (int)((name).len < SHOWN_MAX ? (name).len : SHOWN_MAX), (name).ptr

// The name to look up, and the result.
struct search {
    struct slice section; // empty: outside any
    struct slice name;
    bool is_section_known;
    bool is_name_known;      // it is in the section
    char homes[HOMES_MAX];   // where else it exists: "in redis, in source"
    struct slice nearest;    // in the section; none: no name is similar
    size_t nearest_distance; // or the limit
};

// ── similar names ──────────────────────────────────────────────────────────

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// The number of letters to insert, delete, change, or swap with the next one to turn
// one name into the other (optimal string alignment). Both have at most KNOWN_NAME_MAX
// bytes.
static size_t
distance(struct slice a, struct slice b)
{
    size_t rows[KNOWN_NAME_MAX + 1][KNOWN_NAME_MAX + 1];
    for (size_t i = 0; i <= a.len; i++) {
        for (size_t k = 0; k <= b.len; k++) {
            if (i == 0 || k == 0) {
                rows[i][k] = i + k;
                continue;
            }
            size_t least = rows[i - 1][k - 1] + (a.ptr[i - 1] != b.ptr[k - 1]);
            least = smaller(least, smaller(rows[i - 1][k], rows[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] &&
                a.ptr[i - 2] == b.ptr[k - 1]) {
                least = smaller(least, rows[i - 2][k - 2] + 1);
            }
            rows[i][k] = least;
        }
    }
    return rows[a.len][b.len];
}

// The least distance at which names are not similar: they may differ by two in eight
// letters, by one in three, by none in two.
static size_t
too_far(struct slice name)
{
    return name.len < 3 ? 1 : 2 + name.len / 5;
}

static void
offer(struct search *search, struct slice name)
{
    if (name.len > KNOWN_NAME_MAX || search->name.len > KNOWN_NAME_MAX) {
        return;
    }
    size_t far = distance(search->name, name);
    if (far < search->nearest_distance) {
        search->nearest = name;
        search->nearest_distance = far;
    }
}

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
        offer(search, option);
    } else if (is_equal) {
        add_home(search, section);
    }
    if (search->section.len == 0 && section.len != 0) {
        search->is_name_known =
            search->is_name_known || slice_equal(section, search->name);
        offer(search, section);
    }
}

static struct search
search(struct slice section, struct slice name)
{
    struct search found = {.section = section,
                           .name = name,
                           .nearest = SLICE_NONE,
                           .nearest_distance = too_far(name)};
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
    if (found.nearest.len != 0) {
        return error_set(error, STATUS_PARSE, "%s: did you mean \"%.*s\"?", what,
                         SLICE_ARG(found.nearest));
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
        if (section.len <= KNOWN_NAME_MAX &&
            distance(section, group) < too_far(group)) {
            snprintf(other, sizeof(other), ", or %.*s \"name\" { … }",
                     SLICE_ARG(group));
        }
    }
    return error_set(error, STATUS_PARSE,
                     "%.*s has no title and no value: write %.*s { … }%s",
                     SHOWN(section), SHOWN(section), other);
}
