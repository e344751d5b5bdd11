// What a receiver of changes has of boards, people and carriers. Include it after
// cmocka.h.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/changes.h"

enum { FIELDS_MAX = 32, KEYS_MAX = 64, TEXT_MAX = 256 };

// What the receiver has: "carrier:x:1 why" or "top:carriers x:1", and the value.
static struct field {
    char name[TEXT_MAX];
    char value[TEXT_MAX];
} fields[KEYS_MAX * FIELDS_MAX];
static size_t field_count;

static inline struct field *
find(const char *name)
{
    for (size_t i = 0; i < field_count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

static inline void
put(const char *key, struct slice member, struct slice value)
{
    char name[TEXT_MAX];
    snprintf(name, sizeof(name), "%s %.*s", key, SLICE_ARG(member));
    struct field *field = find(name);
    if (value.ptr == NULL) {
        if (field != NULL) {
            *field = fields[--field_count];
        }
        return;
    }
    if (field == NULL) {
        assert_true(field_count < KEYS_MAX * FIELDS_MAX);
        field = &fields[field_count++];
        strcpy(field->name, name);
    }
    snprintf(field->value, sizeof(field->value), "%.*s", SLICE_ARG(value));
}

static inline void
drop(const char *key)
{
    for (size_t i = field_count; i-- != 0;) {
        if (strncmp(fields[i].name, key, strlen(key)) == 0 &&
            fields[i].name[strlen(key)] == ' ') {
            fields[i] = fields[--field_count];
        }
    }
}

static inline void
apply(const struct change *change)
{
    char key[TEXT_MAX];
    bool is_board = change->kind == CHANGE_BOARD;
    snprintf(key, sizeof(key), "%s:%.*s",
             is_board                      ? "top"
             : change->kind == CHANGE_USER ? "user"
                                           : "carrier",
             SLICE_ARG(change->name));
    if (change->is_gone || change->is_whole) {
        drop(key);
    }
    for (size_t i = 0; i < change->field_count; i++) {
        put(key, change->fields[i].name, change->fields[i].value);
    }
    for (size_t i = 0; is_board && i < change->entry_count; i++) {
        char text[TEXT_MAX];
        double unit = change->unit > 1 ? (double)change->unit : 1;
        snprintf(text, sizeof(text), "%.9g", (double)change->entries[i].score / unit);
        put(key, change->entries[i].member,
            change->entries[i].score != 0 ? slice_of(text) : SLICE_NONE);
    }
}

static inline void
flush(struct pipeline *pipeline)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        if (change.kind == CHANGE_USER || change.kind == CHANGE_CARRIER ||
            change.kind == CHANGE_BOARD) {
            apply(&change);
        }
    }
    changes_written(pipeline, SIZE_MAX);
}

static inline void
assert_value(const char *name, const char *value)
{
    const struct field *field = find(name);
    if (field == NULL || strcmp(field->value, value) != 0) {
        fail_msg("%s is %s, not %s", name, field != NULL ? field->value : "absent",
                 value);
    }
}

static inline double
number(const char *name)
{
    const struct field *field = find(name);
    return field != NULL ? strtod(field->value, NULL) : -1;
}
