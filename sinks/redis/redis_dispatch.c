#include "sinks/redis/redis_dispatch.h"

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
    if (sink->phase == REDIS_PHASE_CONFIRM) {
        redis_confirm_item(sink, item);
    }
    if (sink->phase == REDIS_PHASE_PLACE || sink->phase == REDIS_PHASE_COPY) {
        redis_outlet_item(sink, item);
    }
    struct slice key = redis_answer_item(&sink->answer, item);
    if (slice_is_none(key)) {
        return;
    }
    if (sink->phase == REDIS_PHASE_RECALL) {
        redis_resume_found(sink, item->index, key);
    } else if (sink->phase == REDIS_PHASE_OUTBOX) {
        redis_outbox_found(sink, item->index, key);
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
    struct slice key =
        redis_batch_key(&sink->flush.batches[sink->flush.sent], answer->repairs[0]);
    redis_reader_print(key, name, sizeof(name));
    error_set(&error, STATUS_IO,
              "%zu key%s of cascaded had another type and %s replaced, the first of "
              "them \"%s\"",
              answer->repair_count, answer->repair_count == 1 ? "" : "s",
              answer->repair_count == 1 ? "is" : "are", name);
    redis_report_event(sink, REDIS_EVENT_REPAIRED, 0, &error);
}

// Alerts claimed in a refused transaction are in their outboxes, but their answers were
// not processed: the outboxes are read again.
static void
note_refused(struct redis_sink *sink)
{
    sink->metrics.transactions_refused++;
    if (sink->phase == REDIS_PHASE_FLUSH && sink->answer.is_executed &&
        sink->outbox.claims[sink->flush.sent].count != 0) {
        sink->outbox.read = 0;
    }
}

static enum redis_phase
refuse(struct redis_sink *sink)
{
    enum redis_error_kind kind = sink->answer.kind;
    const struct redis_error_kind_row *row = redis_error_kind_row(kind);
    struct error error = {.code = STATUS_OK};
    redis_report_refusal(sink, kind, sink->answer.text, &error);
    if (sink->answer.exchange == REDIS_EXCHANGE_BATCH) {
        note_refused(sink);
    }
    enum redis_action action = redis_report_action(sink, kind);
    if (action == REDIS_ACTION_OPERATOR && redis_report_is_patient(sink)) {
        action = REDIS_ACTION_RECONNECT;
    }
    if (action == REDIS_ACTION_RECONNECT) {
        struct error reply = {.code = STATUS_OK};
        error_set(&reply, STATUS_IO, "%s", sink->answer.text);
        return redis_tools_drop(sink, kind, &reply);
    }
    redis_report_count(sink, kind);
    if (action == REDIS_ACTION_OPERATOR) {
        return redis_tools_stop(sink, REDIS_EVENT_FATAL, row->exit_code, &error);
    }
    if (action == REDIS_ACTION_REPAIR) {
        redis_flush_repair(sink);
        report_repair(sink);
    } else {
        redis_report_trouble(sink, &error);
    }
    return REDIS_PHASE_PAUSE;
}

bool
redis_dispatch_is_good(const struct redis_answer *answer)
{
    return answer->kind == REDIS_ERROR_NONE && !answer->is_odd && !answer->is_fenced;
}

enum redis_phase
redis_dispatch_bad(struct redis_sink *sink)
{
    // An error comes first: without the right to MULTI, the commands after it are
    // executed one by one, and no reply has the expected form.
    if (sink->answer.kind != REDIS_ERROR_NONE) {
        return refuse(sink);
    }
    if (sink->answer.is_odd) {
        struct error error = {.code = STATUS_OK};
        error_set(&error, STATUS_PARSE, "Redis protocol error");
        sink->metrics.protocol_errors++;
        return redis_tools_drop(sink, REDIS_ERROR_NONE, &error);
    }
    sink->metrics.transactions_fenced++;
    redis_flush_lose(sink);
    return REDIS_PHASE_GREET;
}
