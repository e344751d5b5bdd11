// Values of replies from Redis: fields of hashes, and their numbers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "ctl/client.h"

// A field of a hash as HGETALL returns it; none: it is not there.
struct slice values_field(const redisReply *hash, struct slice name);

// An element of an array as HMGET returns it; none: it is not there.
struct slice values_at(const redisReply *array, size_t index);

// 0 for anything but a number.
double values_number(struct slice text);
// 0 for anything but a number of at most 15 digits.
int64_t values_whole(struct slice text);

// With thousands separated by commas.
void values_put_grouped(struct buffer *out, int64_t number);

// A score with one decimal, at the right of `columns`.
void values_put_score(struct buffer *out, struct slice score, size_t columns);

// True if the name is that of a time in ms: "last_seen", "…_ms".
bool values_is_time(struct slice name);

// A member of the JSON object at the end of `json`: a number as it is in Redis, or a
// text; null if the value is none. Bytes that are no UTF-8 become "?".
void values_put_json(struct buffer *json, struct slice name, struct slice value);
void values_put_json_text(struct buffer *json, struct slice name, struct slice value);
