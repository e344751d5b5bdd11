#include "daemon/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTIONS_MAX = 16, OPTIONS_MAX = 64, LIST_TEXT_MAX = OPTION_TEXT_MAX + 1 };

// libconfuse's callbacks carry no context, so the one reader at work keeps its own
// here.
static struct reader {
    const char *path;
    struct settings *settings;
    config_error_fn on_error;
    void *context;
    const struct option *failed; // the row last told of
    bool has_failed;
} * reader;

struct schema {
    char names[SECTIONS_MAX][OPTION_NAME_MAX * 2];
    cfg_opt_t section_options[SECTIONS_MAX][OPTIONS_MAX];
    size_t option_counts[SECTIONS_MAX];
    size_t section_count;
    cfg_opt_t options[OPTIONS_MAX];
};

static void
tell(struct error *error, const cfg_t *cfg)
{
    error_at(error, reader->path, cfg->line, 0);
    reader->has_failed = true;
    reader->on_error(reader->context, error);
}

__attribute__((format(printf, 2, 0))) static void
on_parse_error(cfg_t *cfg, const char *format, va_list args)
{
    char text[ERROR_TEXT_MAX];
    vsnprintf(text, sizeof(text), format, args);
    struct error error = {0};
    error_set(&error, STATUS_PARSE, "%s", text);
    tell(&error, cfg);
}

// The values read so far as option_set takes them: "5m,1h".
static void
value_text(cfg_opt_t *opt, char text[LIST_TEXT_MAX])
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned int i = 0; i < cfg_opt_size(opt) && used < LIST_TEXT_MAX; i++) {
        int len = snprintf(text + used, LIST_TEXT_MAX - used, "%s%s", i != 0 ? "," : "",
                           cfg_opt_getnstr(opt, i));
        used += (size_t)len;
    }
}

// Called for each value as it is read, so that its line is known; for a list with each
// further element, of which the first bad one is told.
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
    char name[OPTION_NAME_MAX * 4];
    if (strcmp(cfg_name(cfg), "root") == 0) {
        snprintf(name, sizeof(name), "%s", cfg_opt_name(opt));
    } else {
        snprintf(name, sizeof(name), "%s.%s", cfg_name(cfg), cfg_opt_name(opt));
    }
    char text[LIST_TEXT_MAX];
    value_text(opt, text);
    void *values = NULL;
    const struct option *row = settings_find(reader->settings, slice_of(name), &values);
    struct error error = {0};
    if (row != NULL && option_set(row, values, slice_of(text), &error) != STATUS_OK &&
        row != reader->failed) {
        reader->failed = row;
        tell(&error, cfg);
    }
    return 0;
}

static cfg_opt_t
option_opt(const struct option *row, const char *name)
{
    cfg_opt_t list[] = {CFG_STR_LIST((char *)(uintptr_t)name, NULL, CFGF_NODEFAULT)};
    cfg_opt_t single[] = {CFG_STR((char *)(uintptr_t)name, NULL, CFGF_NODEFAULT)};
    return row->type == OPTION_SPANS ? list[0] : single[0];
}

static size_t
section_of(struct schema *schema, struct slice name)
{
    for (size_t i = 0; i < schema->section_count; i++) {
        if (slice_equal(slice_of(schema->names[i]), name)) {
            return i;
        }
    }
    size_t i = schema->section_count++;
    snprintf(schema->names[i], sizeof(schema->names[i]), "%.*s", SLICE_ARG(name));
    return i;
}

static void
schema_build(struct schema *schema)
{
    memset(schema, 0, sizeof(*schema));
    size_t count = 0;
    for (size_t part = 0; part < settings_part_count; part++) {
        for (const struct option *row = settings_parts[part].rows; row->name != NULL;
             row++) {
            const char *dot = strchr(row->name, '.');
            if (dot == NULL) {
                schema->options[count++] = option_opt(row, row->name);
                continue;
            }
            size_t i = section_of(schema,
                                  (struct slice){row->name, (size_t)(dot - row->name)});
            schema->section_options[i][schema->option_counts[i]++] =
                option_opt(row, dot + 1);
        }
    }
    for (size_t i = 0; i < schema->section_count; i++) {
        cfg_opt_t end[] = {CFG_END()};
        schema->section_options[i][schema->option_counts[i]] = end[0];
        cfg_opt_t section[] = {
            CFG_SEC(schema->names[i], schema->section_options[i], CFGF_NONE)};
        schema->options[count++] = section[0];
    }
    cfg_opt_t end[] = {CFG_END()};
    schema->options[count] = end[0];
}

static void
watch_values(cfg_t *cfg)
{
    for (size_t part = 0; part < settings_part_count; part++) {
        for (const struct option *row = settings_parts[part].rows; row->name != NULL;
             row++) {
            char path[OPTION_NAME_MAX * 4];
            snprintf(path, sizeof(path), "%s", row->name);
            char *dot = strchr(path, '.');
            if (dot != NULL) {
                *dot = '|'; // libconfuse's separator
            }
            cfg_set_validate_func(cfg, path, on_value);
        }
    }
}

bool
config_read(const char *path, struct settings *settings, config_error_fn on_error,
            void *context, bool *ret_is_missing)
{
    *ret_is_missing = false;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        *ret_is_missing = errno == ENOENT;
        struct error error = {0};
        error_set(&error, STATUS_IO, "cannot read the configuration: %s",
                  strerror(errno));
        error_at(&error, path, 0, 0);
        on_error(context, &error);
        return false;
    }
    static struct schema schema;
    struct reader mine = {
        .path = path,
        .settings = settings,
        .on_error = on_error,
        .context = context,
    };
    reader = &mine;
    schema_build(&schema);
    cfg_t *cfg = cfg_init(schema.options, CFGF_NONE);
    cfg_set_error_function(cfg, on_parse_error);
    watch_values(cfg);
    int result = cfg_parse_fp(cfg, file);
    cfg_free(cfg);
    fclose(file);
    reader = NULL;
    return result == CFG_SUCCESS && !mine.has_failed;
}

enum status
config_override(struct settings *settings, const char *assignment, struct error *error)
{
    const char *equals = strchr(assignment, '=');
    if (equals == NULL) {
        return error_set(error, STATUS_PARSE,
                         "-o %s: write it as KEY=VALUE, as in -o redis.flush=250ms",
                         assignment);
    }
    struct slice name = {assignment, (size_t)(equals - assignment)};
    void *values = NULL;
    const struct option *row = settings_find(settings, name, &values);
    if (row == NULL) {
        return error_set(
            error, STATUS_PARSE,
            "-o %.*s: there is no such option; cascaded --describe options "
            "lists them",
            SLICE_ARG(name));
    }
    return option_set(row, values, slice_of(equals + 1), error);
}
