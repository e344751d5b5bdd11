#include "daemon/alert_delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/alert_out.h"
#include "daemon/wall_clock.h"
#include "net/clock.h"
#include "net/timer.h"
#include "sinks/redis/redis_outbox.h"
#include "sinks/webhook/webhook.h"
#include "sinks/webhook/webhook_http.h"
#include "sinks/webhook/webhook_options.h"

enum { KEEP_MAX = 10000000 };

#define LOOK_AGAIN USEC_PER_MIN         // the wall clock may have been set
#define PUMP_EVERY (50 * USEC_PER_MS)   // while standard output is not read
#define FINISH_EVERY (20 * USEC_PER_MS) // while alert_delivery_finish waits
#define AT(member) offsetof(struct alert_delivery_options, member)

// clang-format off
const struct option alert_delivery_option_rows[] = {
    {"alerts.keep", OPTION_COUNT, "10000", 1, KEEP_MAX, false, AT(keep),
     "Number of the newest alerts that the stream in Redis keeps; it may contain about a hundred more"},
    {"alerts.stdout", OPTION_BOOL, "false", 0, 0, false, AT(to_stdout),
     "Write each new alert to standard output, one JSON object per line"},
    OPTION_END,
};
// clang-format on

struct endpoint {
    struct alert_delivery *delivery;
    size_t index;
    bool is_dropped;
    struct webhook_http *http;
    struct webhook *webhook;               // its queue
    const struct webhook_options *options; // its own
};

struct alert_delivery {
    struct alert_delivery_setup setup;
    struct redis_alerts alerts;
    struct redis_sink *sink;
    struct alert_out out;
    struct timer timer;
    struct endpoint endpoints[REDIS_ENDPOINTS_MAX];
    alert_delivery_done_fn done; // NULL: no caller waits
    void *done_context;
    usec done_by;                  // monotonic
    alert_delivery_watch_fn watch; // or NULL
    void *watch_context;
    bool is_rewriting;
};

// ── time ───────────────────────────────────────────────────────────────────

// True if it has nothing to do at this time.
static bool
tick_endpoint(struct endpoint *endpoint, usec now, usec *wait)
{
    if (endpoint->is_dropped) {
        return true;
    }
    usec due = webhook_http_tick(endpoint->http, now);
    if (due != USEC_NONE && due - now < *wait) {
        *wait = due - now;
    }
    return !webhook_is_busy(endpoint->webhook);
}

static void
on_timer(void *context)
{
    struct alert_delivery *delivery = context;
    usec now = wall_clock_now();
    usec wait = LOOK_AGAIN;
    bool is_idle = true;
    if (alert_out_pump(&delivery->out)) {
        wait = PUMP_EVERY;
    }
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        is_idle = tick_endpoint(&delivery->endpoints[i], now, &wait) && is_idle;
    }
    if (delivery->done != NULL) {
        if (is_idle || clock_monotonic() >= delivery->done_by) {
            alert_delivery_done_fn done = delivery->done;
            delivery->done = NULL;
            done(delivery->done_context);
        }
        wait = wait < FINISH_EVERY ? wait : FINISH_EVERY;
    }
    timer_set(&delivery->timer, wait);
}

// ── from webhooks ──────────────────────────────────────────────────────────

static void
on_keep(void *context, struct slice id, struct slice value)
{
    const struct endpoint *endpoint = context;
    const struct alert_delivery *delivery = endpoint->delivery;
    if (delivery->is_rewriting) {
        redis_outbox_rewrite(delivery->sink, endpoint->index, id, value);
    } else {
        redis_outbox_keep(delivery->sink, endpoint->index, id, value);
    }
}

static void
on_drop(void *context, struct slice id)
{
    const struct endpoint *endpoint = context;
    redis_outbox_drop(endpoint->delivery->sink, endpoint->index, id);
}

