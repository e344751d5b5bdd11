#include "ctl/latest.h"

#include <stdio.h>
#include <string.h>

#include "ctl/alert_stream.h"
#include "ctl/print.h"

enum { CLOCK_AT = 11, CLOCK_LEN = 8, NUMBER_MAX = 32 }; // of RFC 3339

static void
add_number(struct buffer *line, json_int_t number)
{
    char digits[NUMBER_MAX];
    (void)snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, number);
    buffer_append(line, slice_of(digits));
}

static void
add_author(struct buffer *line, const json_t *alert)
{
    const json_t *author = json_object_get(alert, "author");
    struct slice handle = print_member(author, "handle");
    buffer_append(line, handle.len > 0 ? SLICE_LIT(" @") : SLICE_LIT(" "));
    buffer_append(line, handle.len > 0 ? handle : print_member(author, "id"));
    buffer_append(line, SLICE_LIT(": "));
}

static void
add_why(struct buffer *line, const json_t *alert)
{
    size_t index;
    const json_t *reason;
    json_array_foreach(json_object_get(alert, "why"), index, reason)
    {
        buffer_append(line, index > 0 ? SLICE_LIT(", ") : SLICE_LIT(""));
        buffer_append(
            line, slice_of(json_is_string(reason) ? json_string_value(reason) : ""));
    }
}

static void
add_cascade(struct buffer *line, const json_t *alert, bool is_over)
{
    const json_t *cascade = json_object_get(alert, "cascade");
    struct slice text = print_member(cascade, "text");
    add_author(line, alert);
    if (is_over) {
        buffer_append(line, SLICE_LIT("over, size "));
        add_number(line, json_integer_value(json_object_get(cascade, "size")));
    } else {
        add_why(line, alert);
    }
    if (text.len > 0) {
        buffer_append(line, SLICE_LIT(": "));
        buffer_append(line, text);
    }
}

void
latest_put(struct buffer *line, const json_t *alert)
{
    struct slice time = print_member(alert, "time");
    struct slice type = print_member(alert, "type");
    if (time.len < CLOCK_AT + CLOCK_LEN || type.len == 0) {
        return;
    }
    buffer_append(line, (struct slice){time.ptr + CLOCK_AT, CLOCK_LEN});
    buffer_append_byte(line, ' ');
    buffer_append(line, print_member(alert, "rule"));
    if (slice_equal(type, SLICE_LIT("alert.digest"))) {
        buffer_append(line, SLICE_LIT(": while catching up, alerts: "));
        add_number(line, (json_int_t)json_array_size(json_object_get(alert, "alerts")));
    } else {
        add_cascade(line, alert, slice_equal(type, SLICE_LIT("cascade.resolved")));
    }
}

enum status
latest_pull(struct client *client, struct buffer *line, struct error *error)
{
    static const char *const newest[] = {"+", "-", "COUNT", "1", NULL};
    client_queue(client, "XREVRANGE", SLICE_LIT("alerts"), newest);
    redisReply *entries = client_answer(client, REDIS_REPLY_ARRAY, error);
    if (entries == NULL) {
        return STATUS_IO;
    }
    json_t *alert = entries->elements == 1
                        ? alert_stream_read(alert_stream_text(entries->element[0]))
                        : NULL;
    latest_put(line, alert);
    json_decref(alert);
    freeReplyObject(entries);
    return STATUS_OK;
}
