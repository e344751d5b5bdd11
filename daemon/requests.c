#include "daemon/requests.h"

#include <string.h>

#include "base/json_writer.h"
#include "daemon/config_shown.h"
#include "daemon/webhook_requests.h"
#include "sinks/http/http_reply.h"

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

static enum status
run_purge(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    return purge_run(needs->purge, slice_of(call->words[0]), &call->stage, call->result,
                     error);
}

static enum status
run_webhooks(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    (void)error;
    webhook_requests_list(needs->delivery, needs->settings, call->result);
    return STATUS_OK;
}

static enum status
run_test(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    return webhook_requests_test(needs->delivery, call, error);
}

static enum status
run_replay(void *context, struct control_call *call, struct error *error)
{
    const struct requests_needs *needs = context;
    return webhook_requests_replay(needs->delivery, call, error);
}

// clang-format off
const struct control_request requests_rows[] = {
    {"get", 1, 1, run_get},
    {"reload", 0, 1, run_reload},
    {"config", 0, 0, run_config},
    {"purge", 1, 1, run_purge},
    {"webhooks", 0, 0, run_webhooks},
    {"webhook-test", 1, 1, run_test},
    {"webhook-replay", 2, 2, run_replay},
    {NULL, 0, 0, NULL},
};
// clang-format on
