// Walks the tokens that simdjson found in a message: strings, and values that are
// skipped. Only ingest/json/json_*.hh and json_simd.cc include this.
#pragma once

#include "ingest/json/json.h"
#include "ingest/json/json_mend.h"
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

    // If bytes were replaced (json_mend.h), `text` is the copy in `strings`.
    const char *original; // the message; nullptr: no byte was replaced
    json_error fault;     // of the original
    size_t replaced;      // bytes
    size_t spared;        // those of them that are in what is apart

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

// How many bytes from `token` up to `end` were replaced.
[[gnu::cold, gnu::noinline]] size_t
count_replaced(const json &json, token_ptr token, token_ptr end)
{
    return json_mend_count({json.original + *token, *end - *token}, json.text + *token);
}

// `is_free`: the value may be nested at any depth, and contain any bytes.
inline token_ptr
skip(json &json, token_ptr token, unsigned depth, bool is_free)
{
    token_ptr next = skip_value(json, token, depth);
    if (!is_free) {
        return next;
    }
    if (next == nullptr) {
        json.error = JSON_OK;
        next = skip_deep(json, token);
    }
    if (json.original != nullptr && next != nullptr) {
        json.spared += count_replaced(json, token, next);
    }
    return next;
}

// True, with the error set, if bytes of the element of a list that is apart were
// replaced.
inline bool
is_replaced(json &json, const json_shape_row &row, token_ptr element)
{
    token_ptr end =
        json.original != nullptr && row.is_apart ? skip_deep(json, element) : nullptr;
    if (end == nullptr) {
        return false;
    }
    slice part = {json.original + *element, *end - *element};
    size_t at = json_mend_find(part, json.text + *element);
    if (at == part.len) {
        return false;
    }
    fail(json, static_cast<signed char>(part.ptr[at]) < 0 ? JSON_UTF8 : JSON_BAD);
    return true;
}

} // namespace
