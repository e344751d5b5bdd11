#include <assert.h>
#include <stdbool.h>

#include "sinks/redis/redis_inside.h"

void
redis_dispatch_item(void *context, const struct redis_item *item)
{
    struct redis_sink *sink = context;
    if (sink->phase == REDIS_PHASE_FLUSH &&
        redis_answer_is_element(&sink->answer, item)) {
        redis_claims_result(sink, item);
    }
    if (sink->phase == REDIS_PHASE_VERIFY) {
        redis_purge_item(sink, item);
    }
    if (sink->phase == REDIS_PHASE_CHECK) {
        redis_check_item(sink, item);
    }
    struct slice key = redis_answer_item(&sink->answer, item);
    if (slice_is_none(key)) {
        return;
    }
    if (sink->phase == REDIS_PHASE_RECALL || sink->phase == REDIS_PHASE_OUTBOX) {
        redis_resume_found(sink, item->index, key);
    } else if (sink->phase == REDIS_PHASE_SCAN) {
        redis_purge_found(sink, key);
    }
}

// The key of the first command that found a wrong type, for messages.
static void
report_repair(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    char name[REDIS_ANSWER_TEXT_MAX];
    struct error error = {.code = STATUS_OK};
    if (answer->repair_count == 0 || sink->phase != REDIS_PHASE_FLUSH) {
        return;
    }
    struct slice key = redis_batch_key(&sink->batches[sink->sent], answer->repairs[0]);
    redis_reader_print(key, name, sizeof(name));
    error_set(&error, STATUS_IO,
              "%zu key%s of cascaded had another type and %s replaced, the first of "
              "them \"%s\"",
              answer->repair_count, answer->repair_count == 1 ? "" : "s",
              answer->repair_count == 1 ? "is" : "are", name);
    redis_report_event(sink, REDIS_EVENT_REPAIRED, 0, &error);
}

static void
refuse(struct redis_sink *sink)
{
    enum redis_error_kind kind = sink->answer.kind;
    const struct redis_error_kind_row *row = redis_error_kind_row(kind);
    struct error error = {.code = STATUS_OK};
    redis_report_refusal(sink, kind, sink->answer.text, &error);
    if (sink->answer.exchange == REDIS_EXCHANGE_BATCH) {
        sink->metrics.transactions_refused++;
        // Alerts claimed in it are in their outboxes, but their answers were not
        // processed.
        if (sink->phase == REDIS_PHASE_FLUSH && sink->answer.is_executed &&
            sink->outbox.claims[sink->sent].count != 0) {
            sink->outbox.read = 0;
        }
    }
    enum redis_action action = row->action;
    if (action == REDIS_ACTION_FATAL && redis_sink_is_patient(sink)) {
        action = REDIS_ACTION_RECONNECT;
    }
    switch (action) {
    case REDIS_ACTION_RETRY:
        redis_report_count(sink, kind);
        redis_report_trouble(sink, &error);
        break;
    case REDIS_ACTION_REPAIR:
        redis_report_count(sink, kind);
        redis_flush_repair(sink);
        report_repair(sink);
        break;
    case REDIS_ACTION_RECONNECT: {
        struct error reply = {.code = STATUS_OK};
        error_set(&reply, STATUS_IO, "%s", sink->answer.text);
        redis_conn_drop(sink->conn, kind, &reply);
        return;
    }
    case REDIS_ACTION_FATAL:
        redis_report_count(sink, kind);
        redis_sink_retire(sink, REDIS_EVENT_FATAL, row->exit_code, &error);
        return;
    }
    if (sink->phase != REDIS_PHASE_STOPPED) {
        redis_sink_pause(sink);
    }
}

static void
settle(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    // An error comes first: without the right to MULTI, the commands after it are
    // executed one by one, and no reply has the expected form.
    if (answer->kind != REDIS_ERROR_NONE) {
        refuse(sink);
        return;
    }
    if (answer->is_odd) {
        struct error error = {.code = STATUS_OK};
        error_set(&error, STATUS_PARSE, "Redis protocol error");
        sink->metrics.protocol_errors++;
        redis_conn_drop(sink->conn, REDIS_ERROR_NONE, &error);
        return;
    }
    if (answer->is_fenced) {
        sink->metrics.transactions_fenced++;
        redis_flush_lose(sink);
        redis_fence_greet(sink);
        return;
    }
    switch (sink->phase) {
    case REDIS_PHASE_GREET:
        redis_fence_greeted(sink);
        break;
    case REDIS_PHASE_CLAIM:
        redis_fence_claimed(sink);
        break;
    case REDIS_PHASE_RECALL:
    case REDIS_PHASE_OUTBOX:
        redis_fence_recalled(sink);
        break;
    case REDIS_PHASE_SCAN:
        redis_purge_scanned(sink);
        break;
    case REDIS_PHASE_VERIFY:
        redis_purge_verified(sink);
        break;
    case REDIS_PHASE_PURGE:
        redis_purge_purged(sink);
        break;
    case REDIS_PHASE_FLUSH:
        redis_flush_acknowledged(sink);
        break;
    case REDIS_PHASE_CHECK:
        redis_check_done(sink);
        break;
    case REDIS_PHASE_STOPPED:
    case REDIS_PHASE_DOWN:
    case REDIS_PHASE_IDLE:
    case REDIS_PHASE_PAUSE:
        assert(false); // no exchange was in progress
    }
}

void
redis_dispatch_reply(void *context)
{
    struct redis_sink *sink = context;
    redis_answer_reply(&sink->answer);
    if (sink->answer.reply == redis_answer_replies(&sink->answer)) {
        settle(sink);
    }
}
