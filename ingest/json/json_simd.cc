// The JSON reader on simdjson: its first stage validates UTF-8 and finds where every
// token starts, 64 bytes at a time; this file walks the tokens.
//
// Walking them here, instead of with simdjson's own front end, makes one pass enough:
// it extracts values, counts nesting and pairs brackets. Keys are compared in place,
// and strings without escapes, which are most, are not copied.

#include "ingest/json/json.h"

extern "C" {
#include "base/arena.h"
}
#include "ingest/json/json_drop.hh"
#include "ingest/json/json_mend.h"
#include "ingest/json/json_plain.hh"
#include "ingest/json/json_shape.h"
#include "ingest/json/json_token.h"
#include "ingest/json/json_walk.hh"

#include <cassert>
#include <cstring>
#include <memory>
#include <new>

#include <simdjson.h>

namespace
{

// ---- values ----

token_ptr read_object(json &json, const json_shape &shape, void *raw, token_ptr token,
                      unsigned depth);

// A new struct for the object at `token`, or nullptr.
token_ptr
read_child(json &json, const json_shape_row &row, const void **out, token_ptr token,
           unsigned depth)
{
    if (at(json, token) != '{') {
        return fail(json, JSON_VALUE);
    }
    void *raw = arena_alloc(json.memory, 1, row.child->size);
    if (raw == nullptr) {
        return fail(json, JSON_MEMORY);
    }
    *out = raw;
    return read_object(json, *row.child, raw, token, depth);
}

// The number of elements of the list at `token`; 0 with `error` set if it is broken.
size_t
count_elements(json &json, const json_shape_row &row, token_ptr token, unsigned depth)
{
    size_t count = 0;
    if (at(json, token + 1) == ']') {
        return 0;
    }
    do {
        token = skip(json, token + 1, depth + 1, row.is_apart);
        count++;
    } while (token != nullptr && at(json, token) == ',');
    return token != nullptr ? count : 0;
}

token_ptr
read_element(json &json, const json_shape_row &row, char *element, token_ptr token,
             unsigned depth)
{
    if (row.kind == JSON_TEXTS) {
        bool is_string = at(json, token) == '"';
        if (is_string && read_string(json, token, reinterpret_cast<slice *>(element))) {
            return token + 1;
        }
        return is_string ? nullptr : fail(json, JSON_VALUE);
    }
    return at(json, token) == '{' ? read_object(json, *row.child, element, token, depth)
                                  : fail(json, JSON_VALUE);
}

// True if the error concerns only the value, and not what contains it.
bool
is_local(const json &json)
{
    return json.error == JSON_VALUE || json.error == JSON_REPEATED ||
           json.error == JSON_MANY;
}

// Drops the element at `element`.
[[gnu::cold, gnu::noinline]] token_ptr
drop_element(json &json, const json_shape_row &row, json_list *list, token_ptr element,
             unsigned depth)
{
    size_t place = list->dropped++;
    if (!row.is_apart) {
        return drop(json, element, depth);
    }
    list->errors[place] = static_cast<unsigned char>(json.error);
    json.error = JSON_OK;
    return skip_deep(json, element);
}

// Keeps the elements of the type that the row requires, up to its maximum. Returns the
// token of the closing bracket.
token_ptr
read_elements(json &json, const json_shape_row &row, json_list *list, char *items,
              token_ptr token, unsigned depth)
{
    size_t size = row.kind == JSON_TEXTS ? sizeof(slice) : row.child->size;
    size_t count = list->count;
    list->count = 0;
    for (size_t i = 0; i < count && token != nullptr; i++) {
        token_ptr element = token + 1;
        size_t dropped = json.dropped;
        if (is_replaced(json, row, element)) {
            token = nullptr;
        } else if (list->count == row.field->max) {
            token = fail(json, JSON_MANY);
        } else {
            token = read_element(json, row, items + list->count * size, element, depth);
        }
        if (token != nullptr) {
            list->count++;
        } else if (is_local(json) || (row.is_apart && json.error != JSON_MEMORY)) {
            json.dropped = dropped;
            token = drop_element(json, row, list, element, depth);
        }
    }
    return token;
}

// Room for the elements of a list; nullptr if there is none.
char *
make_list(json &json, const json_shape_row &row, json_list *list, size_t count)
{
    size_t most = count < row.field->max ? count : row.field->max;
    size_t size = row.kind == JSON_TEXTS ? sizeof(slice) : row.child->size;
    char *items = static_cast<char *>(arena_alloc(json.memory, most + 1, size));
    if (row.is_apart) {
        list->errors =
            static_cast<unsigned char *>(arena_alloc(json.memory, count + 1, 1));
    }
    if (items == nullptr || (row.is_apart && list->errors == nullptr)) {
        fail(json, JSON_MEMORY);
        return nullptr;
    }
    list->items = items;
    list->count = count;
    return items;
}

// `is_bare`: a single object in place of a list of one.
token_ptr
read_list(json &json, const json_shape_row &row, json_list *list, token_ptr token,
          unsigned depth)
{
    bool is_bare = row.kind == JSON_ONE_OR_MORE && at(json, token) == '{';
    if (!is_bare && at(json, token) != '[') {
        return fail(json, JSON_VALUE);
    }
    if (!is_bare && depth >= JSON_DEPTH_MAX) {
        return fail(json, JSON_DEEP);
    }
    size_t count = is_bare ? 1 : count_elements(json, row, token, depth);
    if (json.error != JSON_OK) {
        return nullptr;
    }
    if (count > row.field->max && row.is_vital) {
        return fail(json, JSON_MANY);
    }
    char *items = make_list(json, row, list, count);
    if (items == nullptr) {
        return nullptr;
    }
    if (is_bare) {
        return read_object(json, *row.child, items, token, depth);
    }
    token = read_elements(json, row, list, items, token + (count == 0), depth + 1);
    if (token != nullptr && at(json, token) != ']') {
        return fail(json, JSON_BAD);
    }
    return token != nullptr ? token + 1 : nullptr;
}

// Reads the value at `token`, which is not null, into its place.
token_ptr
read_wanted(json &json, const json_shape_row &row, char *out, token_ptr token,
            unsigned depth)
{
    switch (row.kind) {
    case JSON_PRESENT:
        *reinterpret_cast<bool *>(out) = true;
        return skip(json, token, depth, row.is_apart);
    case JSON_LATER:
        *reinterpret_cast<json_later *>(out) = {token, row.child};
        return skip_value(json, token, depth);
    case JSON_STRUCT:
        return read_child(json, row, reinterpret_cast<const void **>(out), token,
                          depth);
    case JSON_STRUCTS:
    case JSON_ONE_OR_MORE:
    case JSON_TEXTS:
        return read_list(json, row, reinterpret_cast<json_list *>(out), token, depth);
    case JSON_TEXT:
    case JSON_ID:
    case JSON_COUNT:
    case JSON_SCALAR:
    case JSON_BOOL:
    case JSON_VITAL:
    case JSON_ONCE:
    case JSON_APART:
        break;
    }
    if (read_plain(json, row.kind, out, token)) {
        return token + 1;
    }
    return fail(json, json.error != JSON_OK ? json.error : JSON_VALUE);
}

// Clears the place of a value.
[[gnu::cold, gnu::noinline]] void
put_absent(enum json_kind kind, char *out)
{
    switch (kind) {
    case JSON_TEXT:
    case JSON_ID:
        *reinterpret_cast<slice *>(out) = {};
        break;
    case JSON_COUNT:
        *reinterpret_cast<json_count *>(out) = {};
        break;
    case JSON_SCALAR:
        *reinterpret_cast<json_scalar *>(out) = {};
        break;
    case JSON_BOOL:
    case JSON_PRESENT:
        *reinterpret_cast<bool *>(out) = false;
        break;
    case JSON_STRUCT:
        *reinterpret_cast<const void **>(out) = nullptr;
        break;
    case JSON_STRUCTS:
    case JSON_ONE_OR_MORE:
    case JSON_TEXTS:
        *reinterpret_cast<json_list *>(out) = {};
        break;
    case JSON_LATER:
        *reinterpret_cast<json_later *>(out) = {};
        break;
    case JSON_VITAL:
    case JSON_ONCE:
    case JSON_APART:
        break;
    }
}

// Fills in the place of a value that was dropped.
[[gnu::cold, gnu::noinline]] void
put_dropped(enum json_kind kind, char *out)
{
    put_absent(kind, out);
    if (kind == JSON_TEXT || kind == JSON_ID) {
        *reinterpret_cast<slice *>(out) = JSON_UNUSABLE;
    } else if (kind == JSON_SCALAR) {
        reinterpret_cast<json_scalar *>(out)->text = JSON_UNUSABLE;
    }
}

// Reads the value at `token` into its place. Returns the token behind it, or nullptr.
// `depth` is the number of objects and arrays around it.
token_ptr
read_value(json &json, const json_shape_row &row, char *raw, token_ptr token,
           unsigned depth)
{
    if (at(json, token) == 'n') {
        return json_token_is(json.text + *token, {"null", 4}) ? token + 1
                                                              : fail(json, JSON_BAD);
    }
    char *out = raw + row.field->offset;
    token_ptr next = read_wanted(json, row, out, token, depth);
    bool is_vital = row.is_vital && !is_none(json, row, token);
    if (next != nullptr || is_vital || !is_local(json)) {
        return next;
    }
    put_dropped(row.kind, out);
    return drop(json, token, depth);
}

// Drops the value of this row that was read before; false if there may be only one.
[[gnu::cold, gnu::noinline]] bool
forget(json &json, const json_shape_row &row, char *raw)
{
    if (row.is_once) {
        fail(json, JSON_REPEATED);
        return false;
    }
    json.dropped++;
    put_absent(row.kind, raw + row.field->offset);
    return true;
}

// Prepares reading a value of this row; false if there may be only one.
inline bool
prepare(json &json, const json_shape &shape, const json_shape_row &row, uint64_t *seen,
        char *raw)
{
    uint64_t bit = uint64_t{1} << (&row - shape.rows);
    bool is_first = (*seen & bit) == 0;
    *seen |= bit;
    return is_first || forget(json, row, raw);
}

// Reads the object at `token`, which is within `depth` objects and arrays, into `raw`.
token_ptr
read_object(json &json, const json_shape &shape, void *raw, token_ptr token,
            unsigned depth)
{
    if (depth >= JSON_DEPTH_MAX) {
        return fail(json, JSON_DEEP);
    }
    char *out = static_cast<char *>(raw);
    std::memset(raw, 0, shape.size);
    uint64_t seen = 0;
    if (at(json, token + 1) == '}') {
        return token + 2;
    }
    do {
        token++;
        if (!is_member(json, token)) {
            return fail(json, JSON_BAD);
        }
        const json_shape_row *row = find_row(json, shape, token);
        if (row != nullptr) {
            token = prepare(json, shape, *row, &seen, out)
                        ? read_value(json, *row, out, token + 2, depth + 1)
                        : nullptr;
        } else if (json.error == JSON_OK) {
            token = skip(json, token + 2, depth + 1, shape.is_rest_apart);
        } else {
            return nullptr;
        }
    } while (token != nullptr && token < json.end && at(json, token) == ',');
    if (token == nullptr) {
        return nullptr;
    }
    return token < json.end && at(json, token) == '}' ? token + 1
                                                      : fail(json, JSON_BAD);
}

json_error
error_of(simdjson::error_code code)
{
    switch (static_cast<int>(code)) {
    case simdjson::SUCCESS:
        return JSON_OK;
    case simdjson::UTF8_ERROR:
        return JSON_UTF8;
    case simdjson::MEMALLOC:
        return JSON_MEMORY;
    case simdjson::CAPACITY:
        return JSON_LONG;
    default:
        return JSON_BAD;
    }
}

simdjson::error_code
find_tokens(json &json, slice message)
{
    return json.parser->stage1(reinterpret_cast<const uint8_t *>(message.ptr),
                               message.len, simdjson::stage1_mode::regular);
}

// Finds the tokens of a message with bytes that JSON does not allow, for what is apart.
[[gnu::cold, gnu::noinline]] void
find_tokens_of_copy(json &json, slice message)
{
    char *copy = json.strings.get() + json.strings_used;
    if (message.len > strings_size(json) - json.strings_used) {
        return;
    }
    json.replaced = json_mend(message, copy);
    json.spared = 0;
    if (find_tokens(json, {copy, message.len}) == simdjson::SUCCESS) {
        json.strings_used += message.len;
        json.text = copy;
        json.original = message.ptr;
        json.fault = json.error;
        json.error = JSON_OK;
    }
}

// The error of what was read, with regard to the bytes that were replaced.
json_error
settle(json &json, bool is_good)
{
    if (json.original != nullptr && json.error != JSON_MEMORY && !is_good) {
        json.error = json.fault;
    }
    return json.error;
}

} // namespace

