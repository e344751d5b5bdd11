#include "daemon/config.h"

#include <assert.h>
#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/redact.h"
#include "daemon/config_names.h"
#include "daemon/config_text.h"

enum {
    FILE_MAX = 1 << 20,
    SECTIONS_MAX = 16,
    GROUPS_MAX = 8,
    OPTIONS_MAX = 64,
    LIST_TEXT_MAX = OPTION_TEXTS_MAX + 2, // one more than any option allows
};

// libconfuse's callbacks have no context argument, so the active reader is a global.
static struct reader {
    const char *path;
    struct settings *settings;
    settings_error_fn on_error;
    void *context;
    const struct option *failed; // the row whose error was reported last
    bool has_failed;
} * reader;

struct schema {
    char names[SECTIONS_MAX][OPTION_NAME_MAX * 2];
    cfg_opt_t section_options[SECTIONS_MAX][OPTIONS_MAX];
    size_t option_counts[SECTIONS_MAX];
    size_t section_count;
    cfg_opt_t group_options[GROUPS_MAX][OPTIONS_MAX];
    cfg_opt_t options[OPTIONS_MAX];
};

static void
report(struct error *error, const cfg_t *cfg)
{
    error_at(error, reader->path, cfg->line, 0);
    reader->has_failed = true;
    reader->on_error(reader->context, error);
}

static bool
is_root(cfg_t *cfg)
{
    return strcmp(cfg_name(cfg), "root") == 0;
}

// libconfuse's own message, unless it is about an unknown name: that message is
// replaced.
__attribute__((format(printf, 2, 0))) static void
on_parse_error(cfg_t *cfg, const char *format, va_list args)
{
    static const char unknown[] = "no such option '%s'";
    static const char brace[] = "missing opening brace for section '%s'";
    static const char title[] = "missing title for section '%s'";
    struct error error = {0};
    if (strcmp(format, unknown) == 0) {
        config_names_unknown(slice_of(is_root(cfg) ? "" : cfg_name(cfg)),
                             slice_of(va_arg(args, const char *)), &error);
    } else if (strcmp(format, brace) == 0 || strcmp(format, title) == 0) {
        config_names_form(slice_of(va_arg(args, const char *)), &error);
    } else {
        char text[ERROR_TEXT_MAX];
        vsnprintf(text, sizeof(text), format, args);
        error_set(&error, STATUS_PARSE, "%s", text);
    }
    report(&error, cfg);
}

// The values read so far in the form that option_set takes: "5m,1h".
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

// Texts of a list are passed as one text with commas between them.
static enum status
check_item(const struct option *row, cfg_opt_t *opt, struct error *error)
{
    const char *item = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
    if (row->type != OPTION_TEXTS && row->type != OPTION_WORDS) {
        return STATUS_OK;
    }
    if (item[0] == '\0') {
        return error_set(error, STATUS_PARSE, "%s: one of the texts is empty",
                         row->name);
    }
    if (strchr(item, ',') == NULL) {
        return STATUS_OK;
    }
    char shown[REDACT_MAX];
    return error_set(error, STATUS_PARSE,
                     "%s: \"%.100s\" contains a comma, which is not allowed in an "
                     "item: write a list such as {\"one\", \"two\"}",
                     row->name, redact(slice_of(item), shown));
}

// True if the list is written as {}.
static bool
is_empty(cfg_opt_t *opt)
{
    return (opt->flags & CFGF_LIST) != 0 && cfg_opt_size(opt) == 1 &&
           strcmp(cfg_opt_getnstr(opt, 0), CONFIG_TEXT_EMPTY) == 0;
}

// The last item of a long list, which is not read again at each item. After the list it
// comes once more.
static enum status
add_word(const struct option *row, void *values, cfg_opt_t *opt, struct error *error)
{
    const struct option_words *words =
        (const void *)((const char *)values + row->offset);
    unsigned int count = cfg_opt_size(opt);
    enum status status = STATUS_OK;
    if (count == 1) {
        status = option_set(row, values, SLICE_LIT(""), error);
    }
    if (status == STATUS_OK && words->count + 1 == count) {
        status =
            option_add(row, values, slice_of(cfg_opt_getnstr(opt, count - 1)), error);
    }
    return status;
}

// Called for each value as it is read, so that its line is known; for a list at each
// further element. Of a list only the first invalid element is reported.
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
    char name[OPTION_TITLE_MAX * 4];
    if (is_root(cfg)) {
        snprintf(name, sizeof(name), "%s", cfg_opt_name(opt));
    } else if (cfg_title(cfg) != NULL) {
        snprintf(name, sizeof(name), "%s.%.*s.%s", cfg_name(cfg), OPTION_TITLE_MAX,
                 cfg_title(cfg), cfg_opt_name(opt));
    } else {
        snprintf(name, sizeof(name), "%s.%s", cfg_name(cfg), cfg_opt_name(opt));
    }
    void *values = NULL;
    struct error error = {0};
    const struct option *row =
        settings_find(reader->settings, slice_of(name), &values, &error);
    if (row == NULL) {
        return 0; // too many of a group: reported at the end of the section
    }
    enum status status = check_item(row, opt, &error);
    if (is_empty(opt)) {
        status = option_set(row, values, SLICE_LIT("{}"), &error);
    } else if (status == STATUS_OK && row->type == OPTION_WORDS) {
        status = add_word(row, values, opt, &error);
    } else if (status == STATUS_OK) {
        char text[LIST_TEXT_MAX];
        value_text(opt, text);
        status = option_set(row, values, slice_of(text), &error);
    }
    if (status == STATUS_OK) {
        *settings_line(reader->settings, row, values) = cfg->line;
    } else if (row != reader->failed) {
        reader->failed = row;
        config_names_section(reader->settings, values, &error);
        report(&error, cfg);
    }
    return 0;
}

