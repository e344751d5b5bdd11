// The JSON reader on simdjson: its first stage validates UTF-8 and finds where every
// token starts, 64 bytes at a time; this file walks the tokens.
//
// Walking them here, and not with simdjson's own front end, is what makes one pass
// enough: it extracts, counts nesting and pairs brackets; keys are compared where they
// stand; and strings without escapes, which are most, are not copied.

#include "ingest/json.h"

extern "C" {
#include "base/arena.h"
}
#include "ingest/json_shape.h"
#include "ingest/json_token.h"

#include <cassert>
#include <cstring>
#include <memory>
#include <new>

#include <simdjson.h>

namespace
{

// A place among the tokens. `*token` is the offset of the token's first byte; one past
// the last token stands the length of the message, so that `token[1]` is always there.
using token_ptr = const uint32_t *;

} // namespace

struct json {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
    size_t capacity;
    std::unique_ptr<json_shapes> shapes;
    std::unique_ptr<char[]> strings; // unescaped ones of this message
    size_t strings_used;

    const char *text;
    token_ptr first;
    token_ptr end;
    arena *memory;
    json_error error;
};

namespace
{

// ---- strings ----

token_ptr
fail(json &json, json_error error)
{
    json.error = error;
    return nullptr;
}

// What stands between the quotes of the string at `token`. There is nothing but white
// space between its closing quote and the next token.
inline slice
raw_string(const json &json, token_ptr token)
{
    const char *begin = json.text + token[0] + 1;
    const char *end = json.text + token[1] - 1;
    while (__builtin_expect(*end != '"', 0)) {
        end--;
    }
    return {begin, static_cast<size_t>(end - begin)};
}

// What the string says: the bytes of the message themselves if it has no escapes.
bool
read_string(json &json, token_ptr token, slice *out)
{
    slice raw = raw_string(json, token);
    if (!json_token_has_escape(raw)) {
        *out = raw;
        return true;
    }
    if (raw.len > json.capacity - json.strings_used) {
        fail(json, JSON_MEMORY);
        return false;
    }
    char *begin = json.strings.get() + json.strings_used;
    char *end = json_token_unescape(raw, begin);
    if (end == nullptr) {
        fail(json, JSON_VALUE);
        return false;
    }
    *out = {begin, static_cast<size_t>(end - begin)};
    json.strings_used += out->len;
    return true;
}

// The row of the escaped key at `token`, nullptr if there is none or it is broken.
const json_shape_row *
find_escaped_row(json &json, const json_shape &shape, token_ptr token)
{
    slice key;
    const json_shape_row *row = nullptr;
    size_t used = json.strings_used;
    if (read_string(json, token, &key)) {
        row = json_shape_match(&shape, key);
    }
    json.strings_used = used;
    return row;
}

// The row of the key at `token`. A row's key has no escapes, so a raw key that is equal
// to one needs none undone.
[[gnu::always_inline]] inline const json_shape_row *
find_row(json &json, const json_shape &shape, token_ptr token)
{
    slice key = raw_string(json, token);
    const json_shape_row *row = json_shape_match(&shape, key);
    return row != nullptr || !json_token_has_escape(key)
               ? row
               : find_escaped_row(json, shape, token);
}

// ---- values that are not read ----

inline char
at(const json &json, token_ptr token)
{
    return json.text[*token];
}

// The token behind the object or array at `token`, which `depth` others contain. The
// brackets open so far are the bits of `open`, 1 = object, below a 1 that marks the
// bottom.
token_ptr
skip_nested(json &json, token_ptr token, unsigned depth)
{
    uint64_t open = 1;
    for (; token < json.end; token++) {
        uint8_t c = static_cast<uint8_t>(at(json, token));
        if ((c | 0x20) < '{') {
            continue;
        }
        if (c == '{' || c == '[') {
            if (open >> (JSON_DEPTH_MAX - depth) != 0) {
                return fail(json, JSON_DEEP);
            }
            open = open << 1 | (c == '{');
        } else if (c == '}' || c == ']') {
            if ((open & 1) != (c == '}')) {
                return fail(json, JSON_BAD);
            }
            open >>= 1;
            if (open == 1) {
                return token + 1;
            }
        }
    }
    return fail(json, JSON_BAD);
}

// The token behind the value at `token`. A value that is read later is read then.
inline token_ptr
skip_value(json &json, token_ptr token, unsigned depth)
{
    char c = at(json, token);
    if (c == '{' || c == '[') {
        return skip_nested(json, token, depth);
    }
    if (c == ',' || c == ':' || c == '}' || c == ']') {
        return fail(json, JSON_BAD);
    }
    return token + 1;
}

// ---- values ----

bool
read_id(json &json, token_ptr token, slice *out)
{
    uint64_t value;
    if (at(json, token) == '"') {
        return read_string(json, token, out);
    }
    return json_token_digits(json.text + *token, out, &value);
}

bool
read_count(const json &json, token_ptr token, json_count *out)
{
    slice digits;
    out->is_given = true;
    return json_token_digits(json.text + *token, &digits, &out->value);
}

bool
read_scalar(json &json, token_ptr token, json_scalar *out)
{
    if (at(json, token) == '"') {
        return read_string(json, token, &out->text);
    }
    const char *p = json.text + *token;
    bool is_negative = *p == '-';
    slice digits;
    uint64_t value;
    if (!json_token_digits(p + is_negative, &digits, &value) || value > INT64_MAX) {
        return false;
    }
    out->number = static_cast<int64_t>(value);
    out->number = is_negative ? -out->number : out->number;
    out->is_number = true;
    return true;
}

bool
read_bool(const json &json, token_ptr token, bool *out)
{
    *out = json_token_is(json.text + *token, {"true", 4});
    return *out || json_token_is(json.text + *token, {"false", 5});
}

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

// How many elements the list at `token` has; 0 also for a broken one, then `error` is
// set.
size_t
count_elements(json &json, token_ptr token, unsigned depth)
{
    size_t count = 0;
    if (at(json, token + 1) == ']') {
        return 0;
    }
    do {
        token = skip_value(json, token + 1, depth + 1);
        count++;
    } while (token != nullptr && at(json, token) == ',');
    return token != nullptr ? count : 0;
}

token_ptr
read_element(json &json, const json_shape_row &row, char *element, token_ptr token,
             unsigned depth)
{
    if (row.field->kind == JSON_TEXTS) {
        bool is_string = at(json, token) == '"';
        if (is_string && read_string(json, token, reinterpret_cast<slice *>(element))) {
            return token + 1;
        }
        return fail(json, is_string ? json.error : JSON_VALUE);
    }
    return at(json, token) == '{' ? read_object(json, *row.child, element, token, depth)
                                  : fail(json, JSON_VALUE);
}

// `is_bare`: one object stands for a list of one.
token_ptr
read_list(json &json, const json_shape_row &row, json_list *list, token_ptr token,
          unsigned depth)
{
    bool is_bare = row.field->kind == JSON_ONE_OR_MORE && at(json, token) == '{';
    if (!is_bare && at(json, token) != '[') {
        return fail(json, JSON_VALUE);
    }
    if (!is_bare && depth >= JSON_DEPTH_MAX) {
        return fail(json, JSON_DEEP);
    }
    size_t count = is_bare ? 1 : count_elements(json, token, depth);
    if (json.error != JSON_OK) {
        return nullptr;
    }
    if (count > row.field->max) {
        return fail(json, JSON_MANY);
    }
    size_t size = row.field->kind == JSON_TEXTS ? sizeof(slice) : row.child->size;
    char *items = static_cast<char *>(arena_alloc(json.memory, count + 1, size));
    if (items == nullptr) {
        return fail(json, JSON_MEMORY);
    }
    list->items = items;
    list->count = count;
    if (is_bare) {
        return read_object(json, *row.child, items, token, depth);
    }
    token += count == 0;
    for (size_t i = 0; i < count && token != nullptr; i++) {
        token = read_element(json, row, items + i * size, token + 1, depth + 1);
    }
    if (token != nullptr && at(json, token) != ']') {
        return fail(json, JSON_BAD);
    }
    return token != nullptr ? token + 1 : nullptr;
}

// Values of one token: reads it, says whether it is good.
bool
read_plain(json &json, const json_field &field, char *out, token_ptr token)
{
    switch (field.kind) {
    case JSON_TEXT:
        return at(json, token) == '"' &&
               read_string(json, token, reinterpret_cast<slice *>(out));
    case JSON_ID:
        return read_id(json, token, reinterpret_cast<slice *>(out));
    case JSON_COUNT:
        return read_count(json, token, reinterpret_cast<json_count *>(out));
    case JSON_SCALAR:
        return read_scalar(json, token, reinterpret_cast<json_scalar *>(out));
    case JSON_BOOL:
        return read_bool(json, token, reinterpret_cast<bool *>(out));
    case JSON_PRESENT:
    case JSON_STRUCT:
    case JSON_STRUCTS:
    case JSON_ONE_OR_MORE:
    case JSON_TEXTS:
    case JSON_LATER:
        break;
    }
    assert(false);
    return false;
}

// Reads the value at `token` into its place; the token behind it, or nullptr. `depth`
// counts the objects and arrays around it.
token_ptr
read_value(json &json, const json_shape_row &row, char *raw, token_ptr token,
           unsigned depth)
{
    if (at(json, token) == 'n') {
        return json_token_is(json.text + *token, {"null", 4}) ? token + 1
                                                              : fail(json, JSON_VALUE);
    }
    char *out = raw + row.field->offset;
    switch (row.field->kind) {
    case JSON_PRESENT:
        *reinterpret_cast<bool *>(out) = true;
        return skip_value(json, token, depth);
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
        break;
    }
    if (read_plain(json, *row.field, out, token)) {
        return token + 1;
    }
    return fail(json, json.error != JSON_OK ? json.error : JSON_VALUE);
}

// False if that row of the shape has been seen before.
inline bool
see_once(const json_shape &shape, const json_shape_row &row, uint64_t *seen)
{
    uint64_t bit = uint64_t{1} << (&row - shape.rows);
    bool is_first = (*seen & bit) == 0;
    *seen |= bit;
    return is_first;
}

// Whether a member begins at `token`. The last token of a message is '}': who meets
// another one has a token before them.
inline bool
is_member(const json &json, token_ptr token)
{
    return at(json, token) == '"' && at(json, token + 1) == ':';
}

// Reads the object at `token`, which `depth` objects and arrays contain, into `raw`.
token_ptr
read_object(json &json, const json_shape &shape, void *raw, token_ptr token,
            unsigned depth)
{
    if (depth >= JSON_DEPTH_MAX) {
        return fail(json, JSON_DEEP);
    }
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
        if (row != nullptr && see_once(shape, *row, &seen)) {
            token =
                read_value(json, *row, static_cast<char *>(raw), token + 2, depth + 1);
        } else if (row != nullptr) {
            return fail(json, JSON_REPEATED);
        } else if (json.error == JSON_OK) {
            token = skip_value(json, token + 2, depth + 1);
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
    made->strings.reset(new (std::nothrow) char[capacity + JSON_PADDING]);
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
    if (message.len == 0 || message.len > json->capacity) {
        return json->error = message.len == 0 ? JSON_BAD : JSON_LONG;
    }
    const uint8_t *bytes = reinterpret_cast<const uint8_t *>(message.ptr);
    json->error = error_of(
        json->parser->stage1(bytes, message.len, simdjson::stage1_mode::regular));
    if (json->error != JSON_OK) {
        return json->error;
    }
    json->text = message.ptr;
    json->first = json->parser->structural_indexes.get();
    json->end = json->first + json->parser->n_structural_indexes;
    if (at(*json, json->first) != '{') {
        json->error = JSON_NO_OBJECT;
    } else if (at(*json, json->end - 1) != '}') {
        json->error = JSON_BAD;
    }
    return json->error;
}

enum json_error
json_first(struct json *json, const struct json_table *table, size_t *ret_row)
{
    const json_shape &shape = *json_shape_find(json->shapes.get(), table);
    token_ptr token = json->first;
    const json_shape_row *row = nullptr;
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
            token = skip_value(*json, token + 2, 1);
        } while (token != nullptr && token < json->end && at(*json, token) == ',');
    }
    if (json->error != JSON_OK) {
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
    return json->error;
}

enum json_error
json_text_later(struct json *json, const struct json_later *later,
                struct slice *ret_text)
{
    token_ptr token = static_cast<token_ptr>(later->place);
    if (json->error == JSON_OK &&
        (at(*json, token) != '"' || !read_string(*json, token, ret_text))) {
        json->error = JSON_VALUE;
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
