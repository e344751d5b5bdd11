#include "daemon/recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/changes.h"
#include "pipeline/forecast/forecasts.h"

enum { FIELD_TEXT_MAX = 512 };

static size_t
index_of(const struct recall *recall, const char *name)
{
    size_t i = 0;
    while (i < recall->request.count && strcmp(recall->items[i].name, name) != 0) {
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
on_field(void *context, enum redis_recalled what, const char *name,
         const struct change_field *field)
{
    struct recall *recall = context;
    if (what == REDIS_RECALLED_CALIBRATION) {
        forecasts_recall(recall->pipeline, field->name, field->value);
        return;
    }
    size_t index = index_of(recall, name);
    char text[FIELD_TEXT_MAX];
    if (index == recall->request.count || field->value.len >= sizeof(text)) {
        return;
    }
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(field->value));
    struct recall_item *item = &recall->items[index];
    if (what == REDIS_RECALLED_CURSOR) {
        take_cursor(&item->cursor, field->name, text);
    } else {
        gaps_restore(&item->gaps, field->name, text);
    }
}

void
recall_init(struct recall *recall, const struct settings *settings,
            struct pipeline *pipeline)
{
    memset(recall, 0, sizeof(*recall));
    recall->pipeline = pipeline;
    recall->request = (struct redis_recall){
        .names = recall->names,
        .count = settings->source_count,
        .on_field = on_field,
        .context = recall,
    };
    for (size_t i = 0; i < settings->source_count; i++) {
        struct recall_item *item = &recall->items[i];
        memcpy(item->name, settings->sources[i].name, sizeof(item->name));
        recall->names[i] = item->name;
        item->cursor.time = USEC_NONE;
        gaps_init(&item->gaps);
    }
}

const struct recall_item *
recall_find(const struct recall *recall, const char *name)
{
    size_t index = index_of(recall, name);
    return index < recall->request.count ? &recall->items[index] : NULL;
}
