// ingest/json.h once more, on jansson: slow, another parser, another way to the same
// posts. Every decoder must give the same with it as with the real one.

#include "ingest/json.h"

#include "base/arena.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct json {
    json_t *root;
    size_t capacity;
    struct arena *memory;
    enum json_error error;
};

struct json *
json_create(const struct json_table *const *tables, size_t count, size_t capacity)
{
    (void)tables;
    (void)count;
    struct json *json = calloc(1, sizeof(*json));
    if (json != NULL) {
        json->capacity = capacity;
    }
    return json;
}

void
json_destroy(struct json **json)
{
    if (*json != NULL) {
        json_decref((*json)->root);
        free(*json);
        *json = NULL;
    }
}

// jansson's own limit on nesting is another one.
static bool
is_too_deep(struct slice message)
{
    int depth = 0;
    bool is_string = false;
    for (size_t i = 0; i < message.len; i++) {
        char c = message.ptr[i];
        if (c == '"') {
            is_string = !is_string;
        } else if (is_string && c == '\\') {
            i++;
        } else if (!is_string && (c == '{' || c == '[')) {
            depth++;
        } else if (!is_string && (c == '}' || c == ']')) {
            depth--;
        }
        if (depth > JSON_DEPTH_MAX) {
            return true;
        }
    }
    return false;
}

static enum json_error
error_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        return JSON_UTF8;
    case json_error_duplicate_key:
        return JSON_REPEATED;
    case json_error_numeric_overflow:
        return JSON_VALUE;
    case json_error_out_of_memory:
        return JSON_MEMORY;
    case json_error_unknown:
    case json_error_stack_overflow:
    case json_error_cannot_open_file:
    case json_error_invalid_argument:
    case json_error_premature_end_of_input:
    case json_error_end_of_input_expected:
    case json_error_invalid_syntax:
    case json_error_invalid_format:
    case json_error_wrong_type:
    case json_error_null_character:
    case json_error_null_value:
    case json_error_null_byte_in_key:
    case json_error_item_not_found:
    case json_error_index_out_of_range:
        return JSON_BAD;
    }
    return JSON_BAD;
}

