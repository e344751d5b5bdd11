#include "daemon/requests.h"

#include <string.h>

#include "base/json_writer.h"
#include "daemon/config_shown.h"
#include "sinks/http/http_reply.h"
#include "sinks/webhook/webhook.h"

enum { PAGE_MAX = 8 << 20 };

// The answer of a request is one line.
static struct slice
without_end(struct slice text)
{
    bool has_end = text.len != 0 && text.ptr[text.len - 1] == '\n';
    return (struct slice){text.ptr, text.len - has_end};
}

static enum status
run_get(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    struct http_reply reply;
    struct buffer body;
    if (needs->routes == NULL) {
        return error_set(error, STATUS_RANGE,
                         "this needs the HTTP interface: http.listen is empty");
    }
    buffer_init(&body, PAGE_MAX);
    http_routes_get(needs->routes, slice_of(call->words[0]), &body, &reply);
    json_writer_open(call->result, '{');
    json_writer_put_i64(call->result, "status", (int64_t)reply.code);
    json_writer_name(call->result, SLICE_LIT("body"));
    if (reply.type != NULL && strcmp(reply.type, HTTP_TYPE_JSON) == 0) {
        json_writer_json(call->result, without_end(reply.text));
    } else {
        json_writer_string(call->result, reply.text);
    }
    json_writer_close(call->result, '}');
    bool is_whole = !body.is_failed;
    buffer_fini(&body);
    return is_whole ? STATUS_OK
                    : error_set(error, STATUS_NOMEM, "the page is too long");
}

static enum status
run_reload(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    if (call->count == 1 && strcmp(call->words[0], "later") != 0) {
        return error_set(error, STATUS_FULL, "reload: write later, or nothing");
    }
    return needs->reload(needs->context, call->count == 0 ? call->result : NULL)
               ? STATUS_OK
               : error_set(error, STATUS_RANGE,
                           "the configuration is not reloaded while the daemon starts "
                           "or stops; try again");
}

static enum status
run_config(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    (void)error;
    config_shown_all(needs->settings, call->result);
    return STATUS_OK;
}

static void
put_webhook(const struct requests_needs *needs, size_t place, struct buffer *json)
{
    const char *name = alert_delivery_name(needs->delivery, place);
    const struct webhook_metrics *metrics =
        alert_delivery_metrics(needs->delivery, place);
    const struct webhook_options *options =
        settings_find_item(needs->settings, "webhook", name);
    char url[CONFIG_SHOWN_MAX] = "";
    if (options != NULL) {
        config_shown_value("webhook",
                           option_find(webhook_options_rows, SLICE_LIT("url")), options,
                           url);
    }
    json_writer_open(json, '{');
    json_writer_put_text(json, "name", slice_of(name));
    json_writer_put_text(json, "url", slice_of(url));
    json_writer_put_u64(json, "pending", metrics->pending);
    json_writer_put_u64(json, "sent", metrics->sent);
    json_writer_put_u64(json, "failed", metrics->failed);
    json_writer_put_u64(json, "given_up", metrics->given_up);
    json_writer_put_u64(json, "dropped", metrics->dropped);
    json_writer_name(json, SLICE_LIT("stopped"));
    json_writer_bool(json, metrics->is_stopped != 0);
    json_writer_close(json, '}');
}

static enum status
run_webhooks(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    (void)error;
    json_writer_open(call->result, '[');
    for (size_t i = 0; i < alert_delivery_count(needs->delivery); i++) {
        if (alert_delivery_name(needs->delivery, i) != NULL) {
            put_webhook(needs, i, call->result);
        }
    }
    json_writer_close(call->result, ']');
    return STATUS_OK;
}

const struct control_request requests_rows[] = {
    {"get", 1, 1, run_get},       {"reload", 0, 1, run_reload},
    {"config", 0, 0, run_config}, {"webhooks", 0, 0, run_webhooks},
    {NULL, 0, 0, NULL},
};
