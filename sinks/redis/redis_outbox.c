#include "sinks/redis/redis_outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/redis/redis_inside.h"

enum { ALERT_LIMIT = 16 << 20 };

void
redis_outbox_init(struct redis_sink *sink)
{
    redis_batch_init(&sink->outbox.due);
    redis_batch_init(&sink->outbox.taken);
    redis_drops_init(&sink->outbox.drops);
    buffer_init(&sink->outbox.json, ALERT_LIMIT);
    buffer_init(&sink->outbox.group, ALERT_LIMIT);
    redis_recent_init(&sink->outbox.recent);
    for (int i = 0; i < 2; i++) {
        buffer_init(&sink->outbox.claims[i].names, ALERT_LIMIT);
    }
}

void
redis_outbox_fini(struct redis_sink *sink)
{
    for (int i = 0; i < 2; i++) {
        buffer_fini(&sink->outbox.claims[i].names);
    }
    redis_recent_fini(&sink->outbox.recent);
    buffer_fini(&sink->outbox.group);
    buffer_fini(&sink->outbox.json);
    redis_drops_fini(&sink->outbox.drops);
    redis_batch_fini(&sink->outbox.taken);
    redis_batch_fini(&sink->outbox.due);
}

struct redis_name
redis_outbox_key(const struct redis_sink *sink, size_t endpoint)
{
    return redis_keys_name(&sink->keys, REDIS_KEY_OUTBOX,
                           slice_of(sink->setup.alerts->endpoints[endpoint].name));
}

bool
redis_outbox_is_unread(const struct redis_sink *sink)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    return alerts != NULL && sink->outbox.read < alerts->endpoint_count;
}

enum redis_phase
redis_outbox_read(struct redis_sink *sink)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    size_t first = sink->outbox.read;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_RECALL,
                       alerts->endpoint_count - first);
    for (size_t i = first; i < alerts->endpoint_count; i++) {
        char text[REDIS_PREFIX_MAX + REDIS_RESUME_NAME_MAX];
        struct redis_name key = redis_outbox_key(sink, i);
        int len = snprintf(text, sizeof(text), "%.*s%.*s", SLICE_ARG(key.head),
                           SLICE_ARG(key.tail));
        const struct slice words[] = {SLICE_LIT("HGETALL"), {text, (size_t)len}};
        redis_conn_command(sink->conn, 2, words);
    }
    return REDIS_PHASE_STAY;
}

void
redis_outbox_recalled(struct redis_sink *sink)
{
    sink->outbox.read += sink->answer.commands;
}

void
redis_outbox_found(struct redis_sink *sink, size_t index, struct slice text)
{
    if (index % 2 == 0) {
        redis_resume_name(&sink->resume, text);
        return;
    }
    const struct redis_alerts *alerts = sink->setup.alerts;
    const struct slice id = {sink->resume.field, sink->resume.field_len};
    size_t endpoint = sink->outbox.read + sink->answer.reply;
    if (id.len != 0 && id.len < WEBHOOK_ID_MAX &&
        !redis_drops_has(&sink->outbox.drops, endpoint, id)) {
        alerts->on_waiting(alerts->context, endpoint, id, text);
    }
}

// Sticky: reported as the failure of the whole transaction.
static void
note_failed_drops(struct redis_outbox *outbox)
{
    if (outbox->drops.rows.is_failed) {
        outbox->due.text.is_failed = true;
    }
}

void
redis_outbox_drop(struct redis_sink *sink, size_t endpoint, struct slice id)
{
    struct redis_outbox *outbox = &sink->outbox;
    const struct change_field field = {id, SLICE_NONE};
    redis_batch_hdel(&outbox->due, redis_outbox_key(sink, endpoint),
                     (struct redis_fields){&field, 1});
    redis_drops_add(&outbox->drops, endpoint, id);
    note_failed_drops(outbox);
}

static void
add_value(struct redis_sink *sink, size_t endpoint, struct slice id, struct slice value)
{
    const struct change_field field = {id, value};
    redis_batch_hset(&sink->outbox.due, redis_outbox_key(sink, endpoint),
                     (struct redis_fields){&field, 1});
}

void
redis_outbox_keep(struct redis_sink *sink, size_t endpoint, struct slice id,
                  struct slice value)
{
    if (sink->metrics.is_up != 0) {
        add_value(sink, endpoint, id, value);
    }
}

void
redis_outbox_rewrite(struct redis_sink *sink, size_t endpoint, struct slice id,
                     struct slice value)
{
    usec ttl = strtol(REDIS_OUTBOX_TTL, NULL, 10) * USEC_PER_S;
    add_value(sink, endpoint, id, value);
    redis_batch_expire(&sink->outbox.due, redis_outbox_key(sink, endpoint), ttl);
}

void
redis_outbox_restore(struct redis_sink *sink)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    sink->outbox.recent.is_due = true;
    if (alerts != NULL && alerts->on_rewrite != NULL) {
        alerts->on_rewrite(alerts->context);
    }
}

static void
swap(struct redis_outbox *outbox)
{
    struct redis_batch due = outbox->due;
    outbox->due = outbox->taken;
    outbox->taken = due;
}

void
redis_outbox_take(struct redis_outbox *outbox)
{
    swap(outbox);
    redis_drops_take(&outbox->drops);
}

void
redis_outbox_written(struct redis_outbox *outbox)
{
    redis_batch_reset(&outbox->taken);
    redis_drops_written(&outbox->drops);
    note_failed_drops(outbox);
}

void
redis_outbox_lost(struct redis_outbox *outbox)
{
    redis_batch_append(&outbox->taken, &outbox->due);
    redis_batch_reset(&outbox->due);
    swap(outbox);
    redis_drops_lost(&outbox->drops);
}