enum json_error
json_open(struct json *json, struct slice message)
{
    json_error_t error;
    json_decref(json->root);
    json->root = NULL;
    if (message.len > json->capacity) {
        return json->error = JSON_LONG;
    }
    // jansson takes a NUL byte for the end of a number.
    if (memchr(message.ptr, '\0', message.len) != NULL) {
        return json->error = JSON_BAD;
    }
    if (is_too_deep(message)) {
        return json->error = JSON_DEEP;
    }
    json->root =
        json_loadb(message.ptr, message.len,
                   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (json->root == NULL) {
        return json->error = error_of(&error);
    }
    return json->error = json_is_object(json->root) ? JSON_OK : JSON_NO_OBJECT;
}

enum json_error
json_first(struct json *json, const struct json_table *table, size_t *ret_row)
{
    const char *key;
    json_t *value;
    size_t row = 0;
    if (json->error != JSON_OK) {
        return json->error;
    }
    json_object_foreach(json->root, key, value)
    {
        for (row = 0; table->fields[row].key != NULL; row++) {
            if (strcmp(table->fields[row].key, key) == 0) {
                *ret_row = row;
                return JSON_OK;
            }
        }
    }
    for (row = 0; table->fields[row].key != NULL;) {
        row++;
    }
    *ret_row = row;
    return JSON_OK;
}

static void
fail(struct json *json, enum json_error error)
{
    if (json->error == JSON_OK) {
        json->error = error;
    }
}

static void *
room(struct json *json, size_t count, size_t size)
{
    void *ptr = arena_alloc(json->memory, count, size);
    if (ptr == NULL) {
        fail(json, JSON_MEMORY);
    }
    return ptr;
}

static struct slice
read_text(struct json *json, const json_t *value)
{
    if (!json_is_string(value)) {
        fail(json, JSON_VALUE);
        return SLICE_NONE;
    }
    return (struct slice){json_string_value(value), json_string_length(value)};
}

static int64_t
read_integer(struct json *json, const json_t *value, bool is_unsigned)
{
    int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (!json_is_integer(value) || (is_unsigned && number < 0)) {
        fail(json, JSON_VALUE);
    }
    return number;
}

static struct slice
read_id(struct json *json, const json_t *value)
{
    enum { SIZE = 24 };
    char *text = NULL;
    if (json_is_string(value)) {
        return read_text(json, value);
    }
    int64_t number = read_integer(json, value, true);
    if (json->error != JSON_OK || (text = room(json, 1, SIZE)) == NULL) {
        return SLICE_NONE;
    }
    int len = snprintf(text, SIZE, "%" PRId64, number);
    return (struct slice){text, (size_t)len};
}

static struct json_scalar
read_scalar(struct json *json, const json_t *value)
{
    if (json_is_string(value)) {
        return (struct json_scalar){.text = read_text(json, value)};
    }
    return (struct json_scalar){.number = read_integer(json, value, false),
                                .is_number = true};
}

static void read_object(struct json *json, const struct json_table *table, char *raw,
                        const json_t *object);

static const void *
read_child(struct json *json, const struct json_table *table, const json_t *value)
{
    char *raw = room(json, 1, table->size);
    if (raw != NULL) {
        read_object(json, table, raw, value);
    }
    return raw;
}

static struct json_list
read_list(struct json *json, const struct json_field *field, const json_t *value)
{
    bool is_bare = field->kind == JSON_ONE_OR_MORE && json_is_object(value);
    size_t count = is_bare ? 1 : json_array_size(value);
    size_t size = field->kind == JSON_TEXTS ? sizeof(struct slice) : field->table->size;
    if (!is_bare && !json_is_array(value)) {
        fail(json, JSON_VALUE);
        return (struct json_list){NULL, 0};
    }
    if (count > field->max) {
        fail(json, JSON_MANY);
        return (struct json_list){NULL, 0};
    }
    char *items = room(json, count + 1, size);
    for (size_t i = 0; items != NULL && i < count; i++) {
        const json_t *item = is_bare ? value : json_array_get(value, i);
        if (field->kind == JSON_TEXTS) {
            struct slice text = read_text(json, item);
            memcpy(items + i * size, &text, size);
        } else {
            read_object(json, field->table, items + i * size, item);
        }
    }
    return (struct json_list){items, count};
}

#define PUT(type, value) *(type *)(void *)out = (value)

static void
read_value(struct json *json, const struct json_field *field, char *out,
           const json_t *value)
{
    switch (field->kind) {
    case JSON_TEXT:
        PUT(struct slice, read_text(json, value));
        break;
    case JSON_ID:
        PUT(struct slice, read_id(json, value));
        break;
    case JSON_COUNT:
        PUT(struct json_count,
            ((struct json_count){(uint64_t)read_integer(json, value, true), true}));
        break;
    case JSON_SCALAR:
        PUT(struct json_scalar, read_scalar(json, value));
        break;
    case JSON_BOOL:
        if (!json_is_boolean(value)) {
            fail(json, JSON_VALUE);
        }
        PUT(bool, json_is_true(value));
        break;
    case JSON_PRESENT:
        PUT(bool, true);
        break;
    case JSON_STRUCT:
        PUT(const void *, read_child(json, field->table, value));
        break;
    case JSON_STRUCTS:
    case JSON_ONE_OR_MORE:
    case JSON_TEXTS:
        PUT(struct json_list, read_list(json, field, value));
        break;
    case JSON_LATER:
        PUT(struct json_later, ((struct json_later){value, field->table}));
        break;
    }
}

static void
read_object(struct json *json, const struct json_table *table, char *raw,
            const json_t *object)
{
    memset(raw, 0, table->size);
    if (!json_is_object(object)) {
        fail(json, JSON_VALUE);
        return;
    }
    for (const struct json_field *field = table->fields; field->key != NULL; field++) {
        const json_t *value = json_object_get(object, field->key);
        if (value != NULL && !json_is_null(value)) {
            read_value(json, field, raw + field->offset, value);
        }
    }
}

enum json_error
json_read(struct json *json, const struct json_table *table, void *raw,
          struct arena *arena)
{
    if (json->error == JSON_OK) {
        json->memory = arena;
        read_object(json, table, raw, json->root);
    }
    return json->error;
}

enum json_error
json_read_later(struct json *json, const struct json_later *later, void *raw,
                struct arena *arena)
{
    if (json->error == JSON_OK) {
        json->memory = arena;
        read_object(json, later->shape, raw, later->place);
    }
    return json->error;
}

enum json_error
json_text_later(struct json *json, const struct json_later *later,
                struct slice *ret_text)
{
    if (json->error == JSON_OK) {
        *ret_text = read_text(json, later->place);
    }
    return json->error;
}
