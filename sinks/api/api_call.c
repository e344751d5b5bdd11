#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/json_writer.h"
#include "net/clock.h"
#include "sinks/api/api_inside.h"

#define COSTLY_MOST (API_COSTLY_MS * USEC_PER_MS)

enum { LIMIT_TEXT = 32, SECONDS_MAX = 32, VALUE_MAX = 48 };

// ── refusals and limits ────────────────────────────────────────────────────

void
api_refuse(const struct api_call *call, enum http_code code, const char *name,
           const char *message)
{
    http_reply_refuse(call->reply, code, name, message, call->body);
}

void
api_unknown(const struct api_call *call, const char *message)
{
    api_refuse(call, HTTP_CODE_UNKNOWN, "not_found", message);
}

bool
api_limit(const struct api_call *call, size_t *ret_limit)
{
    char text[LIMIT_TEXT];
    struct slice value;
    enum status status = http_request_parameter(call->request, SLICE_LIT("limit"), text,
                                                sizeof(text), &value);
    uint64_t limit = API_LIMIT;
    bool is_good = status == STATUS_OK &&
                   (slice_is_none(value) || decimal_parse_whole(value, &limit));
    if (is_good && limit >= 1 && limit <= API_LIMIT_MAX) {
        *ret_limit = (size_t)limit;
        return true;
    }
    api_refuse(call, HTTP_CODE_BAD, "bad_limit",
               "limit must be a whole number from 1 to 1000");
    return false;
}

bool
api_begin_costly(const struct api_call *call, usec *ret_started)
{
    struct api *api = call->api;
    *ret_started = clock_monotonic();
    if (*ret_started - api->spending >= USEC_PER_S) {
        api->spending = *ret_started;
        api->spent = 0;
    }
    if (api->spent < COSTLY_MOST) {
        return true;
    }
    api_refuse(call, HTTP_CODE_LATER, "too_many_requests",
               "too many searches in this second: ask again later");
    return false;
}

void
api_end_costly(const struct api_call *call, usec started)
{
    call->api->spent += clock_monotonic() - started;
}

// ── contents ───────────────────────────────────────────────────────────────

struct api_now
api_now(struct api *api)
{
    struct api_now now = {.wall = api->setup.wall()};
    api->setup.state(api->setup.context, &now.state);
    changes_meta(api->setup.pipeline, &now.meta);
    now.is_complete = now.meta.is_complete && now.state.is_complete;
    return now;
}

void
api_put_score(struct buffer *text, uint64_t score, uint64_t unit)
{
    char value[VALUE_MAX];
    int len = snprintf(value, sizeof(value), "%" PRIu64, score / unit);
    const char *end = decimal_put_fraction(value + len, score % unit, unit);
    json_writer_number(text, (struct slice){value, (size_t)(end - value)});
}

void
api_put_as_of(const struct api_call *call, const struct api_now *now)
{
    json_writer_put_i64(call->body, "as_of_ms",
                        usec_floor_div(call->api->as_of, USEC_PER_MS));
    json_writer_name(call->body, SLICE_LIT("complete"));
    json_writer_bool(call->body, now->is_complete);
}

void
api_put_fields(struct buffer *text, const struct change *change)
{
    static const struct slice texts[] = {
        {"handle", 6}, {"name", 4}, {"network", 7}, {"best_post", 9}, {"why", 3},
    };
    for (size_t i = 0; i < change->field_count; i++) {
        const struct change_field *field = &change->fields[i];
        if (slice_is_none(field->value)) {
            continue;
        }
        json_writer_name(text, field->name);
        if (slice_is_one_of(field->name, texts, sizeof(texts) / sizeof(texts[0])) ||
            !json_writer_is_number(field->value)) {
            json_writer_string(text, field->value);
        } else {
            json_writer_number(text, field->value);
        }
    }
}

// Seconds with as many of three decimals as needed.
static void
put_seconds(struct buffer *text, usec age)
{
    char seconds[SECONDS_MAX];
    int64_t ms = usec_floor_div(age, USEC_PER_MS);
    int len = snprintf(seconds, sizeof(seconds), "%" PRId64 ".%03d", ms / 1000,
                       (int)(ms % 1000));
    while (seconds[len - 1] == '0') {
        len--;
    }
    len -= seconds[len - 1] == '.';
    json_writer_number(text, (struct slice){seconds, (size_t)len});
}

void
api_put_growth(struct buffer *text, const struct pipeline *pipeline, uint32_t cascade,
               size_t most)
{
    struct views_point points[API_POINTS_MAX];
    size_t count = views_growth(pipeline, cascade, points, most);
    json_writer_name(text, SLICE_LIT("growth"));
    json_writer_open(text, '[');
    for (size_t i = 0; i < count; i++) {
        json_writer_open(text, '[');
        put_seconds(text, points[i].age);
        json_writer_u64(text, points[i].size);
        json_writer_close(text, ']');
    }
    json_writer_close(text, ']');
}
