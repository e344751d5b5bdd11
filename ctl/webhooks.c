#include "ctl/webhooks.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/alert_stream.h"
#include "ctl/print.h"
#include "ingest/text/cell.h"

enum { NAME_COLUMNS = 16, URL_COLUMNS = 40 };

static void
put_webhook(struct buffer *out, const json_t *webhook, const void *context)
{
    (void)context;
    long long discarded =
        print_number(webhook, "given_up") + print_number(webhook, "dropped");
    cell_put_aligned(out, print_member(webhook, "name"), NAME_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, print_member(webhook, "url"), URL_COLUMNS, CELL_LEFT);
    print_put(out, "  sent %lld, waiting %lld, failed attempts %lld, discarded %lld",
              (long long)print_number(webhook, "sent"),
              (long long)print_number(webhook, "pending"),
              (long long)print_number(webhook, "failed"), discarded);
    if (json_is_true(json_object_get(webhook, "stopped"))) {
        buffer_append(out, SLICE_LIT(", stopped: it answered 410"));
    }
    buffer_append_byte(out, '\n');
}

enum status
webhooks_list(struct service *service, bool is_json, struct error *error)
{
    static const char *const words[] = {"webhooks", NULL};
    json_t *webhooks = NULL;
    enum status status = service_ask(service, words, &webhooks, error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct print_list list = {
        .name = "webhooks", .none = "no webhook is configured", .put = put_webhook};
    print_list(&list, webhooks, is_json);
    json_decref(webhooks);
    return STATUS_OK;
}

// ── test ───────────────────────────────────────────────────────────────────

enum status
webhooks_test(struct service *service, const char *webhook, bool is_json,
              struct error *error)
{
    const char *const words[] = {"webhook-test", webhook, NULL};
    json_t *answer = NULL;
    enum status status = service_ask(service, words, &answer, error);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_good = json_is_true(json_object_get(answer, "ok"));
    long long code = (long long)print_number(answer, "status");
    long long ms = (long long)print_number(answer, "ms");
    if (is_json) {
        print_json(answer);
    } else if (is_good) {
        (void)printf("accepted: %lld after %lld ms\n", code, ms);
    }
    if (!is_good) {
        status =
            error_set(error, STATUS_IO, "webhook \"%.100s\" failed after %lld ms: %s",
                      webhook, ms, json_string_value(json_object_get(answer, "error")));
    }
    json_decref(answer);
    return status;
}

// ── replay ─────────────────────────────────────────────────────────────────

// The rules of the webhook: an empty array is all. NULL: there is no such webhook.
static json_t *
find_rules(const json_t *webhooks, const char *name)
{
    size_t index;
    const json_t *webhook;
    json_array_foreach(webhooks, index, webhook)
    {
        if (slice_equal(print_member(webhook, "name"), slice_of(name))) {
            return json_object_get(webhook, "rules");
        }
    }
    return NULL;
}

// An alert without a rule goes to all webhooks.
static bool
is_of_rules(const void *context, const json_t *alert)
{
    const json_t *rules = context;
    bool is_wanted =
        json_array_size(rules) == 0 || slice_is_none(print_member(alert, "rule"));
    size_t index;
    const json_t *rule;
    json_array_foreach(rules, index, rule)
    {
        is_wanted = is_wanted || alert_stream_is_of(json_string_value(rule), alert);
    }
    return is_wanted;
}

// The newest alerts that the webhook gets.
static enum status
find_newest(struct client *client, struct service *service,
            const struct webhooks_replay *request, json_t **ret_alerts,
            struct error *error)
{
    static const char *const words[] = {"webhooks", NULL};
    json_t *webhooks = NULL;
    enum status status = service_ask(service, words, &webhooks, error);
    const json_t *rules = find_rules(webhooks, request->webhook);
    const struct alert_stream_choice choice = {is_of_rules, rules};
    if (status == STATUS_OK && rules == NULL) {
        status = error_set(error, STATUS_RANGE, "there is no webhook \"%.100s\"",
                           request->webhook);
    }
    if (status == STATUS_OK) {
        status = alert_stream_newest(client, &choice, request->rows, NULL, ret_alerts,
                                     error);
    }
    json_decref(webhooks);
    return status;
}

// The alerts that are to be sent, the newest first; NULL: there are none.
static enum status
find_alerts(struct client *client, struct service *service,
            const struct webhooks_replay *request, json_t **ret_alerts,
            struct error *error)
{
    json_t *alert = NULL;
    if (request->alert == NULL) {
        return find_newest(client, service, request, ret_alerts, error);
    }
    enum status status = alert_stream_find(client, request->alert, &alert, error);
    *ret_alerts = json_array();
    (void)json_array_append_new(*ret_alerts, alert);
    return status;
}

static enum status
send_again(struct service *service, const char *webhook, const json_t *alert,
           struct error *error)
{
    char *text = json_dumps(alert, JSON_COMPACT | JSON_REAL_PRECISION(15));
    const char *const words[] = {"webhook-replay", webhook, text, NULL};
    json_t *answer = NULL;
    enum status status = text != NULL
                             ? service_ask(service, words, &answer, error)
                             : error_set(error, STATUS_NOMEM, "no memory for an alert");
    json_decref(answer);
    free(text);
    return status;
}

enum status
webhooks_replay(struct client *client, struct service *service,
                const struct webhooks_replay *request, struct error *error)
{
    json_t *alerts = NULL;
    json_t *sent = json_array();
    enum status status = find_alerts(client, service, request, &alerts, error);
    for (size_t i = json_array_size(alerts); i != 0 && status == STATUS_OK; i--) {
        const json_t *alert = json_array_get(alerts, i - 1); // the oldest first
        status = send_again(service, request->webhook, alert, error);
        if (status == STATUS_OK) {
            (void)json_array_append(sent, json_object_get(alert, "id"));
        }
    }
    if (request->is_json) {
        json_t *answer =
            json_pack("{s:s, s:O}", "webhook", request->webhook, "queued", sent);
        print_json(answer);
        json_decref(answer);
    } else if (status == STATUS_OK) {
        size_t count = json_array_size(sent);
        (void)printf("%zu %s queued for \"%s\"\n", count,
                     count == 1 ? "alert is" : "alerts are", request->webhook);
    }
    json_decref(sent);
    json_decref(alerts);
    return status;
}
