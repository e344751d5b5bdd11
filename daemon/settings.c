#include "daemon/settings.h"

#include <stdio.h>
#include <string.h>

#include "ingest/decode.h"

static const struct option daemon_option_rows[] = {
    {"format", OPTION_TEXT, "auto", 1, 16, false,
     offsetof(struct daemon_options, format),
     "Format of the messages read: auto, x1, x2, jetstream, mastodon or post"},
    OPTION_END,
};

const struct settings_part settings_parts[] = {
    {daemon_option_rows, offsetof(struct settings, daemon)},
    {pipeline_option_rows, offsetof(struct settings, pipeline)},
    {redis_option_rows, offsetof(struct settings, redis)},
    {state_option_rows, offsetof(struct settings, state)},
    {http_option_rows, offsetof(struct settings, http)},
    {lookup_option_rows, offsetof(struct settings, lookup)},
};
const size_t settings_part_count = sizeof(settings_parts) / sizeof(settings_parts[0]);

static void *
values_of(struct settings *settings, const struct settings_part *part)
{
    return (char *)settings + part->offset;
}

void
settings_presets(struct settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    for (size_t i = 0; i < settings_part_count; i++) {
        option_presets(settings_parts[i].rows, values_of(settings, &settings_parts[i]));
    }
}

struct source_options *
settings_source(struct settings *settings, struct slice title, struct error *error)
{
    for (size_t i = 0; i < settings->source_count; i++) {
        if (slice_equal(slice_of(settings->sources[i].name), title)) {
            return &settings->sources[i];
        }
    }
    if (title.len >= SOURCE_NAME_MAX) {
        error_set(error, STATUS_RANGE, "source \"%.*s\": at most %d characters",
                  SLICE_ARG(title), SOURCE_NAME_MAX - 1);
        return NULL;
    }
    if (settings->source_count == SETTINGS_SOURCES_MAX) {
        error_set(error, STATUS_FULL, "source \"%.*s\": at most %d sources",
                  SLICE_ARG(title), SETTINGS_SOURCES_MAX);
        return NULL;
    }
    struct source_options *source = &settings->sources[settings->source_count++];
    memset(source, 0, sizeof(*source));
    option_presets(source_option_rows, source);
    snprintf(source->name, sizeof(source->name), "%.*s", SLICE_ARG(title));
    return source;
}

static const struct option *
find_row(const struct option *rows, struct slice name)
{
    for (const struct option *row = rows; row->name != NULL; row++) {
        if (slice_equal(slice_of(row->name), name)) {
            return row;
        }
    }
    return NULL;
}

// name: "<title>.<option>".
static const struct option *
find_in_source(struct settings *settings, struct slice name, void **ret_values,
               struct error *error)
{
    size_t dot = name.len;
    while (dot != 0 && name.ptr[dot - 1] != '.') {
        dot--;
    }
    struct slice option = {name.ptr + dot, name.len - dot};
    const struct option *row = find_row(source_option_rows, option);
    if (dot == 0 || row == NULL) {
        return NULL;
    }
    *ret_values = settings_source(settings, (struct slice){name.ptr, dot - 1}, error);
    return *ret_values != NULL ? row : NULL;
}

const struct option *
settings_find(struct settings *settings, struct slice name, void **ret_values,
              struct error *error)
{
    const struct slice source = SLICE_LIT("source.");
    const struct option *row = NULL;
    for (size_t i = 0; i < settings_part_count && row == NULL; i++) {
        row = find_row(settings_parts[i].rows, name);
        if (row != NULL) {
            *ret_values = values_of(settings, &settings_parts[i]);
        }
    }
    if (row == NULL && slice_starts(name, source)) {
        struct slice rest = {name.ptr + source.len, name.len - source.len};
        row = find_in_source(settings, rest, ret_values, error);
    }
    if (row == NULL) {
        error_set(error, STATUS_PARSE,
                  "there is no such option; cascaded --describe options lists them");
    }
    return row;
}

static void
resolve(char file[OPTION_TEXT_MAX], const char *folder)
{
    char path[2 * OPTION_TEXT_MAX];
    if (file[0] == '\0' || strchr(file, '/') != NULL) {
        return;
    }
    int length = snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (length > 0 && length < OPTION_TEXT_MAX) {
        memcpy(file, path, (size_t)length + 1);
    }
}

void
settings_resolve(struct settings *settings, const char *folder)
{
    if (folder == NULL) {
        return;
    }
    resolve(settings->redis.password_file, folder);
    for (size_t i = 0; i < settings->source_count; i++) {
        resolve(settings->sources[i].token_file, folder);
    }
}

static bool
check_source(const struct settings *settings, size_t i, settings_error_fn on_error,
             void *context)
{
    const struct source_options *source = &settings->sources[i];
    struct error why = {0};
    if (source_options_check(source, &why) == STATUS_OK) {
        return true;
    }
    struct error error = {0};
    error_set(&error, why.code, "source \"%s\": %s", source->name, why.text);
    if (settings->source_lines[i] != 0) {
        error_at(&error, settings->file, settings->source_lines[i], 0);
    }
    on_error(context, &error);
    return false;
}

bool
settings_check(const struct settings *settings, settings_error_fn on_error,
               void *context)
{
    bool is_good = true;
    enum decode_format format;
    struct error error = {0};
    if (decode_format_parse(slice_of(settings->daemon.format), &format) != STATUS_OK) {
        error_set(&error, STATUS_PARSE,
                  "format: \"%s\" is none of auto, x1, x2, jetstream, mastodon, post",
                  settings->daemon.format);
        on_error(context, &error);
        is_good = false;
    }
    error = (struct error){0};
    if (redis_options_check(&settings->redis, &error) != STATUS_OK) {
        on_error(context, &error);
        is_good = false;
    }
    error = (struct error){0};
    if (http_options_check(&settings->http, &error) != STATUS_OK) {
        on_error(context, &error);
        is_good = false;
    }
    error = (struct error){0};
    if (lookup_options_check(&settings->lookup, &error) != STATUS_OK) {
        on_error(context, &error);
        is_good = false;
    }
    for (size_t i = 0; i < settings->source_count; i++) {
        is_good = check_source(settings, i, on_error, context) && is_good;
    }
    return is_good;
}

bool
settings_equal(const struct option *rows, const void *one, const void *other)
{
    for (const struct option *row = rows; row->name != NULL; row++) {
        char texts[2][2 * OPTION_TEXT_MAX];
        option_format(row, one, texts[0], sizeof(texts[0]));
        option_format(row, other, texts[1], sizeof(texts[1]));
        if (strcmp(texts[0], texts[1]) != 0) {
            return false;
        }
    }
    return true;
}
