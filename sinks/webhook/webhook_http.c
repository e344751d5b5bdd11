#define _DEFAULT_SOURCE // explicit_bzero
#include "sinks/webhook/webhook_http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buffer.h"
#include "net/clock.h"
#include "net/http_fetch.h"
#include "net/http_request.h"
#include "sinks/alert_text.h"
#include "sinks/webhook/webhook_options.h"
#include "sinks/webhook/webhook_sign.h"

enum {
    BODY_MAX = 32 << 20,
    ANSWER_MAX = 1 << 16,
    HEADERS = 4,
    HTTP_OK = 200,
    HTTP_REDIRECTED = 300,
};

struct webhook_http {
    struct webhook_http_setup setup;
    struct webhook_http_calls calls;
    struct webhook_options options;
    struct webhook *webhook;
    struct http_fetch *fetch;
    struct buffer body;
    struct error unsent;            // why the current message could not be sent
    struct http_fetch *trial_fetch; // NULL until there is a trial
    struct webhook_http_trial trials[WEBHOOK_HTTP_TRIALS]; // a ring
    uint32_t trial;                                        // number of the last one
    usec tried;                                            // monotonic
};

// ── a message ──────────────────────────────────────────────────────────────

static enum status
make_body(struct webhook_http *http, struct slice json, struct error *error)
{
    buffer_reset(&http->body);
    enum status status = STATUS_OK;
    if (webhook_options_format(&http->options) == WEBHOOK_FORMAT_SLACK) {
        status = alert_text_slack(json, &http->body);
    } else {
        buffer_append(&http->body, json);
    }
    if (status != STATUS_OK || http->body.is_failed) {
        return error_set(error, STATUS_NOMEM, "no memory for a message");
    }
    return STATUS_OK;
}

static enum status
make_signature(const struct webhook_http *http, const struct webhook_signed *message,
               char *line, struct error *error)
{
    struct webhook_secrets secrets;
    enum status status = webhook_sign_read(http->options.secret_file, &secrets, error);
    if (status != STATUS_OK) {
        return status;
    }
    line += sprintf(line, "webhook-signature: ");
    status = webhook_sign(&secrets, message, line);
    explicit_bzero(&secrets, sizeof(secrets));
    return status == STATUS_OK ? status
                               : error_set(error, status, "no memory for a signature");
}