static void
on_event(void *context, enum webhook_event event, const char *why)
{
    const struct endpoint *endpoint = context;
    const char *name = endpoint->options->name;
    switch (event) {
    case WEBHOOK_EVENT_FAILING:
        log_warn_of("webhook_failing", "webhook", name,
                    "webhook \"%s\" fails: %s; its alerts wait and are sent again",
                    name, why);
        break;
    case WEBHOOK_EVENT_RECOVERED:
        log_info_of("webhook_recovered", "webhook", name,
                    "webhook \"%s\" accepts alerts again", name);
        break;
    case WEBHOOK_EVENT_GONE:
        log_error_of("webhook_gone", "webhook", name,
                     "webhook \"%s\" answers 410 (gone): no more alerts are sent to it "
                     "until its configuration changes or the daemon is restarted",
                     name);
        break;
    case WEBHOOK_EVENT_GIVEN_UP:
        log_error_of("webhook_discarded", "webhook", name,
                     "webhook \"%s\": an alert is discarded after %d attempts: %s",
                     name, WEBHOOK_ATTEMPTS, why);
        break;
    case WEBHOOK_EVENT_FULL:
        log_warn_of("webhook_full", "webhook", name,
                    "webhook \"%s\": %" PRIu64 " alerts wait, so new ones are dropped",
                    name, endpoint->options->queue);
        break;
    case WEBHOOK_EVENT_INVALID:
        log_warn_of(
            "webhook_outbox_invalid", "webhook", name,
            "webhook \"%s\": entries of its outbox in Redis cannot be read and are "
            "removed: check which other program writes its keys",
            name);
        break;
    }
}

static void
on_answer(void *context)
{
    const struct endpoint *endpoint = context;
    timer_set(&endpoint->delivery->timer, 0);
}

// ── from Redis ─────────────────────────────────────────────────────────────

static uint64_t
on_wanted(void *context, struct slice rule)
{
    const struct alert_delivery *delivery = context;
    uint64_t wanted = 0;
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        const struct endpoint *endpoint = &delivery->endpoints[i];
        bool is_wanted = !endpoint->is_dropped &&
                         !webhook_is_stopped(endpoint->webhook) &&
                         webhook_options_want(endpoint->options, rule);
        wanted |= (uint64_t)is_wanted << i;
    }
    return wanted;
}

static void
on_alert(void *context, const struct redis_alert *alert)
{
    struct alert_delivery *delivery = context;
    if (delivery->setup.options->to_stdout) {
        alert_out_add(&delivery->out, alert->json);
    }
    if (delivery->watch != NULL) {
        delivery->watch(delivery->watch_context, alert->json);
    }
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        if ((alert->given >> i & 1) != 0) {
            webhook_add(delivery->endpoints[i].webhook, alert->id, alert->json,
                        wall_clock_now());
        } else if ((alert->full >> i & 1) != 0) {
            webhook_refuse(delivery->endpoints[i].webhook);
        }
    }
    timer_set(&delivery->timer, 0);
}

static void
on_waiting(void *context, size_t endpoint, struct slice id, struct slice value)
{
    struct alert_delivery *delivery = context;
    webhook_restore(delivery->endpoints[endpoint].webhook, id, value, wall_clock_now());
    timer_set(&delivery->timer, 0);
}

static void
on_rewrite(void *context)
{
    struct alert_delivery *delivery = context;
    delivery->is_rewriting = true;
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        webhook_keep(delivery->endpoints[i].webhook);
    }
    delivery->is_rewriting = false;
}

// ── life ───────────────────────────────────────────────────────────────────

// Adds it in the next place. Half built on failure.
static enum status
add_endpoint(struct alert_delivery *delivery, const struct webhook_options *options,
             struct error *error)
{
    static const struct webhook_http_calls calls = {on_keep, on_drop, on_event,
                                                    on_answer};
    size_t index = delivery->alerts.endpoint_count++;
    struct endpoint *endpoint = &delivery->endpoints[index];
    endpoint->delivery = delivery;
    endpoint->index = index;
    const struct webhook_http_setup setup = {
        .base = delivery->setup.base,
        .client = delivery->setup.client,
        .wall = wall_clock_now,
        .options = options,
        .calls = &calls,
        .context = endpoint,
    };
    enum status status = webhook_http_create(&setup, &endpoint->http, error);
    if (status == STATUS_OK) {
        endpoint->webhook = webhook_http_queue(endpoint->http);
        endpoint->options = webhook_http_options(endpoint->http);
        delivery->alerts.endpoints[index] =
            (struct redis_endpoint){endpoint->options->name, options->queue};
    }
    return status;
}

