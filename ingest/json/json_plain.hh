// Reads values of one token. Only ingest/json/json_simd.cc includes this.
#pragma once

#include "ingest/json/json.h"
#include "ingest/json/json_token.h"
#include "ingest/json/json_walk.hh"

#include <cassert>
#include <cstdint>

namespace
{

bool
read_id(json &json, token_ptr token, slice *out)
{
    slice digits;
    uint64_t value;
    if (at(json, token) == '"') {
        return read_string(json, token, out);
    }
    if (at(json, token) != '-') {
        return json_token_digits(json.text + *token, out, &value);
    }
    return json_token_digits(json.text + *token + 1, &digits, &value);
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

// Reads a value of one token; true if it is valid.
bool
read_plain(json &json, enum json_kind kind, char *out, token_ptr token)
{
    switch (kind) {
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
    case JSON_VITAL:
    case JSON_ONCE:
    case JSON_APART:
        break;
    }
    assert(false);
    return false;
}

} // namespace