struct json *
json_create(const struct json_table *const *tables, size_t count, size_t capacity)
{
    std::unique_ptr<json> made(new (std::nothrow) json());
    if (made == nullptr) {
        return nullptr;
    }
    made->capacity = capacity;
    made->shapes.reset(new (std::nothrow) json_shapes());
    made->strings.reset(new (std::nothrow) char[strings_size(*made) + JSON_PADDING]);
    simdjson::error_code code =
        simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, JSON_DEPTH_MAX, made->parser);
    if (made->shapes == nullptr || made->strings == nullptr ||
        code != simdjson::SUCCESS) {
        return nullptr;
    }
    for (size_t i = 0; i < count; i++) {
        json_shape_add(made->shapes.get(), tables[i]);
    }
    return made.release();
}

void
json_destroy(struct json **json)
{
    delete *json;
    *json = nullptr;
}

enum json_error
json_open(struct json *json, struct slice message)
{
    json->strings_used = 0;
    json->dropped = 0;
    return json_open_part(json, message);
}

size_t
json_dropped(const struct json *json)
{
    return json->dropped;
}

enum json_error
json_open_part(struct json *json, struct slice message)
{
    if (message.len == 0 || message.len > json->capacity) {
        return json->error = message.len == 0 ? JSON_BAD : JSON_LONG;
    }
    json->text = message.ptr;
    json->original = nullptr;
    simdjson::error_code code = find_tokens(*json, message);
    json->error = error_of(code);
    if (code == simdjson::UTF8_ERROR || code == simdjson::UNESCAPED_CHARS) {
        find_tokens_of_copy(*json, message);
    }
    if (json->error != JSON_OK) {
        return json->error;
    }
    json->first = json->parser->structural_indexes.get();
    json->end = json->first + json->parser->n_structural_indexes;
    if (at(*json, json->first) != '{') {
        json->error = JSON_NO_OBJECT;
    } else if (at(*json, json->end - 1) != '}') {
        json->error = JSON_BAD;
    }
    return settle(*json, json->error == JSON_OK);
}

