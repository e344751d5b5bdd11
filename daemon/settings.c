#include "daemon/settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/alert_check.h"
#include "daemon/campaign_setup.h"
#include "ingest/decode/decode.h"
#include "ingest/decode/decode_format.h"
#include "sinks/redis/redis_outbox.h"

static const struct option daemon_option_rows[] = {
    {"format", OPTION_TEXT, "auto", 1, 16, false,
     offsetof(struct daemon_options, format),
     "Format of the messages read, one of:" DECODE_FORMAT_NAMES},
    OPTION_END,
};

const struct settings_part settings_parts[] = {
    {daemon_option_rows, offsetof(struct settings, daemon)},
    {log_option_rows, offsetof(struct settings, log)},
    {pipeline_option_rows, offsetof(struct settings, pipeline)},
    {redis_options_rows, offsetof(struct settings, redis)},
    {state_option_rows, offsetof(struct settings, state)},
    {http_options_rows, offsetof(struct settings, http)},
    {control_socket_option_rows, offsetof(struct settings, control)},
    {name_lookup_option_rows, offsetof(struct settings, lookup)},
    {alert_delivery_option_rows, offsetof(struct settings, delivery)},
    {scale_option_rows, offsetof(struct settings, scale)},
};
const size_t settings_part_count = sizeof(settings_parts) / sizeof(settings_parts[0]);

static enum status
check_source(const struct settings *settings, const void *item, struct error *error)
{
    (void)settings;
    return source_options_check(item, error);
}

static enum status
check_webhook(const struct settings *settings, const void *item, struct error *error)
{
    const struct webhook_options *webhook = item;
    enum status status = webhook_options_check(webhook, error);
    const char *rule = NULL;
    while (status == STATUS_OK &&
           (rule = option_texts_next(&webhook->rules, rule)) != NULL) {
        size_t found = 0;
        while (found < settings->alert_count &&
               strcmp(settings->alerts[found].name, rule) != 0) {
            found++;
        }
        if (found == settings->alert_count) {
            status =
                error_set(error, STATUS_RANGE,
                          "rules: there is no alert \"%s\" in the configuration", rule);
        }
    }
    return status;
}

static enum status
check_alert(const struct settings *settings, const void *item, struct error *error)
{
    enum status status = rules_check(item, error);
    return status == STATUS_OK ? alert_check(settings, item, error) : status;
}

static enum status
check_campaign(const struct settings *settings, const void *item, struct error *error)
{
    return campaign_setup_check(settings, item, error);
}

const struct settings_group settings_groups[] = {
    {
        .name = "source",
        .rows = source_option_rows,
        .items = offsetof(struct settings, sources),
        .item_size = sizeof(struct source_options),
        .count = offsetof(struct settings, source_count),
        .lines = offsetof(struct settings, source_lines),
        .maximum = SETTINGS_SOURCES_MAX,
        .secrets = {"token_file"},
        .check = check_source,
    },
    {
        .name = "webhook",
        .rows = webhook_options_rows,
        .items = offsetof(struct settings, webhooks),
        .item_size = sizeof(struct webhook_options),
        .count = offsetof(struct settings, webhook_count),
        .lines = offsetof(struct settings, webhook_lines),
        .maximum = SETTINGS_WEBHOOKS_MAX,
        .secrets = {"secret_file"},
        .check = check_webhook,
    },
    {
        .name = "alert",
        .rows = rule_option_rows,
        .items = offsetof(struct settings, alerts),
        .item_size = sizeof(struct rule),
        .count = offsetof(struct settings, alert_count),
        .lines = offsetof(struct settings, alert_lines),
        .maximum = RULES_MAX,
        .check = check_alert,
    },
    {
        .name = "campaign",
        .rows = campaign_option_rows,
        .items = offsetof(struct settings, campaigns),
        .item_size = sizeof(struct campaign),
        .count = offsetof(struct settings, campaign_count),
        .lines = offsetof(struct settings, campaign_lines),
        .maximum = CAMPAIGN_MAX,
        .check = check_campaign,
    },
};
const size_t settings_group_count =
    sizeof(settings_groups) / sizeof(settings_groups[0]);

static_assert(sizeof(settings_parts) / sizeof(settings_parts[0]) == SETTINGS_PARTS,
              "each has its lines");
static_assert(sizeof(settings_groups) / sizeof(settings_groups[0]) == SETTINGS_GROUPS,
              "each has its lines");
static_assert(offsetof(struct source_options, name) == 0, "titles come first");
static_assert(offsetof(struct webhook_options, name) == 0, "titles come first");
static_assert(offsetof(struct rule, name) == 0, "titles come first");
static_assert(offsetof(struct campaign, name) == 0, "titles come first");
static_assert((int)SETTINGS_WEBHOOKS_MAX <= (int)REDIS_ENDPOINTS_MAX,
              "each has its bit");

static void *
values_of(struct settings *settings, const struct settings_part *part)
{
    return (char *)settings + part->offset;
}

void
settings_presets(struct settings *settings)
{
    memset(settings, 0, offsetof(struct settings, campaigns));
    for (size_t i = 0; i < settings_part_count; i++) {
        option_presets(settings_parts[i].rows, values_of(settings, &settings_parts[i]));
    }
}

