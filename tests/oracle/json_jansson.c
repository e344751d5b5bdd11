// ingest/json/json.h once more, on jansson: slow, another parser, another way to the same
// posts. Every decoder must give the same with it as with the real one.

#include "ingest/json/json.h"

#include "base/arena.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { JANSSON_PARTS_MAX = 4096 };

const char json_shape_unusable[] = "";

struct json {
    json_t *root;
    size_t capacity;
    struct arena *memory;
    size_t dropped;
    enum json_error error;
    char *copy;                      // of the message, without half pairs
    json_t *kept[JANSSON_PARTS_MAX]; // what parts before this one were read from
    size_t kept_count;
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

static void
forget(struct json *json)
{
    json_decref(json->root);
    json->root = NULL;
    while (json->kept_count != 0) {
        json_decref(json->kept[--json->kept_count]);
    }
}

void
json_destroy(struct json **json)
{
    if (*json != NULL) {
        forget(*json);
        free((*json)->copy);
        free(*json);
        *json = NULL;
    }
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

// The number of "\uXXXX" at `at`, -1 if there is none.
static long
escape_at(struct slice message, size_t at)
{
    char digits[5] = "";
    char *end;
    if (message.len - at < 6 || message.ptr[at] != '\\' || message.ptr[at + 1] != 'u') {
        return -1;
    }
    memcpy(digits, message.ptr + at + 2, 4);
    long code = strtol(digits, &end, 16);
    return end == digits + 4 ? code : -1;
}

// jansson refuses half a surrogate pair: writes U+FDE7 in its place, which no text of
// people has, for read_text to find.
static void
mend_pairs(char *copy, struct slice message)
{
    memcpy(copy, message.ptr, message.len);
    for (size_t i = 0; i < message.len; i++) {
        long code = escape_at(message, i);
        if (message.ptr[i] != '\\' || code < 0xd800 || code > 0xdfff) {
            i += message.ptr[i] == '\\';
            continue;
        }
        long low =
            code < 0xdc00 && i + 6 <= message.len ? escape_at(message, i + 6) : -1;
        if (low >= 0xdc00 && low <= 0xdfff) {
            i += 11;
        } else {
            memcpy(copy + i, "\\ufde7", 6);
            i += 5;
        }
    }
}

enum json_error
json_open_part(struct json *json, struct slice message)
{
    json_error_t error;
    if (json->root != NULL && json->kept_count < JANSSON_PARTS_MAX) {
        json->kept[json->kept_count++] = json->root;
        json->root = NULL;
    }
    if (message.len == 0 || message.len > json->capacity) {
        return json->error = message.len == 0 ? JSON_BAD : JSON_LONG;
    }
    // jansson takes a NUL byte for the end of a number.
    if (memchr(message.ptr, '\0', message.len) != NULL) {
        return json->error = JSON_BAD;
    }
    json->copy = realloc(json->copy, message.len);
    if (json->copy == NULL) {
        abort();
    }
    mend_pairs(json->copy, message);
    json_decref(json->root);
    json->root =
        json_loadb(json->copy, message.len,
                   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (json->root == NULL) {
        return json->error = error_of(&error);
    }
    return json->error = json_is_object(json->root) ? JSON_OK : JSON_NO_OBJECT;
}

enum json_error
json_open(struct json *json, struct slice message)
{
    forget(json);
    json->dropped = 0;
    return json_open_part(json, message);
}

size_t
json_dropped(const struct json *json)
{
    return json->dropped;
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

// Each reads a value into its place, or says what is wrong with it.
static enum json_error
read_text(struct json *json, const json_t *value, struct slice *out)
{
    if (!json_is_string(value)) {
        return JSON_VALUE;
    }
    size_t len = json_string_length(value);
    char *text = room(json, len + 1, 1);
    bool has_half = false;
    if (text == NULL) {
        return JSON_MEMORY;
    }
    memcpy(text, json_string_value(value), len);
    for (size_t i = 0; i + 3 <= len; i++) {
        if (memcmp(text + i, "\xef\xb7\xa7", 3) == 0) {
            memcpy(text + i, "\xef\xbf\xbd", 3);
            has_half = true;
        }
    }
    json->dropped += has_half;
    *out = (struct slice){text, len};
    return JSON_OK;
}

static enum json_error
read_id(struct json *json, const json_t *value, struct slice *out)
{
    enum { SIZE = 24 };
    if (json_is_string(value)) {
        return read_text(json, value, out);
    }
    if (!json_is_integer(value)) {
        return JSON_VALUE;
    }
    if (json_integer_value(value) < 0) {
        return JSON_OK;
    }
    char *text = room(json, 1, SIZE);
    if (text == NULL) {
        return JSON_MEMORY;
    }
    int len = snprintf(text, SIZE, "%" PRId64, (int64_t)json_integer_value(value));
    *out = (struct slice){text, (size_t)len};
    return JSON_OK;
}

static enum json_error
read_count(const json_t *value, struct json_count *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return JSON_VALUE;
    }
    *out = (struct json_count){(uint64_t)json_integer_value(value), true};
    return JSON_OK;
}

static enum json_error
read_scalar(struct json *json, const json_t *value, struct json_scalar *out)
{
    if (json_is_string(value)) {
        return read_text(json, value, &out->text);
    }
    if (!json_is_integer(value)) {
        return JSON_VALUE;
    }
    *out = (struct json_scalar){.number = json_integer_value(value), .is_number = true};
    return JSON_OK;
}

// jansson's own limit on nesting is another one. `depth`: the objects and arrays around
// the value.
static bool
is_too_deep(const json_t *value, int depth)
{
    bool is_deep =
        (json_is_object(value) || json_is_array(value)) && depth >= JSON_DEPTH_MAX;
    const char *key;
    json_t *member;
    size_t i;
    json_object_foreach((json_t *)value, key, member)
    {
        is_deep = is_deep || is_too_deep(member, depth + 1);
    }
    json_array_foreach(value, i, member)
    {
        is_deep = is_deep || is_too_deep(member, depth + 1);
    }
    return is_deep;
}

static enum json_error read_object(struct json *json, const struct json_table *table,
                                   char *raw, const json_t *object, int depth);

static enum json_error
read_child(struct json *json, const struct json_table *table, const json_t *value,
           const void **out, int depth)
{
    char *raw = room(json, 1, table->size);
    if (raw == NULL) {
        return JSON_MEMORY;
    }
    *out = raw;
    return read_object(json, table, raw, value, depth);
}

static enum json_error
read_element(struct json *json, const struct json_field *field, char *place,
             const json_t *item, int depth)
{
    if (json_kind_of(field) == JSON_TEXTS) {
        return read_text(json, item, (struct slice *)(void *)place);
    }
    return json_is_object(item) && is_too_deep(item, depth)
               ? JSON_DEEP
               : read_object(json, field->table, place, item, depth);
}

static enum json_error
read_list(struct json *json, const struct json_field *field, const json_t *value,
          struct json_list *out, int depth)
{
    bool is_apart = (field->kind & JSON_APART) != 0;
    enum json_kind kind = json_kind_of(field);
    bool is_bare = kind == JSON_ONE_OR_MORE && json_is_object(value);
    size_t count = is_bare ? 1 : json_array_size(value);
    size_t size = kind == JSON_TEXTS ? sizeof(struct slice) : field->table->size;
    if (!is_bare && !json_is_array(value)) {
        return JSON_VALUE;
    }
    if (count > field->max && (field->kind & JSON_VITAL) != 0) {
        return JSON_MANY;
    }
    char *items = room(json, count + 1, size);
    unsigned char *errors = room(json, count + 1, 1);
    if (items == NULL || errors == NULL) {
        return JSON_MEMORY;
    }
    *out = (struct json_list){.items = items, .errors = errors};
    for (size_t i = 0; i < count; i++) {
        const json_t *item = is_bare ? value : json_array_get(value, i);
        char *place = items + out->count * size;
        size_t dropped = json->dropped;
        enum json_error error =
            out->count < field->max
                ? read_element(json, field, place, item, depth + !is_bare)
                : JSON_MANY;
        bool is_local = error == JSON_VALUE || error == JSON_MANY ||
                        (error == JSON_DEEP && is_apart);
        if (error == JSON_OK) {
            out->count++;
        } else if (is_bare || !is_local) {
            return error;
        } else {
            errors[out->dropped++] = (unsigned char)error;
            json->dropped = dropped + !is_apart;
        }
    }
    return JSON_OK;
}

static enum json_error
read_value(struct json *json, const struct json_field *field, char *out,
           const json_t *value, int depth)
{
    void *place = out;
    switch (json_kind_of(field)) {
    case JSON_TEXT:
        return read_text(json, value, place);
    case JSON_ID:
        return read_id(json, value, place);
    case JSON_COUNT:
        return read_count(value, place);
    case JSON_SCALAR:
        return read_scalar(json, value, place);
    case JSON_BOOL:
        *(bool *)place = json_is_true(value);
        return json_is_boolean(value) ? JSON_OK : JSON_VALUE;
    case JSON_PRESENT:
        *(bool *)place = true;
        return JSON_OK;
    case JSON_STRUCT:
        return read_child(json, field->table, value, place, depth);
    case JSON_STRUCTS:
    case JSON_ONE_OR_MORE:
    case JSON_TEXTS:
        return read_list(json, field, value, place, depth);
    case JSON_LATER:
        *(struct json_later *)place = (struct json_later){value, field->table};
        return JSON_OK;
    case JSON_VITAL:
    case JSON_ONCE:
    case JSON_APART:
        break;
    }
    abort();
}

static void
put_dropped(const struct json_field *field, char *out)
{
    void *place = out;
    switch (json_kind_of(field)) {
    case JSON_TEXT:
    case JSON_ID:
        *(struct slice *)place = (struct slice)JSON_UNUSABLE;
        break;
    case JSON_SCALAR:
        *(struct json_scalar *)place = (struct json_scalar){.text = JSON_UNUSABLE};
        break;
    case JSON_STRUCT:
        *(const void **)place = NULL;
        break;
    case JSON_STRUCTS:
    case JSON_ONE_OR_MORE:
    case JSON_TEXTS:
        *(struct json_list *)place = (struct json_list){.items = NULL};
        break;
    case JSON_BOOL:
        *(bool *)place = false;
        break;
    case JSON_COUNT:
    case JSON_PRESENT:
    case JSON_LATER:
    case JSON_VITAL:
    case JSON_ONCE:
    case JSON_APART:
        break;
    }
}

// The row of the key; without one the row that ends the table.
static const struct json_field *
row_of(const struct json_table *table, const char *key)
{
    const struct json_field *field = table->fields;
    while (field->key != NULL && strcmp(field->key, key) != 0) {
        field++;
    }
    return field;
}

// True if a value is too deep that may not be.
static bool
has_too_deep(const struct json_table *table, const json_t *object, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        const struct json_field *field = row_of(table, key);
        bool is_read = field->table != NULL && json_kind_of(field) != JSON_LATER &&
                       (json_is_object(value) || (field->kind & JSON_APART) != 0);
        if (!is_read && (field->kind & JSON_APART) == 0 && is_too_deep(value, depth)) {
            return true;
        }
    }
    return false;
}

static bool
may_drop(const struct json_field *field, const json_t *value)
{
    bool is_none = json_is_false(value) ||
                   (json_is_string(value) && json_string_length(value) == 0);
    return (field->kind & JSON_VITAL) == 0 ||
           (json_kind_of(field) == JSON_STRUCT && is_none &&
            (field->kind & JSON_EXACT) != JSON_EXACT);
}

static enum json_error
read_object(struct json *json, const struct json_table *table, char *raw,
            const json_t *object, int depth)
{
    memset(raw, 0, table->size);
    if (!json_is_object(object)) {
        return JSON_VALUE;
    }
    if (depth >= JSON_DEPTH_MAX || has_too_deep(table, object, depth + 1)) {
        return JSON_DEEP;
    }
    for (const struct json_field *field = table->fields; field->key != NULL; field++) {
        const json_t *value = json_object_get(object, field->key);
        if (value == NULL || json_is_null(value)) {
            continue;
        }
        char *out = raw + field->offset;
        enum json_error error = read_value(json, field, out, value, depth + 1);
        if ((error == JSON_VALUE || error == JSON_MANY) && may_drop(field, value)) {
            json->dropped++;
            put_dropped(field, out);
        } else if (error != JSON_OK) {
            return error;
        }
    }
    return JSON_OK;
}

enum json_error
json_read(struct json *json, const struct json_table *table, void *raw,
          struct arena *arena)
{
    if (json->error == JSON_OK) {
        json->memory = arena;
        fail(json, read_object(json, table, raw, json->root, 0));
    }
    return json->error;
}

enum json_error
json_read_later(struct json *json, const struct json_later *later, void *raw,
                struct arena *arena)
{
    if (json->error == JSON_OK) {
        json->memory = arena;
        fail(json, read_object(json, later->shape, raw, later->place, 1));
    }
    return json->error;
}

enum json_error
json_text_later(struct json *json, const struct json_later *later,
                struct slice *ret_text)
{
    if (json->error == JSON_OK) {
        if (read_text(json, later->place, ret_text) != JSON_OK) {
            *ret_text = (struct slice)JSON_UNUSABLE;
            json->dropped++;
        }
    }
    return json->error;
}