enum json_error
json_first(struct json *json, const struct json_table *table, size_t *ret_row)
{
    const json_shape &shape = *json_shape_find(json->shapes.get(), table);
    token_ptr token = json->first;
    const json_shape_row *row = nullptr;
    json_error skipped = JSON_OK;
    if (json->error == JSON_OK && at(*json, token + 1) != '}') {
        do {
            token++;
            if (!is_member(*json, token)) {
                fail(*json, JSON_BAD);
                break;
            }
            row = find_row(*json, shape, token);
            if (row != nullptr || json->error != JSON_OK) {
                break;
            }
            token_ptr value = token + 2;
            token = skip_value(*json, value, 1);
            if (token == nullptr) {
                skipped = json->error;
                json->error = JSON_OK;
                token = skip_deep(*json, value);
            }
        } while (token != nullptr && token < json->end && at(*json, token) == ',');
    }
    if (json->error == JSON_OK && row == nullptr) {
        json->error = skipped;
    }
    if (settle(*json, row != nullptr) != JSON_OK) {
        return json->error;
    }
    *ret_row = row != nullptr ? static_cast<size_t>(row - shape.rows) : shape.count;
    return JSON_OK;
}

enum json_error
json_read(struct json *json, const struct json_table *table, void *raw,
          struct arena *arena)
{
    if (json->error != JSON_OK) {
        return json->error;
    }
    json->memory = arena;
    token_ptr token = read_object(*json, *json_shape_find(json->shapes.get(), table),
                                  raw, json->first, 0);
    if (token != nullptr && token != json->end) {
        json->error = JSON_BAD;
    }
    return settle(*json, json->error == JSON_OK && json->spared == json->replaced);
}

enum json_error
json_text_later(struct json *json, const struct json_later *later,
                struct slice *ret_text)
{
    token_ptr token = static_cast<token_ptr>(later->place);
    if (json->error != JSON_OK) {
        return json->error;
    }
    if (at(*json, token) == '"') {
        (void)read_string(*json, token, ret_text);
    } else if (drop(*json, token, 1) != nullptr) {
        *ret_text = JSON_UNUSABLE;
    }
    return json->error;
}

enum json_error
json_read_later(struct json *json, const struct json_later *later, void *raw,
                struct arena *arena)
{
    token_ptr token = static_cast<token_ptr>(later->place);
    if (json->error != JSON_OK) {
        return json->error;
    }
    json->memory = arena;
    if (at(*json, token) != '{') {
        return json->error = JSON_VALUE;
    }
    read_object(*json, *static_cast<const json_shape *>(later->shape), raw, token, 1);
    return json->error;
}
