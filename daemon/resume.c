#include "daemon/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/changes.h"
#include "pipeline/forecast/forecasts.h"

enum { FIELD_TEXT_MAX = SOURCE_CURSOR_OFFSETS_MAX };

static size_t
index_of(const struct resume *resume, const char *name)
{
    size_t i = 0;
    while (i < resume->request.count && strcmp(resume->items[i].name, name) != 0) {
        i++;
    }
    return i;
}

static void
take_cursor(struct source_cursor *cursor, struct slice name, const char *text)
{
    if (slice_equal(name, SLICE_LIT("host"))) {
        snprintf(cursor->host, sizeof(cursor->host), "%s", text);
    } else if (slice_equal(name, SLICE_LIT("wire"))) {
        snprintf(cursor->wire, sizeof(cursor->wire), "%.15s", text);
    } else if (slice_equal(name, SLICE_LIT("kind"))) {
        snprintf(cursor->kind, sizeof(cursor->kind), "%.15s", text);
    } else if (slice_equal(name, SLICE_LIT("offsets"))) {
        snprintf(cursor->offsets, sizeof(cursor->offsets), "%s", text);
    } else if (slice_equal(name, SLICE_LIT("value"))) {
        cursor->value = strtoull(text, NULL, 10);
    } else if (slice_equal(name, SLICE_LIT("time"))) {
        usec time;
        if (usec_parse_rfc3339(slice_of(text), &time) == STATUS_OK) {
            cursor->time = time;
        }
    }
}

static void
on_field(void *context, enum redis_resume_kind what, const char *name,
         const struct change_field *field)
{
    struct resume *resume = context;
    if (what == REDIS_RESUME_CALIBRATION) {
        forecasts_recall(resume->pipeline, field->name, field->value);
        return;
    }
    size_t index = index_of(resume, name);
    char text[FIELD_TEXT_MAX];
    if (index == resume->request.count || field->value.len >= sizeof(text)) {
        return;
    }
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(field->value));
    struct resume_item *item = &resume->items[index];
    if (what == REDIS_RESUME_CURSOR) {
        take_cursor(&item->cursor, field->name, text);
    } else {
        gaps_restore(&item->gaps, field->name, text);
    }
}

void
resume_init(struct resume *resume, const struct settings *settings,
            struct pipeline *pipeline)
{
    memset(resume, 0, sizeof(*resume));
    resume->pipeline = pipeline;
    resume->request = (struct redis_resume_request){
        .names = resume->names,
        .count = settings->source_count,
        .on_field = on_field,
        .context = resume,
    };
    for (size_t i = 0; i < settings->source_count; i++) {
        struct resume_item *item = &resume->items[i];
        memcpy(item->name, settings->sources[i].name, sizeof(item->name));
        resume->names[i] = item->name;
        item->cursor.time = USEC_NONE;
        gaps_init(&item->gaps);
    }
}

static void
pass_alert(void *context, struct slice json)
{
    const struct resume *resume = context;
    resume->on_alert(resume->context, json);
}

void
resume_alerts(struct resume *resume, redis_resume_alert_fn on_alert, void *context)
{
    resume->on_alert = on_alert;
    resume->context = context;
    resume->request.on_alert = pass_alert;
}

const struct resume_item *
resume_find(const struct resume *resume, const char *name)
{
    size_t index = index_of(resume, name);
    return index < resume->request.count ? &resume->items[index] : NULL;
}
