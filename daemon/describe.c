#include "daemon/describe.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/metric.h"
#include "daemon/alert_out.h"
#include "daemon/feed.h"
#include "daemon/loop_delay.h"
#include "daemon/name_lookup.h"
#include "daemon/persistence.h"
#include "daemon/settings.h"
#include "daemon/stream.h"
#include "daemon/worker.h"
#include "ingest/decode/decode.h"
#include "ingest/decode/decode_format.h"
#include "ingest/frames/lines.h"
#include "ingest/sources/source.h"
#include "sinks/alert_json.h"
#include "sinks/http/http_server.h"
#include "sinks/redis/redis_keys.h"
#include "sinks/redis/redis_outlet.h"
#include "sinks/redis/redis_sink.h"
#include "sinks/webhook/webhook.h"

enum { VALUE_MAX = 1024, FIELDS_MAX = 4096, JSON_MAX = 1 << 20 };

static const struct metric *const metric_parts[DESCRIBE_METRIC_PARTS] = {
    [DESCRIBE_LINES] = lines_metric_rows,
    [DESCRIBE_DECODE] = decode_metric_rows,
    [DESCRIBE_PIPELINE] = pipeline_metric_rows,
    [DESCRIBE_REDIS] = redis_report_metric_rows,
    [DESCRIBE_OUTLET] = redis_outlet_metric_rows,
    [DESCRIBE_SOURCE] = source_metric_rows,
    [DESCRIBE_STREAM] = stream_metric_rows,
    [DESCRIBE_HTTP] = http_metrics_rows,
    [DESCRIBE_NAMES] = name_lookup_metric_rows,
    [DESCRIBE_WEBHOOK] = webhook_metric_rows,
    [DESCRIBE_OUTPUT] = alert_out_metric_rows,
    [DESCRIBE_STATE] = persistence_metric_rows,
    [DESCRIBE_WORKER] = worker_metric_rows,
    [DESCRIBE_FEED] = feed_metric_rows,
    [DESCRIBE_LOOP] = loop_delay_metric_rows,
};

// Where described things are written: as text, or as objects of a list.
struct row {
    FILE *out;
    bool as_json;
    struct buffer json;
};

static void
row_begin(struct row *row)
{
    if (row->as_json) {
        json_writer_open(&row->json, '{');
    }
}

static void
row_text(struct row *row, const char *name, const char *value)
{
    if (row->as_json) {
        json_writer_put_text(&row->json, name, slice_of(value));
    }
}

static void
row_end(struct row *row)
{
    if (row->as_json) {
        json_writer_close(&row->json, '}');
    }
}

// A limit in the notation of the configuration.
static void
format_limit(const struct option *option, int64_t limit, char text[VALUE_MAX])
{
    if (option->type == OPTION_SPAN || option->type == OPTION_SPANS) {
        char span[USEC_TEXT_MAX];
        snprintf(text, VALUE_MAX, "%s", usec_format_duration(limit, span));
    } else if (option->type == OPTION_BYTES) {
        static const char units[] = {'\0', 'K', 'M', 'G'};
        size_t unit = 0;
        while (limit != 0 && limit % 1024 == 0 && unit + 1 < sizeof(units)) {
            limit /= 1024;
            unit++;
        }
        snprintf(text, VALUE_MAX, "%" PRId64 "%.*s", limit, unit != 0, &units[unit]);
    } else {
        snprintf(text, VALUE_MAX, "%" PRId64, limit);
    }
}

static void
describe_option(struct row *row, const struct option *option)
{
    char min[VALUE_MAX];
    char max[VALUE_MAX];
    format_limit(option, option->min, min);
    format_limit(option, option->max, max);
    row_begin(row);
    row_text(row, "name", option->name);
    row_text(row, "type", option_type_name(option->type));
    row_text(row, "default", option->preset);
    row_text(row, "min", min);
    row_text(row, "max", max);
    row_text(row, "reloadable", option->is_reloadable ? "yes" : "no");
    row_text(row, "help", option->help);
    row_end(row);
    if (!row->as_json) {
        fprintf(row->out, "%s = %s\n    %s.\n    %s", option->name,
                option->preset[0] != '\0' ? option->preset : "\"\"", option->help,
                option_type_name(option->type));
        if (option->type != OPTION_TEXT && option->type != OPTION_TEXTS &&
            option->type != OPTION_WORDS && option->type != OPTION_BOOL) {
            fprintf(row->out, ", %s to %s", min, max);
        }
        fprintf(row->out, "\n\n");
    }
}

