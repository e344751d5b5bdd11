// One flush of a pipeline as text. Include it after cmocka.h.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"

static inline void
flushed_print(FILE *out, const struct change *change)
{
    fprintf(out, "%.*s%s", SLICE_ARG(change->name),
            change->is_gone                         ? " gone"
            : change->is_whole && !change->is_fresh ? " whole"
                                                    : "");
    for (size_t i = 0; i < change->field_count; i++) {
        fprintf(out, " %.*s=%.*s", SLICE_ARG(change->fields[i].name),
                SLICE_ARG(change->fields[i].value));
    }
    for (size_t i = 0; i < change->entry_count; i++) {
        fprintf(out, " %.*s=%llu", SLICE_ARG(change->entries[i].member),
                (unsigned long long)change->entries[i].score);
    }
    if (change->handle_set.len != 0) {
        fprintf(out, " +handle:%.*s", SLICE_ARG(change->handle_set));
    }
    if (change->handle_gone.len != 0) {
        fprintf(out, " -handle:%.*s", SLICE_ARG(change->handle_gone));
    }
    fputc('\n', out);
}

// One flush, a line for each change; freed by the caller.
static inline char *
flushed(struct pipeline *pipeline)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        flushed_print(out, &change);
    }
    changes_written(pipeline, SIZE_MAX);
    fclose(out);
    return text;
}

static inline void
flushed_assert(struct pipeline *pipeline, const char *const *wanted, size_t count)
{
    char *text = flushed(pipeline);
    for (size_t i = 0; i < count; i++) {
        if (strstr(text, wanted[i]) == NULL) {
            fail_msg("no \"%s\" in\n%s", wanted[i], text);
        }
    }
    free(text);
}

#define FLUSHED_HAS(pipeline, ...)                                                     \
    flushed_assert(pipeline, (const char *const[]){__VA_ARGS__},                       \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
