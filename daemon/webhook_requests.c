#include "daemon/webhook_requests.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "daemon/config_shown.h"
#include "daemon/wall_clock.h"
#include "sinks/webhook/webhook_http.h"
#include "sinks/webhook/webhook_sign.h"

enum { TEST_MAX = 4096, TEST_ID_MAX = 48 };

// ── list ───────────────────────────────────────────────────────────────────

static void
put_rules(const struct webhook_options *options, struct buffer *json)
{
    const char *rule = NULL;
    json_writer_name(json, SLICE_LIT("rules"));
    json_writer_open(json, '[');
    while (options != NULL &&
           (rule = option_texts_next(&options->rules, rule)) != NULL) {
        json_writer_string(json, slice_of(rule));
    }
    json_writer_close(json, ']');
}

static void
put_webhook(const struct alert_delivery *delivery, const struct settings *settings,
            size_t place, struct buffer *json)
{
    const char *name = alert_delivery_name(delivery, place);
    const struct webhook_metrics *metrics = alert_delivery_metrics(delivery, place);
    const struct webhook_options *options =
        settings_find_item(settings, "webhook", name);
    char url[CONFIG_SHOWN_MAX] = "";
    if (options != NULL) {
        config_shown_value("webhook",
                           option_find(webhook_options_rows, SLICE_LIT("url")), options,
                           url);
    }
    json_writer_open(json, '{');
    json_writer_put_text(json, "name", slice_of(name));
    json_writer_put_text(json, "url", slice_of(url));
    put_rules(options, json);
    json_writer_put_u64(json, "pending", metrics->pending);
    json_writer_put_u64(json, "sent", metrics->sent);
    json_writer_put_u64(json, "failed", metrics->failed);
    json_writer_put_u64(json, "given_up", metrics->given_up);
    json_writer_put_u64(json, "dropped", metrics->dropped);
    json_writer_name(json, SLICE_LIT("stopped"));
    json_writer_bool(json, metrics->is_stopped != 0);
    json_writer_close(json, '}');
}

void
webhook_requests_list(const struct alert_delivery *delivery,
                      const struct settings *settings, struct buffer *json)
{
    json_writer_open(json, '[');
    for (size_t i = 0; i < alert_delivery_count(delivery); i++) {
        if (alert_delivery_name(delivery, i) != NULL) {
            put_webhook(delivery, settings, i, json);
        }
    }
    json_writer_close(json, ']');
}

// ── test ───────────────────────────────────────────────────────────────────

// As an alert of a rule is written; it says that it is a test.
static void
write_test(struct buffer *json, const char *id, const char *webhook)
{
    static const char text[] = "This is a test of the webhook; nothing has happened.";
    char time[USEC_TEXT_MAX];
    char why[OPTION_TITLE_MAX + 32];
    (void)snprintf(why, sizeof(why), "cascadectl webhook test %s", webhook);
    json_writer_open(json, '{');
    json_writer_put_text(json, "id", slice_of(id));
    json_writer_put_text(json, "rule", SLICE_LIT("test"));
    json_writer_put_u64(json, "level", 0);
    json_writer_put_text(json, "type", SLICE_LIT("webhook.test"));
    json_writer_put_text(json, "time",
                         slice_of(usec_format_rfc3339(wall_clock_now(), time)));
    json_writer_name(json, SLICE_LIT("cascade"));
    json_writer_open(json, '{');
    json_writer_put_text(json, "id", SLICE_LIT("test"));
    json_writer_put_text(json, "text", slice_of(text));
    json_writer_put_u64(json, "size", 0);
    json_writer_close(json, '}');
    json_writer_name(json, SLICE_LIT("author"));
    json_writer_open(json, '{');
    json_writer_put_text(json, "id", SLICE_LIT("test"));
    json_writer_put_text(json, "handle", SLICE_LIT("cascaded"));
    json_writer_put_u64(json, "followers", 0);
    json_writer_close(json, '}');
    json_writer_name(json, SLICE_LIT("why"));
    json_writer_open(json, '[');
    json_writer_string(json, slice_of(why));
    json_writer_close(json, ']');
    json_writer_name(json, SLICE_LIT("top_amplifiers"));
    json_writer_open(json, '[');
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}

static enum status
begin_test(struct webhook_http *http, const char *name, uint32_t *ret_trial,
           struct error *error)
{
    char id[TEST_ID_MAX];
    char message[WEBHOOK_ID_MAX];
    struct buffer json;
    (void)snprintf(id, sizeof(id), "test:%lld",
                   (long long)(wall_clock_now() / USEC_PER_MS));
    buffer_init(&json, TEST_MAX);
    write_test(&json, id, name);
    webhook_sign_id(slice_of(id), message);
    enum status status =
        webhook_http_try(http, slice_of(message), buffer_text(&json), ret_trial, error);
    buffer_fini(&json);
    return status;
}

static void
put_trial(const struct webhook_http_trial *trial, struct buffer *json)
{
    json_writer_open(json, '{');
    json_writer_name(json, SLICE_LIT("ok"));
    json_writer_bool(json, trial->why[0] == '\0');
    json_writer_put_i64(json, "status", trial->status);
    json_writer_put_i64(json, "ms", trial->took / USEC_PER_MS);
    json_writer_put_text(json, "error", slice_of(trial->why));
    json_writer_close(json, '}');
}

enum status
webhook_requests_test(struct alert_delivery *delivery, struct control_call *call,
                      struct error *error)
{
    const char *name = call->words[0];
    struct webhook_http *http = alert_delivery_webhook(delivery, name);
    if (http == NULL) {
        return error_set(error, STATUS_RANGE, "there is no webhook \"%.100s\"", name);
    }
    if (call->stage == 0) {
        uint32_t number;
        enum status status = begin_test(http, name, &number, error);
        // One that is in progress for another client ends first.
        call->stage = status == STATUS_OK ? 1 + (int)(number % INT_MAX) : 0;
        return status == STATUS_OK ? STATUS_AGAIN : status;
    }
    const struct webhook_http_trial *trial =
        webhook_http_trial(http, (uint32_t)call->stage - 1);
    if (!trial->is_over) {
        return STATUS_AGAIN;
    }
    put_trial(trial, call->result);
    return STATUS_OK;
}

// ── replay ─────────────────────────────────────────────────────────────────

static struct slice
member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value)
               ? (struct slice){json_string_value(value), json_string_length(value)}
               : SLICE_NONE;
}

enum status
webhook_requests_replay(struct alert_delivery *delivery, struct control_call *call,
                        struct error *error)
{
    json_t *object = json_loads(call->words[1], JSON_REJECT_DUPLICATES, NULL);
    struct slice id = member(object, "id");
    char message[WEBHOOK_ID_MAX];
    webhook_sign_id(id, message);
    const struct alert_again alert = {
        .id = slice_of(message),
        .rule = member(object, "rule"),
        .json = slice_of(call->words[1]),
    };
    enum status status =
        id.len == 0 ? error_set(error, STATUS_PARSE, "this is no alert: it has no id")
                    : alert_delivery_again(delivery, call->words[0], &alert, error);
    json_decref(object);
    return status;
}
