// Walks the tokens that simdjson found in a message: strings, and values that are
// skipped or dropped. Only ingest/json/json_simd.cc includes this.
#pragma once

#include "ingest/json/json.h"
#include "ingest/json/json_shape.h"
#include "ingest/json/json_token.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include <simdjson.h>

struct arena;

namespace
{

// A place among the tokens. `*token` is the offset of the token's first byte. The entry
// behind the last token is the length of the message, so that `token[1]` always exists.
using token_ptr = const uint32_t *;

} // namespace

struct json {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
    size_t capacity;
    std::unique_ptr<json_shapes> shapes;
    std::unique_ptr<char[]> strings; // unescaped ones of this message
    size_t strings_used;
    size_t dropped;

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

// The bytes between the quotes of the string at `token`. Only white space is between
// its closing quote and the next token.
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

// Twice the capacity: a message may contain another one as a string (json_open_part).
inline size_t
strings_size(const json &json)
{
    return 2 * json.capacity;
}

// The contents of the string: the bytes of the message themselves if it has no escapes.
// Half a character counts as a dropped value.
bool
read_string(json &json, token_ptr token, slice *out)
{
    slice raw = raw_string(json, token);
    if (!json_token_has_escape(raw)) {
        *out = raw;
        return true;
    }
    if (raw.len > strings_size(json) - json.strings_used) {
        fail(json, JSON_MEMORY);
        return false;
    }
    char *begin = json.strings.get() + json.strings_used;
    bool has_half;
    char *end = json_token_unescape(raw, begin, &has_half);
    if (end == nullptr) {
        fail(json, JSON_VALUE);
        return false;
    }
    *out = {begin, static_cast<size_t>(end - begin)};
    json.strings_used += out->len;
    json.dropped += has_half;
    return true;
}

// The row of the escaped key at `token`, nullptr if there is none or it is broken.
const json_shape_row *
find_escaped_row(json &json, const json_shape &shape, token_ptr token)
{
    slice key;
    const json_shape_row *row = nullptr;
    size_t used = json.strings_used;
    size_t dropped = json.dropped;
    if (read_string(json, token, &key)) {
        row = json_shape_match(&shape, key);
    }
    json.strings_used = used;
    json.dropped = dropped;
    return row;
}

// The row of the key at `token`. A row's key has no escapes, so a raw key that is equal
// to one has none either.
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

// The token behind the object or array at `token`, which is within `depth` others. The
// bits of `open` are the brackets open so far, 1 = object, below a 1 that marks the
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

// The same for a value nested at any depth: its brackets are counted, not paired.
[[gnu::cold, gnu::noinline]] token_ptr
skip_deep(json &json, token_ptr token)
{
    size_t open = 0;
    for (token_ptr next = token; next < json.end; next++) {
        char c = at(json, next);
        if (c == '{' || c == '[') {
            open++;
        } else if (open != 0 && (c == '}' || c == ']')) {
            open--;
        }
        if (open == 0) {
            return next == token ? skip_value(json, token, 0) : next + 1;
        }
    }
    return fail(json, JSON_BAD);
}

// `is_free`: the value may be nested at any depth.
inline token_ptr
skip(json &json, token_ptr token, unsigned depth, bool is_free)
{
    token_ptr next = skip_value(json, token, depth);
    if (next != nullptr || !is_free) {
        return next;
    }
    json.error = JSON_OK;
    return skip_deep(json, token);
}

// ---- values that are dropped ----

// True if the value at `token` means that there is no object: false, or an empty text.
bool
is_none(const json &json, const json_shape_row &row, token_ptr token)
{
    return row.kind == JSON_STRUCT && !row.is_strict &&
           (json_token_is(json.text + *token, {"false", 5}) ||
            (at(json, token) == '"' && raw_string(json, token).len == 0));
}

token_ptr check_value(json &json, token_ptr token, unsigned depth);

// True if a member begins at `token`. The last token of a message is '}', so any other
// token has one behind it.
inline bool
is_member(const json &json, token_ptr token)
{
    return at(json, token) == '"' && at(json, token + 1) == ':';
}

bool
check_string(json &json, token_ptr token)
{
    slice ignored;
    size_t used = json.strings_used;
    size_t dropped = json.dropped;
    bool is_good = read_string(json, token, &ignored);
    json.strings_used = used;
    json.dropped = dropped;
    return is_good;
}

// The object or array at `token`.
token_ptr
check_nested(json &json, token_ptr token, unsigned depth)
{
    bool is_object = at(json, token) == '{';
    char close = is_object ? '}' : ']';
    if (depth >= JSON_DEPTH_MAX) {
        return fail(json, JSON_DEEP);
    }
    if (at(json, token + 1) == close) {
        return token + 2;
    }
    do {
        token++;
        if (is_object && !is_member(json, token)) {
            return fail(json, JSON_BAD);
        }
        if (is_object && !check_string(json, token)) {
            return nullptr;
        }
        token = check_value(json, token + (is_object ? 2 : 0), depth + 1);
    } while (token != nullptr && token < json.end && at(json, token) == ',');
    if (token == nullptr) {
        return nullptr;
    }
    return token < json.end && at(json, token) == close ? token + 1
                                                        : fail(json, JSON_BAD);
}

// The token behind a value that is not needed but must be valid JSON, or nullptr.
token_ptr
check_value(json &json, token_ptr token, unsigned depth)
{
    if (token >= json.end) {
        return fail(json, JSON_BAD);
    }
    char c = at(json, token);
    if (c == '{' || c == '[') {
        return check_nested(json, token, depth);
    }
    if (c == '"') {
        return check_string(json, token) ? token + 1 : nullptr;
    }
    return json_token_is_plain(json.text + *token) ? token + 1 : fail(json, JSON_BAD);
}

// Drops the value that begins at `token`.
[[gnu::cold, gnu::noinline]] token_ptr
drop(json &json, token_ptr token, unsigned depth)
{
    json.error = JSON_OK;
    json.dropped++;
    return check_value(json, token, depth);
}

} // namespace
