// Walks values that are dropped. Only ingest/json/json_simd.cc includes this.
#pragma once

#include "ingest/json/json.h"
#include "ingest/json/json_shape.h"
#include "ingest/json/json_token.h"
#include "ingest/json/json_walk.hh"

#include <cstddef>

namespace
{

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
