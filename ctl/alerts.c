#include "ctl/alerts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_writer.h"
#include "base/usec.h"
#include "ctl/alert_stream.h"
#include "ctl/latest.h"
#include "ctl/print.h"
#include "ctl/values.h"
#include "ingest/text/cell.h"

enum {
    LINE_MAX_LEN = 1 << 16,
    KEY_MAX = 4096,
    TEXT_COLUMNS = 600,
    NAME_COLUMNS = 14,
    OUTBOXES_MAX = 16,
    OUTBOX_MAX = 72, // bytes of the name of one
    PEOPLE_SHOWN = 5,
};

#define FOLLOW_EVERY (250 * USEC_PER_MS)

// ── list ───────────────────────────────────────────────────────────────────

static void
print_alert(const json_t *alert, bool is_json)
{
    struct buffer line;
    struct buffer out;
    if (is_json) {
        print_json(alert);
        return;
    }
    buffer_init(&line, LINE_MAX_LEN);
    buffer_init(&out, LINE_MAX_LEN);
    latest_put(&line, alert);
    (void)cell_put(&out, buffer_text(&line), TEXT_COLUMNS);
    buffer_append(&out, SLICE_LIT("  ["));
    (void)cell_put(&out, print_member(alert, "id"), TEXT_COLUMNS);
    buffer_append(&out, SLICE_LIT("]\n"));
    print_buffer(&out);
    buffer_fini(&line);
}

static bool
print_wanted(void *context, json_t *alert)
{
    const struct alerts_request *request = context;
    if (alert_stream_is_of(request->rule, alert)) {
        print_alert(alert, request->is_json);
    }
    return true;
}

