#include "daemon/settings.h"

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

const struct option *
settings_find(struct settings *settings, struct slice name, void **ret_values)
{
    for (size_t i = 0; i < settings_part_count; i++) {
        for (const struct option *row = settings_parts[i].rows; row->name != NULL;
             row++) {
            if (slice_equal(slice_of(row->name), name)) {
                *ret_values = values_of(settings, &settings_parts[i]);
                return row;
            }
        }
    }
    return NULL;
}

enum status
settings_check(const struct settings *settings, struct error *error)
{
    enum decode_format format;
    if (decode_format_parse(slice_of(settings->daemon.format), &format) != STATUS_OK) {
        return error_set(error, STATUS_PARSE,
                         "format: \"%s\" is none of auto, x1, x2, jetstream, mastodon, "
                         "post",
                         settings->daemon.format);
    }
    return redis_options_check(&settings->redis, error);
}
