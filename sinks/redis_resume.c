#include "sinks/redis_resume.h"

#include <string.h>

#include "pipeline/changes.h"
#include "sinks/redis_sink_state.h"

static const enum redis_key_kind kinds[REDIS_RECALLED] = {
    [REDIS_RECALLED_CURSOR] = REDIS_KEY_CURSOR,
    [REDIS_RECALLED_GAPS] = REDIS_KEY_GAPS,
};

bool
redis_resume_recall(struct redis_sink *sink)
{
    const struct redis_recall *recall = sink->setup.recall;
    if (sink->is_recalled || recall == NULL || recall->count == 0) {
        return false;
    }
    sink->phase = REDIS_PHASE_RECALL;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_RECALL,
                       recall->count * REDIS_RECALLED);
    for (size_t i = 0; i < recall->count * REDIS_RECALLED; i++) {
        struct redis_name key =
            redis_keys_name(&sink->keys, kinds[i % REDIS_RECALLED],
                            slice_of(recall->names[i / REDIS_RECALLED]));
        char text[REDIS_PREFIX_MAX + REDIS_RECALL_NAME_MAX];
        size_t len = key.head.len + key.tail.len;
        if (len > sizeof(text)) {
            len = sizeof(text);
        }
        memcpy(text, key.head.ptr, key.head.len);
        memcpy(text + key.head.len, key.tail.ptr, len - key.head.len);
        const struct slice words[] = {SLICE_LIT("HGETALL"), {text, len}};
        redis_conn_command(sink->conn, 2, words);
    }
    return true;
}

void
redis_resume_found(struct redis_sink *sink, size_t index, struct slice text)
{
    if (index % 2 == 0) {
        size_t len = text.len < sizeof(sink->recall_field) ? text.len : 0;
        memcpy(sink->recall_field, text.ptr, len);
        sink->recall_field_len = len;
        return;
    }
    if (sink->phase == REDIS_PHASE_OUTBOX) {
        redis_alerts_found(sink, text);
        return;
    }
    const struct redis_recall *recall = sink->setup.recall;
    const struct change_field field = {{sink->recall_field, sink->recall_field_len},
                                       text};
    size_t reply = sink->answer.reply;
    if (field.name.len != 0) {
        recall->on_field(recall->context, (enum redis_recalled)(reply % REDIS_RECALLED),
                         recall->names[reply / REDIS_RECALLED], &field);
    }
}

void
redis_resume_hold(struct redis_sink *sink)
{
    sink->is_held = true;
}

void
redis_resume_release(struct redis_sink *sink)
{
    if (!sink->is_held) {
        return;
    }
    sink->is_held = false;
    sink->progressed = redis_sink_now();
    if (sink->phase == REDIS_PHASE_IDLE) {
        redis_owner_write(sink);
    }
}

bool
redis_resume_is_held(const struct redis_sink *sink)
{
    return sink->is_held;
}