static void
describe_options(struct row *row)
{
    for (size_t i = 0; i < settings_part_count; i++) {
        for (const struct option *at = settings_parts[i].rows; at->name != NULL; at++) {
            describe_option(row, at);
        }
    }
    for (size_t i = 0; i < settings_group_count; i++) {
        const struct settings_group *group = &settings_groups[i];
        for (const struct option *at = group->rows; at->name != NULL; at++) {
            char name[VALUE_MAX];
            snprintf(name, sizeof(name), "%s.<name>.%s", group->name, at->name);
            struct option option = *at;
            option.name = name;
            describe_option(row, &option);
        }
    }
}

static void
describe_metrics(struct row *row)
{
    for (size_t i = 0; i < DESCRIBE_METRIC_PARTS; i++) {
        for (const struct metric *at = metric_parts[i]; at->name != NULL; at++) {
            const char *type = metric_type_name(at);
            const char *labels = at->labels != NULL ? at->labels : "";
            row_begin(row);
            row_text(row, "name", at->name);
            row_text(row, "labels", labels);
            row_text(row, "type", type);
            row_text(row, "help", at->help);
            row_end(row);
            if (!row->as_json) {
                fprintf(row->out, "%s%s%s%s (%s)\n    %s.\n", at->name,
                        labels[0] != '\0' ? "{" : "", labels,
                        labels[0] != '\0' ? "}" : "", type, at->help);
            }
        }
    }
}

static void
describe_keys(struct row *row)
{
    for (const struct redis_key *at = redis_keys_rows; at->name != NULL; at++) {
        row_begin(row);
        row_text(row, "name", at->name);
        row_text(row, "type", at->type);
        row_text(row, "content", at->content);
        row_end(row);
        if (!row->as_json) {
            fprintf(row->out, "%s (%s)\n    %s\n", at->name, at->type, at->content);
        }
    }
}

static void
describe_formats(struct row *row)
{
    for (int i = 0; i < DECODE_FORMAT_COUNT; i++) {
        enum decode_format format = (enum decode_format)i;
        char fields[FIELDS_MAX];
        decode_format_fields(format, fields, sizeof(fields));
        row_begin(row);
        row_text(row, "name", decode_format_name(format));
        row_text(row, "what", decode_format_what(format));
        row_text(row, "fields", fields);
        row_end(row);
        if (!row->as_json) {
            fprintf(row->out, "%s: %s\n", decode_format_name(format),
                    decode_format_what(format));
            if (fields[0] != '\0') {
                fprintf(row->out, "    %s\n", fields);
            }
        }
    }
}

// The members of an alert, then the conditions of a rule.
static void
describe_alerts(struct row *row)
{
    for (const struct alert_field *at = alert_json_field_rows; at->name != NULL; at++) {
        row_begin(row);
        row_text(row, "name", at->name);
        row_text(row, "type", at->type);
        row_text(row, "help", at->help);
        row_end(row);
        if (!row->as_json) {
            fprintf(row->out, "%s (%s)\n    %s.\n", at->name, at->type, at->help);
        }
    }
    if (!row->as_json) {
        fputs("\nOptions of a rule, and its conditions, all of which must hold:\n\n",
              row->out);
    }
    for (const struct option *at = rule_option_rows; at->name != NULL; at++) {
        char name[VALUE_MAX];
        snprintf(name, sizeof(name), "alert.<name>.%s", at->name);
        struct option option = *at;
        option.name = name;
        describe_option(row, &option);
    }
}

bool
describe(FILE *out, const char *what, bool as_json)
{
    static const struct {
        const char *name;
        void (*write)(struct row *row);
    } topics[] = {
        {"options", describe_options}, {"metrics", describe_metrics},
        {"keys", describe_keys},       {"formats", describe_formats},
        {"alerts", describe_alerts},
    };
    struct row row = {out, as_json, {0}};
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        if (strcmp(topics[i].name, what) == 0) {
            buffer_init(&row.json, JSON_MAX);
            json_writer_open(&row.json, '[');
            topics[i].write(&row);
            json_writer_close(&row.json, ']');
            buffer_append_byte(&row.json, '\n');
            (void)fwrite(row.json.bytes, 1, as_json ? row.json.size : 0, out);
            buffer_fini(&row.json);
            return true;
        }
    }
    return false;
}

void
describe_values(FILE *out, const void *const values[DESCRIBE_METRIC_PARTS])
{
    for (size_t i = 0; i < DESCRIBE_METRIC_PARTS; i++) {
        for (const struct metric *at = metric_parts[i]; at->name != NULL; at++) {
            if (values[i] != NULL && at->type != METRIC_HISTOGRAM &&
                metric_value(at, values[i]) != 0) {
                bool has_labels = at->labels != NULL;
                char value[METRIC_TEXT_MAX];
                fprintf(out, "%s%s%s%s %s\n", at->name, has_labels ? "{" : "",
                        has_labels ? at->labels : "", has_labels ? "}" : "",
                        metric_text(at, values[i], value));
            }
        }
    }
}
