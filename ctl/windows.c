#include "ctl/windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/text/cell.h"
#include "ctl/client.h"
#include "ctl/values.h"

enum { FIELD_MAX = 128 };

struct slice
windows_of(struct slice field)
{
    const char *colon = field.len > 0 ? memchr(field.ptr, ':', field.len) : NULL;
    if (colon == NULL) {
        return SLICE_NONE;
    }
    size_t before = (size_t)(colon - field.ptr) + 1;
    return (struct slice){colon + 1, field.len - before};
}

static int
compare_windows(const void *a, const void *b)
{
    const struct window *left = a;
    const struct window *right = b;
    return (left->span > right->span) - (left->span < right->span);
}

struct windows
windows_find(const redisReply *hash)
{
    struct windows windows = {0};
    for (size_t i = 0; i < hash->elements / 2 && windows.count < WINDOWS_MAX; i++) {
        struct window window = {windows_of(client_text(hash->element[2 * i])), 0};
        bool is_new = usec_parse_duration(window.name, &window.span) == STATUS_OK;
        for (size_t j = 0; j < windows.count && is_new; j++) {
            is_new = !slice_equal(windows.at[j].name, window.name);
        }
        if (is_new) {
            windows.at[windows.count++] = window;
        }
    }
    qsort(windows.at, windows.count, sizeof *windows.at, compare_windows);
    return windows;
}

struct slice
windows_value(const redisReply *hash, const char *metric, struct slice window)
{
    char name[FIELD_MAX];
    (void)snprintf(name, sizeof name, "%s:%.*s", metric, SLICE_ARG(window));
    return values_field(hash, slice_of(name));
}

void
windows_put_head(struct buffer *out, const struct windows *windows)
{
    cell_fill(out, WINDOWS_NAME_COLUMNS);
    for (size_t i = 0; i < windows->count; i++) {
        cell_put_aligned(out, windows->at[i].name, WINDOWS_COLUMNS, CELL_RIGHT);
    }
    buffer_append_byte(out, '\n');
}

void
windows_put_row(struct buffer *out, const redisReply *hash, const char *metric,
                const struct windows *windows)
{
    cell_put_aligned(out, slice_of(metric), WINDOWS_NAME_COLUMNS, CELL_LEFT);
    for (size_t i = 0; i < windows->count; i++) {
        char grouped[CELL_NUMBER_MAX];
        struct slice value = windows_value(hash, metric, windows->at[i].name);
        cell_put_aligned(out,
                         cell_number(value.len > 0 ? value : SLICE_LIT("0"), grouped),
                         WINDOWS_COLUMNS, CELL_RIGHT);
    }
    buffer_append_byte(out, '\n');
}
