#include "ctl/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "ingest/text/cell.h"
#include "ctl/client.h"

enum { NUMBER_MAX = 64, WHOLE_DIGITS_MAX = 16 };

struct slice
values_field(const redisReply *hash, struct slice name)
{
    for (size_t i = 0; i + 1 < hash->elements; i += 2) {
        if (slice_equal(client_text(hash->element[i]), name)) {
            return client_text(hash->element[i + 1]);
        }
    }
    return SLICE_NONE;
}

struct slice
values_at(const redisReply *array, size_t index)
{
    return index < array->elements ? client_text(array->element[index]) : SLICE_NONE;
}

double
values_number(struct slice text)
{
    char copy[NUMBER_MAX] = "";
    if (text.len != 0 && text.len < sizeof copy) {
        memcpy(copy, text.ptr, text.len);
    }
    return strtod(copy, NULL);
}

int64_t
values_whole(struct slice text)
{
    char digits[WHOLE_DIGITS_MAX] = "";
    if (text.len == 0 || text.len >= sizeof digits) {
        return 0;
    }
    memcpy(digits, text.ptr, text.len);
    return strtoll(digits, NULL, 10);
}

void
values_put_grouped(struct buffer *out, int64_t number)
{
    char digits[CELL_NUMBER_MAX];
    char grouped[CELL_NUMBER_MAX];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    buffer_append(out, cell_number(slice_of(digits), grouped));
}

void
values_put_score(struct buffer *out, struct slice score, size_t columns)
{
    char text[NUMBER_MAX];
    (void)snprintf(text, sizeof text, "%.1f", values_number(score));
    cell_put_aligned(out, slice_of(text), columns, CELL_RIGHT);
}

bool
values_is_time(struct slice name)
{
    static const struct slice ending = {"_ms", 3};
    return slice_equal(name, SLICE_LIT("last_seen")) ||
           (name.len > ending.len &&
            memcmp(name.ptr + name.len - ending.len, ending.ptr, ending.len) == 0);
}

void
values_put_json_text(struct buffer *json, struct slice name, struct slice value)
{
    json_writer_name(json, name);
    if (slice_is_none(value)) {
        json_writer_null(json);
    } else {
        json_writer_string(json, value);
    }
}

void
values_put_json(struct buffer *json, struct slice name, struct slice value)
{
    if (slice_is_none(value) || !json_writer_is_number(value)) {
        values_put_json_text(json, name, value);
        return;
    }
    json_writer_name(json, name);
    json_writer_number(json, value);
}
