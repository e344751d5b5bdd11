#include "sinks/http/metrics_page.h"

#include <string.h>

static void
add(struct buffer *page, const char *text)
{
    buffer_append(page, slice_of(text));
}

// Escapes the characters that would end a HELP text or a label value.
static void
add_escaped(struct buffer *page, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            add(page, "\\n");
            continue;
        }
        if (*text == '\\' || *text == '"') {
            buffer_append_byte(page, '\\');
        }
        buffer_append_byte(page, *text);
    }
}

static void
explain(struct buffer *page, const struct metric *row)
{
    add(page, "# HELP ");
    add(page, row->name);
    add(page, " ");
    for (const char *c = row->help; *c != '\0'; c++) {
        // Quotes are not escaped in HELP.
        if (*c == '\\') {
            buffer_append_byte(page, '\\');
        }
        buffer_append_byte(page, *c == '\n' ? ' ' : *c);
    }
    add(page, "\n# TYPE ");
    add(page, row->name);
    add(page, row->type == METRIC_COUNTER ? " counter\n" : " gauge\n");
}

static void
add_sample(struct buffer *page, const struct metric *row,
           const struct metrics_instance *instance)
{
    add(page, row->name);
    if (row->labels != NULL || instance->name != NULL) {
        add(page, "{");
        add(page, row->labels != NULL ? row->labels : "");
        if (instance->name != NULL) {
            add(page, row->labels != NULL ? "," : "");
            add(page, instance->label != NULL ? instance->label : "source");
            add(page, "=\"");
            add_escaped(page, instance->name);
            add(page, "\"");
        }
        add(page, "}");
    }
    add(page, " ");
    char text[METRIC_TEXT_MAX];
    add(page, metric_text(row, instance->values, text));
    add(page, "\n");
}

void
metrics_page_add(struct buffer *page, const struct metric *rows,
                 const struct metrics_instance *instances, size_t count)
{
    for (const struct metric *row = rows; count != 0 && row->name != NULL; row++) {
        if (row == rows || strcmp(row->name, row[-1].name) != 0) {
            explain(page, row);
        }
        for (size_t i = 0; i < count; i++) {
            add_sample(page, row, &instances[i]);
        }
    }
}