static enum status
post(struct webhook_http *http, struct http_fetch *fetch, struct slice id,
     struct slice json, struct error *error)
{
    char id_line[WEBHOOK_ID_MAX + 16];
    char time_line[64];
    char signature_line[WEBHOOK_SIGNATURE_MAX + 32];
    const char *headers[HEADERS] = {"Content-Type: application/json", id_line,
                                    time_line, signature_line};
    bool is_signed = http->options.secret_file[0] != '\0';
    enum status status = make_body(http, json, error);
    struct webhook_signed message = {
        .id = id,
        .seconds = usec_floor_div(http->setup.wall(), USEC_PER_S),
        .body = buffer_text(&http->body),
    };
    snprintf(id_line, sizeof(id_line), "webhook-id: %.*s", SLICE_ARG(id));
    snprintf(time_line, sizeof(time_line), "webhook-timestamp: %" PRId64,
             message.seconds);
    if (status == STATUS_OK && is_signed) {
        status = make_signature(http, &message, signature_line, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct http_fetch_post request = {
        .body = message.body,
        .headers = headers,
        .header_count = is_signed ? HEADERS : HEADERS - 1,
        .rule = webhook_options_address(&http->options),
    };
    const struct http_request_options options = {.token_file = "",
                                                 .ca_file = http->options.ca_file};
    http_fetch_post(fetch, &options, http->options.url, &request);
    return STATUS_OK;
}

static void
on_send(void *context, struct slice id, struct slice json)
{
    struct webhook_http *http = context;
    // Not within the call: the answer is passed on at the next tick.
    (void)post(http, http->fetch, id, json, &http->unsent);
}

static const char *
why_of(const struct http_fetch_answer *fetched)
{
    if (fetched->is_refused) {
        return "its address is not public: set allow_private if this is intended";
    }
    return fetched->why != NULL ? fetched->why : "";
}

static void
on_fetched(void *context, const struct http_fetch_answer *fetched)
{
    struct webhook_http *http = context;
    const struct webhook_answer answer = {
        .status = fetched->status,
        .not_before = fetched->not_before,
        .is_refused = fetched->is_refused,
        .why = why_of(fetched),
    };
    webhook_answered(http->webhook, &answer, http->setup.wall());
    http->calls.on_answer(http->setup.context);
}

// ── what the queue calls ───────────────────────────────────────────────────

static void
on_keep(void *context, struct slice id, struct slice value)
{
    const struct webhook_http *http = context;
    http->calls.keep(http->setup.context, id, value);
}

static void
on_drop(void *context, struct slice id)
{
    const struct webhook_http *http = context;
    http->calls.drop(http->setup.context, id);
}

static void
on_report(void *context, enum webhook_event event, const char *why)
{
    const struct webhook_http *http = context;
    http->calls.report(http->setup.context, event, why);
}

static uint32_t
on_chance(void *context)
{
    uint32_t chance = 0;
    (void)context;
    (void)!getrandom(&chance, sizeof(chance), 0);
    return chance;
}

usec
webhook_http_tick(struct webhook_http *http, usec now)
{
    if (http->unsent.code != STATUS_OK) {
        const struct webhook_answer answer = {.not_before = USEC_NONE,
                                              .why = http->unsent.text};
        webhook_answered(http->webhook, &answer, now);
        http->unsent = (struct error){.code = STATUS_OK};
    }
    usec due = webhook_tick(http->webhook, now);
    return http->unsent.code != STATUS_OK ? now : due;
}

static enum status
create_fetch(struct webhook_http *http, http_fetch_fn on_done,
             struct http_fetch **ret_fetch, struct error *error)
{
    const struct http_fetch_setup setup = {
        .base = http->setup.base,
        .client = http->setup.client,
        .body_most = ANSWER_MAX,
        .within = http->options.timeout,
        .wall = http->setup.wall,
        .on_done = on_done,
        .context = http,
    };
    return http_fetch_create(&setup, ret_fetch, error);
}

// ── a trial ────────────────────────────────────────────────────────────────

static void
on_tried(void *context, const struct http_fetch_answer *fetched)
{
    struct webhook_http *http = context;
    bool is_good = fetched->status >= HTTP_OK && fetched->status < HTTP_REDIRECTED;
    struct webhook_http_trial *trial = &http->trials[http->trial % WEBHOOK_HTTP_TRIALS];
    *trial = (struct webhook_http_trial){
        .is_over = true,
        .status = fetched->status,
        .took = clock_monotonic() - http->tried,
    };
    if (!is_good) {
        (void)snprintf(trial->why, sizeof(trial->why), "%s", why_of(fetched));
    }
}

enum status
webhook_http_try(struct webhook_http *http, struct slice id, struct slice json,
                 uint32_t *ret_trial, struct error *error)
{
    if (http->trial_fetch != NULL && http_fetch_is_busy(http->trial_fetch)) {
        return STATUS_AGAIN;
    }
    if (http->trial_fetch == NULL) {
        enum status status = create_fetch(http, on_tried, &http->trial_fetch, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *ret_trial = ++http->trial;
    http->trials[http->trial % WEBHOOK_HTTP_TRIALS] = (struct webhook_http_trial){0};
    http->tried = clock_monotonic();
    http_fetch_set_within(http->trial_fetch, http->options.timeout);
    return post(http, http->trial_fetch, id, json, error);
}

const struct webhook_http_trial *
webhook_http_trial(const struct webhook_http *http, uint32_t trial)
{
    return &http->trials[trial % WEBHOOK_HTTP_TRIALS];
}

// ── life ───────────────────────────────────────────────────────────────────

enum status
webhook_http_create(const struct webhook_http_setup *setup,
                    struct webhook_http **ret_http, struct error *error)
{
    static const struct webhook_calls calls = {on_send, on_keep, on_drop, on_report,
                                               on_chance};
    struct webhook_http *http = calloc(1, sizeof(*http));
    if (http == NULL || webhook_create(&calls, http, setup->options->queue,
                                       &http->webhook) != STATUS_OK) {
        free(http);
        return error_set(error, STATUS_NOMEM, "no memory for a webhook");
    }
    http->setup = *setup;
    http->calls = *setup->calls;
    http->options = *setup->options;
    buffer_init(&http->body, BODY_MAX);
    enum status status = create_fetch(http, on_fetched, &http->fetch, error);
    if (status != STATUS_OK) {
        webhook_http_destroy(&http);
        return status;
    }
    *ret_http = http;
    return STATUS_OK;
}

void
webhook_http_destroy(struct webhook_http **http)
{
    struct webhook_http *old = *http;
    if (old == NULL) {
        return;
    }
    http_fetch_destroy(&old->trial_fetch);
    http_fetch_destroy(&old->fetch);
    webhook_destroy(&old->webhook);
    buffer_fini(&old->body);
    free(old);
    *http = NULL;
}

void
webhook_http_change(struct webhook_http *http, const struct webhook_options *options)
{
    uint64_t queue = http->options.queue;
    bool is_elsewhere = strcmp(http->options.url, options->url) != 0;
    if (is_elsewhere && http_fetch_is_busy(http->fetch)) {
        http_fetch_stop(http->fetch);
        error_set(&http->unsent, STATUS_IO, "its URL was changed");
    }
    http->options = *options;
    http->options.queue = queue;
    http_fetch_set_within(http->fetch, options->timeout);
    webhook_resume(http->webhook);
}

struct webhook *
webhook_http_queue(struct webhook_http *http)
{
    return http->webhook;
}

const struct webhook_options *
webhook_http_options(const struct webhook_http *http)
{
    return &http->options;
}