// Called at the end of each section with a title, also if it has no options.
static int
on_item(cfg_t *cfg, cfg_opt_t *opt)
{
    const cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
    struct error error = {0};
    int *line;
    if (settings_item(reader->settings, settings_group(slice_of(cfg_opt_name(opt))),
                      slice_of(cfg_title((cfg_t *)section)), &line, &error) == NULL) {
        report(&error, cfg);
        return 0;
    }
    *line = section->line;
    return 0;
}

static cfg_opt_t
option_opt(const struct option *row, const char *name)
{
    cfg_opt_t list[] = {CFG_STR_LIST((char *)(uintptr_t)name, NULL, CFGF_NODEFAULT)};
    cfg_opt_t single[] = {CFG_STR((char *)(uintptr_t)name, NULL, CFGF_NODEFAULT)};
    bool is_list = row->type == OPTION_SPANS || row->type == OPTION_COUNTS ||
                   row->type == OPTION_TEXTS || row->type == OPTION_WORDS;
    return is_list ? list[0] : single[0];
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

static cfg_opt_t
group_opt(const struct settings_group *group, cfg_opt_t options[OPTIONS_MAX])
{
    size_t count = 0;
    for (const struct option *row = group->rows; row->name != NULL; row++) {
        options[count++] = option_opt(row, row->name);
    }
    cfg_opt_t end[] = {CFG_END()};
    options[count] = end[0];
    cfg_opt_t section[] = {CFG_SEC((char *)(uintptr_t)group->name, options,
                                   CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)};
    return section[0];
}

static void
schema_build(struct schema *schema)
{
    memset(schema, 0, sizeof(*schema));
    assert(settings_group_count <= GROUPS_MAX);
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
    for (size_t i = 0; i < settings_group_count; i++) {
        schema->options[count++] =
            group_opt(&settings_groups[i], schema->group_options[i]);
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
    for (size_t i = 0; i < settings_group_count; i++) {
        const struct settings_group *group = &settings_groups[i];
        for (const struct option *row = group->rows; row->name != NULL; row++) {
            char path[OPTION_NAME_MAX * 4];
            snprintf(path, sizeof(path), "%s|%s", group->name, row->name);
            cfg_set_validate_func(cfg, path, on_value);
        }
        cfg_set_validate_func(cfg, group->name, on_item);
    }
}

// Opens what libconfuse reads of the text; NULL with error set.
static FILE *
open_text(const char *path, struct buffer *ret_text, struct error *error)
{
    FILE *file = NULL;
    struct buffer text;
    buffer_init(&text, FILE_MAX);
    if (config_text_read(path, &text, error) == STATUS_OK &&
        config_text_check(path, text.bytes, text.size, error) == STATUS_OK) {
        config_text_blank(text.bytes, text.size);
        config_text_fill(buffer_text(&text), ret_text);
        buffer_append_byte(ret_text, '\n'); // nothing cannot be opened
        if (!ret_text->is_failed) {
            file = fmemopen(ret_text->bytes, ret_text->size, "r");
        }
        if (file == NULL) {
            error_set(error, STATUS_NOMEM, "no memory for the configuration");
        }
    }
    buffer_fini(&text);
    char shown[REDACT_MAX];
    error_at(error, redact(slice_of(path), shown), 0, 0);
    return file;
}

bool
config_read(const char *path, struct settings *settings, settings_error_fn on_error,
            void *context)
{
    struct buffer text;
    struct error error = {0};
    buffer_init(&text,
                (size_t)2 * FILE_MAX); // "{}" becomes twice as long and a byte more
    FILE *file = open_text(path, &text, &error);
    if (file == NULL) {
        buffer_fini(&text);
        on_error(context, &error);
        return false;
    }
    settings->file = path;
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
    if (cfg == NULL) {
        abort(); // no memory: config_apart reports it
    }
    cfg_set_error_function(cfg, on_parse_error);
    watch_values(cfg);
    int result = cfg_parse_fp(cfg, file);
    if (result != CFG_SUCCESS && !mine.has_failed) {
        // libconfuse has no message for an empty name.
        config_names_unknown(SLICE_LIT(""), SLICE_LIT(""), &error);
        report(&error, cfg);
    }
    cfg_free(cfg);
    fclose(file);
    buffer_fini(&text);
    reader = NULL;
    return result == CFG_SUCCESS && !mine.has_failed;
}

void
config_log_error(void *context, const struct error *error)
{
    (void)context;
    if (error->line != 0) {
        char place[ERROR_FILE_MAX + 16];
        snprintf(place, sizeof(place), "%s:%d", error->file, error->line);
        log_error_of("config_error", "file", place, "%s: %s", place, error->text);
    } else if (error->file[0] != '\0') {
        log_error_of("config_error", "file", error->file, "%s: %s", error->file,
                     error->text);
    } else {
        log_error("config_error", "%s", error->text);
    }
}

void
config_print_error(void *context, const struct error *error)
{
    (void)context;
    if (error->line != 0) {
        log_plain("%s:%d: %s", error->file, error->line, error->text);
    } else if (error->file[0] != '\0') {
        log_plain("%s: %s", error->file, error->text);
    } else {
        log_error("config_error", "%s", error->text);
    }
}
