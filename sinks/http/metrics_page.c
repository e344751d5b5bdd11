#include "sinks/http/metrics_page.h"

#include <string.h>

#include "base/decimal.h"

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
    add(page, " ");
    add(page, metric_type_name(row));
    add(page, "\n");
}

static void
add_label(struct buffer *page, bool *is_first, const char *name, const char *value)
{
    add(page, *is_first ? "{" : ",");
    *is_first = false;
    add(page, name);
    add(page, "=\"");
    add_escaped(page, value);
    add(page, "\"");
}

// ending: of the name, for a histogram. bound: of a group; NULL: none.
static void
add_sample(struct buffer *page, const struct metric *row,
           const struct metrics_instance *instance, const char *ending,
           const char *bound, const char *value)
{
    add(page, row->name);
    add(page, ending);
    bool is_first = row->labels == NULL;
    if (!is_first) {
        add(page, "{");
        add(page, row->labels);
    }
    if (instance->name != NULL) {
        add_label(page, &is_first, instance->label != NULL ? instance->label : "source",
                  instance->name);
    }
    if (bound != NULL) {
        add_label(page, &is_first, "le", bound);
    }
    add(page, is_first ? " " : "} ");
    add(page, value);
    add(page, "\n");
}

// Prometheus: each group contains those before it.
static void
add_histogram(struct buffer *page, const struct metric *row,
              const struct metrics_instance *instance)
{
    const struct span_histogram *histogram = metric_histogram(row, instance->values);
    uint64_t count = 0;
    char text[METRIC_TEXT_MAX];
    for (size_t i = 0; i <= SPAN_HISTOGRAM_BOUNDS; i++) {
        char bound[DECIMAL_TEXT_MAX] = "+Inf";
        if (i < SPAN_HISTOGRAM_BOUNDS) {
            double seconds = (double)span_histogram_bounds[i] / (double)USEC_PER_S;
            bound[decimal_put(bound, seconds, 4)] = '\0';
        }
        count += histogram->counts[i];
        snprintf(text, sizeof(text), "%" PRIu64, count);
        add_sample(page, row, instance, "_bucket", bound, text);
    }
    add_sample(page, row, instance, "_sum", NULL, metric_seconds(histogram->sum, text));
    snprintf(text, sizeof(text), "%" PRIu64, count);
    add_sample(page, row, instance, "_count", NULL, text);
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
            char text[METRIC_TEXT_MAX];
            if (row->type == METRIC_HISTOGRAM) {
                add_histogram(page, row, &instances[i]);
            } else {
                add_sample(page, row, &instances[i], "", NULL,
                           metric_text(row, instances[i].values, text));
            }
        }
    }
}
