#include "sinks/redis/redis_resume.h"

#include <string.h>

#include "pipeline/changes.h"
#include "sinks/redis/redis_inside.h"

// What the command number `index` reads.
struct request {
    enum redis_resume_kind what;
    const char *name;
};

static struct request
request_of(const struct redis_resume_request *recall, size_t index)
{
    size_t source = index / REDIS_RESUME_SOURCE;
    if (source == recall->count) {
        return (struct request){REDIS_RESUME_CALIBRATION, ""};
    }
    return (struct request){(enum redis_resume_kind)(index % REDIS_RESUME_SOURCE),
                            recall->names[source]};
}

bool
redis_resume_is_unread(const struct redis_sink *sink)
{
    return !sink->resume.is_recalled && sink->setup.recall != NULL;
}

enum redis_phase
redis_resume_read(struct redis_sink *sink)
{
    const struct redis_resume_request *recall = sink->setup.recall;
    static const enum redis_key_kind kinds[] = {
        [REDIS_RESUME_CURSOR] = REDIS_KEY_CURSOR,
        [REDIS_RESUME_GAPS] = REDIS_KEY_GAPS,
        [REDIS_RESUME_CALIBRATION] = REDIS_KEY_CALIBRATION,
    };
    size_t count = recall->count * REDIS_RESUME_SOURCE + 1;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_RECALL, count);
    for (size_t i = 0; i < count; i++) {
        struct request request = request_of(recall, i);
        struct redis_name key =
            redis_keys_name(&sink->keys, kinds[request.what], slice_of(request.name));
        char text[REDIS_PREFIX_MAX + REDIS_RESUME_NAME_MAX];
        size_t len = key.head.len + key.tail.len;
        if (len > sizeof(text)) {
            len = sizeof(text);
        }
        memcpy(text, key.head.ptr, key.head.len);
        memcpy(text + key.head.len, key.tail.ptr, len - key.head.len);
        const struct slice words[] = {SLICE_LIT("HGETALL"), {text, len}};
        redis_conn_command(sink->conn, 2, words);
    }
    return REDIS_PHASE_STAY;
}

void
redis_resume_name(struct redis_resume *resume, struct slice text)
{
    size_t len = text.len < sizeof(resume->field) ? text.len : 0;
    memcpy(resume->field, text.ptr, len);
    resume->field_len = len;
}

void
redis_resume_found(struct redis_sink *sink, size_t index, struct slice text)
{
    if (index % 2 == 0) {
        redis_resume_name(&sink->resume, text);
        return;
    }
    const struct redis_resume_request *recall = sink->setup.recall;
    const struct change_field field = {{sink->resume.field, sink->resume.field_len},
                                       text};
    struct request request = request_of(recall, sink->answer.reply);
    if (field.name.len != 0) {
        recall->on_field(recall->context, request.what, request.name, &field);
    }
}
