// Descriptions of the decoders: names, metric rows, the fields they read.

#include "ingest/decode/decode_format.h"

#include "ingest/decode/decode_parts.h"

#include <stdio.h>
#include <string.h>

#define X(id, name, what) [DECODE_##id] = name,
static const char *const format_names[] = {DECODE_FORMATS(X)};
#undef X

#define X(id, name, what) [DECODE_##id] = what,
static const char *const format_whats[] = {DECODE_FORMATS(X)};
#undef X

#define X(id, name, what) [DECODE_REASON_##id] = name,
static const char *const reason_names[] = {[DECODE_REASON_NONE] = "none",
                                           DECODE_REASONS(X)};
#undef X

// clang-format off
#define CONTROL(id, name, what)                                                     \
    {"cascaded_control_received_total", "kind=\"" name "\"", METRIC_COUNTER,         \
     offsetof(struct decode_metrics, control[DECODE_CONTROL_##id]),                  \
     "Control messages by kind: " what},
#define REASON(id, name, what)                                                      \
    {"cascaded_messages_refused_total", "reason=\"" name "\"", METRIC_COUNTER,       \
     offsetof(struct decode_metrics, refused[DECODE_REASON_##id]),                   \
     "Messages or posts that could not be used, by reason: " what},
// clang-format on

const struct metric decode_metric_rows[] = {
    {"cascaded_posts_read_total", NULL, METRIC_COUNTER,
     offsetof(struct decode_metrics, posts), "Posts read, retweets included"},
    {"cascaded_deletions_read_total", NULL, METRIC_COUNTER,
     offsetof(struct decode_metrics, deletions), "Deletions and undone retweets read"},
    {"cascaded_details_dropped_total", NULL, METRIC_COUNTER,
     offsetof(struct decode_metrics, details),
     "Parts of messages that were left out because their value was bad, for example a "
     "mention"},
    DECODE_CONTROLS(CONTROL) DECODE_REASONS(REASON) METRIC_END,
};

const char *
decode_format_name(enum decode_format format)
{
    return format_names[format];
}

const char *
decode_format_what(enum decode_format format)
{
    return format_whats[format];
}

const char *
decode_reason_name(enum decode_reason reason)
{
    return reason_names[reason];
}

enum status
decode_format_parse(struct slice name, enum decode_format *ret_format)
{
    for (enum decode_format i = DECODE_AUTO; i < DECODE_FORMAT_COUNT; i++) {
        if (slice_equal(name, slice_of(format_names[i]))) {
            *ret_format = i;
            return STATUS_OK;
        }
    }
    return STATUS_PARSE;
}

// ---- the fields a format reads ----

enum { PATH_MAX_LEN = 256, LEVELS_MAX = 8 };

struct listing {
    char *text;
    size_t size;
    size_t len;
    const struct json_table *open[LEVELS_MAX]; // the tables that contain this one
};

static void
put(struct listing *listing, const char *text)
{
    size_t len = strlen(text);
    if (listing->len + len < listing->size) {
        memcpy(listing->text + listing->len, text, len + 1);
    }
    listing->len += len;
}

static bool
is_open(const struct listing *listing, const struct json_table *table, size_t level)
{
    for (size_t i = 0; i < level; i++) {
        if (listing->open[i] == table) {
            return true;
        }
    }
    return false;
}

// A table within itself is named, not expanded again.
static void
list_table(struct listing *listing, const struct json_table *table, const char *path,
           size_t level)
{
    char name[PATH_MAX_LEN];
    listing->open[level] = table;
    for (const struct json_field *field = table->fields; field->key != NULL; field++) {
        enum json_kind kind = json_kind_of(field);
        bool is_list = kind == JSON_STRUCTS || kind == JSON_TEXTS;
        (void)snprintf(name, sizeof(name), "%s%s%s%s", path, *path != '\0' ? "." : "",
                       field->key, is_list ? "[]" : "");
        if (field->table != NULL && level + 1 < LEVELS_MAX &&
            !is_open(listing, field->table, level + 1)) {
            list_table(listing, field->table, name, level + 1);
            continue;
        }
        put(listing, listing->len != 0 ? ", " : "");
        put(listing, name);
    }
}

size_t
decode_format_fields(enum decode_format format, char *text, size_t size)
{
    struct listing listing = {.text = text, .size = size};
    if (size != 0) {
        text[0] = '\0';
    }
    const struct json_table *table = decode_parts_table(format);
    if (table != NULL) {
        list_table(&listing, table, "", 0);
    }
    return listing.len;
}