// STATUS_AGAIN: standard output accepts nothing more.
static enum status
follow(struct client *client, const struct alerts_request *request,
       char last[ALERT_STREAM_ID_MAX], struct error *error)
{
    const struct timespec pause = {0, FOLLOW_EVERY * 1000};
    struct alerts_request wanted = *request;
    while (fflush(stdout) == 0) {
        size_t count;
        enum status status =
            alert_stream_follow(client, last, print_wanted, &wanted, &count, error);
        if (status != STATUS_OK) {
            return status;
        }
        if (count == 0) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return STATUS_AGAIN;
}

enum status
alerts_show(struct client *client, const struct alerts_request *request,
            struct error *error)
{
    char newest[ALERT_STREAM_ID_MAX];
    json_t *alerts;
    const struct alert_stream_choice choice = {alert_stream_is_of, request->rule};
    enum status status =
        alert_stream_newest(client, &choice, request->rows, newest, &alerts, error);
    for (size_t i = json_array_size(alerts); i != 0 && status == STATUS_OK; i--) {
        print_alert(json_array_get(alerts, i - 1), request->is_json);
    }
    if (status == STATUS_OK && json_array_size(alerts) == 0 && !request->is_json &&
        !request->is_following) {
        (void)fputs("there are no alerts\n", stdout);
    }
    json_decref(alerts);
    if (status == STATUS_OK && request->is_following) {
        status = follow(client, request, newest, error);
    }
    return status == STATUS_AGAIN ? STATUS_OK : status;
}

// ── explain ────────────────────────────────────────────────────────────────

static json_t *
value_of(struct slice text)
{
    return json_writer_is_number(text)
               ? json_loadb(text.ptr, text.len, JSON_DECODE_ANY, NULL)
               : json_stringn(text.ptr, text.len);
}

// The fields of the cascade that show how it went on; null: it has no key any more.
static enum status
read_present(struct client *client, const json_t *alert, json_t **ret_present,
             struct error *error)
{
    static const char *const fields[] = {"size",  "amplifiers", "reach", "velocity_5m",
                                         "state", "forecast",   "level", NULL};
    struct slice root = print_member(json_object_get(alert, "cascade"), "id");
    struct buffer key;
    buffer_init(&key, KEY_MAX);
    buffer_append(&key, SLICE_LIT("cascade:"));
    buffer_append(&key, root);
    client_queue(client, "HMGET", buffer_text(&key), fields);
    buffer_fini(&key);
    redisReply *reply = client_answer(client, REDIS_REPLY_ARRAY, error);
    if (reply == NULL) {
        return STATUS_IO;
    }
    *ret_present = json_object();
    for (size_t i = 0; fields[i] != NULL; i++) {
        struct slice value = values_at(reply, i);
        if (!slice_is_none(value)) {
            (void)json_object_set_new(*ret_present, fields[i], value_of(value));
        }
    }
    freeReplyObject(reply);
    return STATUS_OK;
}

struct outboxes {
    char names[OUTBOXES_MAX][OUTBOX_MAX];
    size_t count;
};

static void
note_outbox(void *context, struct slice key)
{
    struct outboxes *outboxes = context;
    for (size_t i = 0; i < outboxes->count; i++) {
        if (slice_equal(slice_of(outboxes->names[i]), key)) {
            return;
        }
    }
    if (outboxes->count < OUTBOXES_MAX && key.len < sizeof outboxes->names[0]) {
        (void)snprintf(outboxes->names[outboxes->count++], sizeof outboxes->names[0],
                       "%.*s", SLICE_ARG(key));
    }
}

// "<attempts> <due, ms> <json>" of that alert.
static bool
is_of_alert(struct slice value, const char *id)
{
    const char *brace = value.len != 0 ? memchr(value.ptr, '{', value.len) : NULL;
    struct slice text = {brace,
                         brace != NULL ? value.len - (size_t)(brace - value.ptr) : 0};
    json_t *alert = brace != NULL ? alert_stream_read(text) : NULL;
    bool is_same =
        alert != NULL && slice_equal(print_member(alert, "id"), slice_of(id));
    json_decref(alert);
    return is_same;
}

// Adds the webhooks that have not acknowledged the alert.
static enum status
read_waiting(struct client *client, const char *id, json_t *waiting,
             struct error *error)
{
    struct outboxes outboxes = {.count = 0};
    enum status status =
        client_scan(client, SLICE_LIT("outbox:"), note_outbox, &outboxes, error);
    for (size_t i = 0; i < outboxes.count && status == STATUS_OK; i++) {
        client_queue(client, "HGETALL", slice_of(outboxes.names[i]), NULL);
        redisReply *hash = client_answer(client, REDIS_REPLY_ARRAY, error);
        if (hash == NULL) {
            return STATUS_IO;
        }
        for (size_t k = 0; k + 1 < hash->elements; k += 2) {
            struct slice value = client_text(hash->element[k + 1]);
            if (is_of_alert(value, id)) {
                json_t *entry = json_pack(
                    "{s:s, s:i}", "webhook", outboxes.names[i] + strlen("outbox:"),
                    "attempts", (int)values_whole((struct slice){value.ptr, 1}));
                (void)json_array_append_new(waiting, entry);
            }
        }
        freeReplyObject(hash);
    }
    return status;
}

static void
put_name(struct buffer *out, const char *name)
{
    cell_put_aligned(out, slice_of(name), NAME_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
}

static void
put_text(struct buffer *out, const char *name, struct slice text)
{
    if (text.len != 0) {
        put_name(out, name);
        (void)cell_put(out, text, TEXT_COLUMNS);
        buffer_append_byte(out, '\n');
    }
}

static void
put_why(struct buffer *out, const json_t *alert)
{
    size_t index;
    const json_t *reason;
    json_array_foreach(json_object_get(alert, "why"), index, reason)
    {
        if (json_is_string(reason)) {
            put_text(out, index == 0 ? "why" : "", slice_of(json_string_value(reason)));
        }
    }
}

// "@ann, @bob" of an array of people.
static void
put_people(struct buffer *out, const char *name, const json_t *people)
{
    size_t index;
    const json_t *person;
    if (json_array_size(people) == 0) {
        return;
    }
    put_name(out, name);
    json_array_foreach(people, index, person)
    {
        struct slice handle = print_member(person, "handle");
        if (index >= PEOPLE_SHOWN) {
            break;
        }
        buffer_append(out, index != 0 ? SLICE_LIT(", ") : SLICE_LIT(""));
        buffer_append(out, handle.len != 0 ? SLICE_LIT("@") : SLICE_LIT(""));
        (void)cell_put(out, handle.len != 0 ? handle : print_member(person, "id"),
                       TEXT_COLUMNS);
    }
    buffer_append_byte(out, '\n');
}

static void
put_present(struct buffer *out, const json_t *present)
{
    const char *name;
    const json_t *value;
    bool is_first = true;
    json_object_foreach((json_t *)(uintptr_t)present, name, value)
    {
        put_name(out, is_first ? "now" : "");
        (void)cell_put(out, slice_of(name), TEXT_COLUMNS);
        buffer_append_byte(out, ' ');
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        (void)cell_put(out,
                       json_is_string(value) ? slice_of(json_string_value(value))
                                             : slice_of(text != NULL ? text : ""),
                       TEXT_COLUMNS);
        free(text);
        buffer_append_byte(out, '\n');
        is_first = false;
    }
    if (is_first) {
        put_text(out, "now",
                 SLICE_LIT("the cascade has no key in Redis any more: it is closed, or "
                           "nothing of it is left in any window"));
    }
}

static void
put_waiting(struct buffer *out, const json_t *waiting)
{
    size_t index;
    const json_t *entry;
    if (json_array_size(waiting) == 0) {
        put_text(out, "webhooks", SLICE_LIT("no webhook has it in its outbox"));
    }
    json_array_foreach(waiting, index, entry)
    {
        put_name(out, index == 0 ? "webhooks" : "");
        (void)cell_put(out, print_member(entry, "webhook"), TEXT_COLUMNS);
        print_put(out, " has not acknowledged it; attempts so far: %lld\n",
                  (long long)print_number(entry, "attempts"));
    }
}

static void
print_explanation(const json_t *alert, const json_t *present, const json_t *waiting)
{
    struct buffer out;
    const json_t *cascade = json_object_get(alert, "cascade");
    const json_t *author = json_object_get(alert, "author");
    struct slice handle = print_member(author, "handle");
    struct slice type = print_member(alert, "type");
    buffer_init(&out, PRINT_TEXT_MAX);
    put_text(&out, "alert", print_member(alert, "id"));
    put_text(&out, "type", type);
    put_text(&out, "rule", print_member(alert, "rule"));
    put_name(&out, "level");
    print_put(&out, "%lld\n", (long long)print_number(alert, "level"));
    put_text(&out, "time", print_member(alert, "time"));
    put_why(&out, alert);
    put_text(&out,
             slice_equal(type, SLICE_LIT("campaign.newcomer")) ? "person" : "author",
             handle.len != 0 ? handle : print_member(author, "id"));
    put_text(&out, "post", print_member(cascade, "id"));
    put_text(&out, "text", print_member(cascade, "text"));
    put_people(&out, "amplifiers", json_object_get(alert, "top_amplifiers"));
    put_people(&out, "carriers", json_object_get(alert, "top_carriers"));
    if (json_is_object(cascade)) {
        put_present(&out, present);
    }
    put_waiting(&out, waiting);
    print_buffer(&out);
}

enum status
alerts_explain(struct client *client, const char *id, bool is_json, struct error *error)
{
    json_t *alert = NULL;
    json_t *present = NULL;
    json_t *waiting = json_array();
    enum status status = alert_stream_find(client, id, &alert, error);
    if (status == STATUS_OK) {
        status = read_present(client, alert, &present, error);
    }
    if (status == STATUS_OK) {
        status = read_waiting(client, id, waiting, error);
    }
    if (status == STATUS_OK && is_json) {
        json_t *answer = json_pack("{s:O, s:O, s:O}", "alert", alert, "now", present,
                                   "waiting", waiting);
        print_json(answer);
        json_decref(answer);
    } else if (status == STATUS_OK) {
        print_explanation(alert, present, waiting);
    }
    json_decref(waiting);
    json_decref(present);
    json_decref(alert);
    return status;
}