void
settings_copy(struct settings *settings, const struct settings *from)
{
    memcpy(settings, from,
           offsetof(struct settings, campaigns) +
               from->campaign_count * sizeof(from->campaigns[0]));
}

// ── groups ─────────────────────────────────────────────────────────────────

static size_t *
group_count(struct settings *settings, const struct settings_group *group)
{
    return (size_t *)(void *)((char *)settings + group->count);
}

// Begins with its title.
static char *
group_item(struct settings *settings, const struct settings_group *group, size_t i)
{
    return (char *)settings + group->items + i * group->item_size;
}

static int *
group_line(struct settings *settings, const struct settings_group *group, size_t i)
{
    return (int *)(void *)((char *)settings + group->lines) + i;
}

const void *
settings_item_at(const struct settings *settings, const struct settings_group *group,
                 size_t place)
{
    return (const char *)settings + group->items + place * group->item_size;
}

size_t
settings_item_count(const struct settings *settings, const struct settings_group *group)
{
    return *(const size_t *)(const void *)((const char *)settings + group->count);
}

const void *
settings_find_item(const struct settings *settings, const char *name, const char *title)
{
    const struct settings_group *group = settings_group(slice_of(name));
    for (size_t i = 0; i < settings_item_count(settings, group); i++) {
        const char *item = settings_item_at(settings, group, i);
        if (strcmp(item, title) == 0) {
            return item;
        }
    }
    return NULL;
}

int *
settings_line(struct settings *settings, const struct option *row, const void *values)
{
    size_t offset = (size_t)((const char *)values - (const char *)settings);
    for (size_t i = 0; i < settings_part_count; i++) {
        if (settings_parts[i].offset == offset) {
            return &settings->part_lines[i][row - settings_parts[i].rows];
        }
    }
    size_t i = 0;
    while (offset < settings_groups[i].items ||
           offset >= settings_groups[i].items +
                         settings_groups[i].maximum * settings_groups[i].item_size) {
        i++;
    }
    size_t place = (offset - settings_groups[i].items) / settings_groups[i].item_size;
    return &settings->item_lines[i][place][row - settings_groups[i].rows];
}

const struct settings_group *
settings_group(struct slice name)
{
    for (size_t i = 0; i < settings_group_count; i++) {
        if (slice_equal(slice_of(settings_groups[i].name), name)) {
            return &settings_groups[i];
        }
    }
    return NULL;
}

void *
settings_item(struct settings *settings, const struct settings_group *group,
              struct slice title, int **ret_line, struct error *error)
{
    size_t *count = group_count(settings, group);
    size_t i = 0;
    while (i < *count &&
           !slice_equal(slice_of(group_item(settings, group, i)), title)) {
        i++;
    }
    if (i == *count && title.len >= OPTION_TITLE_MAX) {
        error_set(error, STATUS_RANGE, "%s \"%.*s\": at most %d characters",
                  group->name, SLICE_ARG(title), OPTION_TITLE_MAX - 1);
        return NULL;
    }
    if (i == group->maximum) {
        error_set(error, STATUS_FULL,
                  "%s \"%.*s\": at most %zu such sections are allowed", group->name,
                  SLICE_ARG(title), group->maximum);
        return NULL;
    }
    char *item = group_item(settings, group, i);
    if (i == *count) {
        memset(item, 0, group->item_size);
        option_presets(group->rows, item);
        snprintf(item, OPTION_TITLE_MAX, "%.*s", SLICE_ARG(title));
        (*count)++;
    }
    *ret_line = group_line(settings, group, i);
    return item;
}

void
settings_replace(struct settings *settings, const struct settings *next,
                 const char *name)
{
    const struct settings_group *group = settings_group(slice_of(name));
    const struct {
        size_t offset;
        size_t size;
    } parts[] = {
        {group->items,
         *group_count((struct settings *)(uintptr_t)next, group) * group->item_size},
        {group->lines, group->maximum * sizeof(int)},
        {offsetof(struct settings, item_lines) +
             (size_t)(group - settings_groups) * sizeof(settings->item_lines[0]),
         sizeof(settings->item_lines[0])},
        {group->count, sizeof(size_t)},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy((char *)settings + parts[i].offset, (const char *)next + parts[i].offset,
               parts[i].size);
    }
}

// name: "<group>.<title>.<option>"; only the title may contain further dots.
static const struct option *
find_in_group(struct settings *settings, struct slice name, void **ret_values,
              struct error *error)
{
    const char *first = name.len != 0 ? memchr(name.ptr, '.', name.len) : NULL;
    size_t last = name.len;
    while (last != 0 && name.ptr[last - 1] != '.') {
        last--;
    }
    if (first == NULL || first == name.ptr + last - 1) {
        return NULL;
    }
    const struct settings_group *group =
        settings_group((struct slice){name.ptr, (size_t)(first - name.ptr)});
    struct slice title = {first + 1, (size_t)(name.ptr + last - 1 - (first + 1))};
    struct slice option = {name.ptr + last, name.len - last};
    const struct option *row = group != NULL ? option_find(group->rows, option) : NULL;
    if (row == NULL) {
        return NULL;
    }
    int *line;
    *ret_values = settings_item(settings, group, title, &line, error);
    return *ret_values != NULL ? row : NULL;
}