static void
remove_last(struct alert_delivery *delivery)
{
    struct endpoint *endpoint = &delivery->endpoints[--delivery->alerts.endpoint_count];
    webhook_http_destroy(&endpoint->http);
    *endpoint = (struct endpoint){.delivery = NULL};
}

enum status
alert_delivery_create(const struct alert_delivery_setup *setup,
                      struct alert_delivery **ret_deliver, struct error *error)
{
    struct alert_delivery *delivery = calloc(1, sizeof(*delivery));
    if (delivery == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for alerts");
    }
    delivery->setup = *setup;
    alert_out_init(&delivery->out);
    delivery->alerts = (struct redis_alerts){
        .keep = setup->options->keep,
        .wanted = on_wanted,
        .on_alert = on_alert,
        .on_waiting = on_waiting,
        .on_rewrite = on_rewrite,
        .context = delivery,
    };
    enum status status = timer_init(&delivery->timer, setup->base, on_timer, delivery);
    for (size_t i = 0; i < setup->webhook_count && status == STATUS_OK; i++) {
        status = add_endpoint(delivery, &setup->webhooks[i], error);
    }
    if (status != STATUS_OK) {
        alert_delivery_destroy(&delivery);
        return error_set(error, status, "no memory for alerts");
    }
    *ret_deliver = delivery;
    return STATUS_OK;
}

void
alert_delivery_watch(struct alert_delivery *delivery, alert_delivery_watch_fn watch,
                     void *context)
{
    delivery->watch = watch;
    delivery->watch_context = context;
}

void
alert_delivery_destroy(struct alert_delivery **delivery)
{
    struct alert_delivery *old = *delivery;
    if (old == NULL) {
        return;
    }
    while (old->alerts.endpoint_count != 0) {
        remove_last(old);
    }
    timer_fini(&old->timer);
    (void)alert_out_pump(&old->out);
    alert_out_fini(&old->out);
    free(old);
    *delivery = NULL;
}

const struct redis_alerts *
alert_delivery_alerts(const struct alert_delivery *delivery)
{
    return &delivery->alerts;
}

void
alert_delivery_attach(struct alert_delivery *delivery, struct redis_sink *sink)
{
    delivery->sink = sink;
}

// ── changes ────────────────────────────────────────────────────────────────

static struct endpoint *
find_endpoint(struct alert_delivery *delivery, const char *name)
{
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        if (strcmp(delivery->endpoints[i].options->name, name) == 0) {
            return &delivery->endpoints[i];
        }
    }
    return NULL;
}

static struct endpoint *
find_used(struct alert_delivery *delivery, const char *name)
{
    struct endpoint *endpoint = find_endpoint(delivery, name);
    return endpoint != NULL && !endpoint->is_dropped ? endpoint : NULL;
}

struct webhook_http *
alert_delivery_webhook(struct alert_delivery *delivery, const char *name)
{
    const struct endpoint *endpoint = find_used(delivery, name);
    return endpoint != NULL ? endpoint->http : NULL;
}

enum status
alert_delivery_again(struct alert_delivery *delivery, const char *name,
                     const struct alert_again *alert, struct error *error)
{
    struct endpoint *endpoint = find_used(delivery, name);
    if (endpoint == NULL) {
        return error_set(error, STATUS_RANGE, "there is no webhook \"%.100s\"", name);
    }
    if (!webhook_options_want(endpoint->options, alert->rule)) {
        return error_set(error, STATUS_RANGE,
                         "webhook \"%s\" gets no alerts of the rule \"%.*s\"", name,
                         SLICE_ARG(alert->rule));
    }
    if (webhook_is_stopped(endpoint->webhook)) {
        return error_set(error, STATUS_RANGE,
                         "webhook \"%s\" is stopped since it answered 410: change its "
                         "section and reload, or restart the daemon",
                         name);
    }
    if (!webhook_send_again(endpoint->webhook, alert->id, alert->json,
                            wall_clock_now())) {
        return error_set(error, STATUS_RANGE,
                         "the queue of webhook \"%s\" is full: %" PRIu64 " alerts wait",
                         name, webhook_metrics(endpoint->webhook)->pending);
    }
    timer_set(&delivery->timer, 0);
    return STATUS_OK;
}