const struct option *
settings_find(struct settings *settings, struct slice name, void **ret_values,
              struct error *error)
{
    const struct option *row = NULL;
    for (size_t i = 0; i < settings_part_count && row == NULL; i++) {
        row = option_find(settings_parts[i].rows, name);
        if (row != NULL) {
            *ret_values = values_of(settings, &settings_parts[i]);
        }
    }
    return row != NULL ? row : find_in_group(settings, name, ret_values, error);
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

static void
resolve_group(struct settings *settings, const struct settings_group *group,
              const char *folder)
{
    const size_t most = sizeof(group->secrets) / sizeof(group->secrets[0]);
    for (size_t k = 0; k < most && group->secrets[k] != NULL; k++) {
        const struct option *row =
            option_find(group->rows, slice_of(group->secrets[k]));
        for (size_t i = 0; i < *group_count(settings, group); i++) {
            resolve(group_item(settings, group, i) + row->offset, folder);
        }
    }
}

void
settings_resolve(struct settings *settings, const char *folder)
{
    if (folder == NULL) {
        return;
    }
    char *const files[] = {settings->redis.password_file,
                           settings->redis.sentinel_password_file,
                           settings->redis.key_file, settings->http.token_file};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        resolve(files[i], folder);
    }
    for (size_t i = 0; i < settings_group_count; i++) {
        resolve_group(settings, &settings_groups[i], folder);
    }
}

bool
settings_anchor(struct settings *settings, const char *file, struct error *error)
{
    const char *slash = strrchr(file, '/');
    size_t folder = slash != NULL ? (size_t)(slash - file) + 1 : 0;
    for (size_t i = 0; i < settings->campaign_count; i++) {
        struct campaign *campaign = &settings->campaigns[i];
        char *name = campaign->people_file;
        size_t len = strlen(name);
        if (len == 0 || name[0] == '/') {
            continue;
        }
        if (folder + len >= sizeof(campaign->people_file)) {
            error_set(error, STATUS_RANGE,
                      "campaign \"%s\": people_file: the path has more than %d bytes "
                      "with the folder of the configuration file",
                      campaign->name, OPTION_TEXT_MAX - 1);
            return false;
        }
        memmove(name + folder, name, len + 1);
        memcpy(name, file, folder);
    }
    return true;
}

// The error of a check, and where it goes.
struct check {
    struct error error;
    settings_error_fn on_error;
    void *context;
    bool is_good; // so far
};

// Passes on what a check found, if that is an error.
static void
note(struct check *check, enum status status)
{
    if (status != STATUS_OK) {
        check->on_error(check->context, &check->error);
        check->is_good = false;
    }
    check->error = (struct error){0};
}

static bool
check_group(struct settings *settings, const struct settings_group *group,
            settings_error_fn on_error, void *context)
{
    bool is_good = true;
    for (size_t i = 0; i < *group_count(settings, group); i++) {
        const char *item = group_item(settings, group, i);
        int line = *group_line(settings, group, i);
        struct error why = {0};
        if (group->check(settings, item, &why) == STATUS_OK) {
            continue;
        }
        struct error error = {0};
        error_set(&error, why.code, "%s \"%s\": %s", group->name, item, why.text);
        if (line != 0) {
            error_at(&error, settings->file, line, 0);
        }
        on_error(context, &error);
        is_good = false;
    }
    return is_good;
}

bool
settings_check(struct settings *settings, settings_error_fn on_error, void *context)
{
    enum decode_format format;
    struct check check = {.on_error = on_error, .context = context, .is_good = true};
    enum status status =
        decode_format_parse(slice_of(settings->daemon.format), &format);
    if (status != STATUS_OK) {
        error_set(&check.error, STATUS_PARSE,
                  "format: \"%s\" is none of:" DECODE_FORMAT_NAMES,
                  settings->daemon.format);
    }
    note(&check, status);
    note(&check, log_options_check(&settings->log, &check.error));
    note(&check, redis_options_check(&settings->redis, &check.error));
    note(&check, http_options_check(&settings->http, &check.error));
    note(&check, name_lookup_options_check(&settings->lookup, &check.error));
    note(&check, scale_check(settings, &check.error));
    bool is_good = check.is_good;
    for (size_t i = 0; i < settings_group_count; i++) {
        is_good =
            check_group(settings, &settings_groups[i], on_error, context) && is_good;
    }
    return is_good;
}

bool
settings_equal(const struct option *rows, const void *one, const void *other)
{
    for (const struct option *row = rows; row->name != NULL; row++) {
        if (!option_equal(row, one, other)) {
            return false;
        }
    }
    return true;
}

usec
settings_longest_window(const struct settings *settings)
{
    const struct option_spans *windows = &settings->pipeline.windows;
    usec longest = 0;
    for (size_t i = 0; i < windows->count; i++) {
        longest = windows->length[i] > longest ? windows->length[i] : longest;
    }
    return longest;
}