static void
change_endpoint(struct endpoint *endpoint, const struct webhook_options *options)
{
    if (options->queue != endpoint->options->queue) {
        log_warn_of("restart_needed", "webhook", options->name,
                    "webhook \"%s\": queue has changed; restart to apply it",
                    options->name);
    }
    endpoint->is_dropped = false;
    webhook_http_change(endpoint->http, options);
}

enum status
alert_delivery_put(struct alert_delivery *delivery,
                   const struct webhook_options *options, struct error *error)
{
    struct endpoint *endpoint = find_endpoint(delivery, options->name);
    enum status status = STATUS_OK;
    if (endpoint != NULL) {
        change_endpoint(endpoint, options);
    } else if (delivery->alerts.endpoint_count == REDIS_ENDPOINTS_MAX) {
        return error_set(error, STATUS_FULL,
                         "webhook \"%s\": more than %d names of webhooks since the "
                         "start; restart to apply it",
                         options->name, REDIS_ENDPOINTS_MAX);
    } else {
        status = add_endpoint(delivery, options, error);
        if (status != STATUS_OK) {
            remove_last(delivery);
        }
    }
    timer_set(&delivery->timer, 0);
    return status;
}

void
alert_delivery_drop(struct alert_delivery *delivery, const char *name)
{
    struct endpoint *endpoint = find_endpoint(delivery, name);
    if (endpoint != NULL) {
        endpoint->is_dropped = true;
    }
}

size_t
alert_delivery_forget(struct alert_delivery *delivery, const struct person_text *person)
{
    size_t count = 0;
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        count += webhook_forget(delivery->endpoints[i].webhook, person);
    }
    return count;
}

void
alert_delivery_stepped(struct alert_delivery *delivery, usec step)
{
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        webhook_stepped(delivery->endpoints[i].webhook, step);
    }
    timer_set(&delivery->timer, 0);
}

// ── the end ────────────────────────────────────────────────────────────────

void
alert_delivery_finish(struct alert_delivery *delivery, usec within,
                      alert_delivery_done_fn done, void *context)
{
    alert_out_finish(&delivery->out);
    delivery->done = done;
    delivery->done_context = context;
    delivery->done_by = clock_monotonic() + within;
    timer_set(&delivery->timer, 0);
}

bool
alert_delivery_flush_output(struct alert_delivery *delivery)
{
    (void)alert_out_pump(&delivery->out);
    return alert_out_is_good(&delivery->out);
}

uint64_t
alert_delivery_pending(const struct alert_delivery *delivery)
{
    uint64_t pending = 0;
    for (size_t i = 0; i < delivery->alerts.endpoint_count; i++) {
        const struct endpoint *endpoint = &delivery->endpoints[i];
        pending +=
            endpoint->is_dropped ? 0 : webhook_metrics(endpoint->webhook)->pending;
    }
    return pending;
}

size_t
alert_delivery_count(const struct alert_delivery *delivery)
{
    return delivery->alerts.endpoint_count;
}

const char *
alert_delivery_name(const struct alert_delivery *delivery, size_t webhook)
{
    const struct endpoint *endpoint = &delivery->endpoints[webhook];
    return endpoint->is_dropped ? NULL : endpoint->options->name;
}

const struct webhook_metrics *
alert_delivery_metrics(const struct alert_delivery *delivery, size_t webhook)
{
    return webhook_metrics(delivery->endpoints[webhook].webhook);
}

const struct alert_out_metrics *
alert_delivery_output(const struct alert_delivery *delivery)
{
    return delivery->setup.options->to_stdout ? &delivery->out.metrics : NULL;
}
