#include "sinks/redis/redis_resume.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/changes.h"
#include "sinks/redis/redis_inside.h"

// The newest alerts, the oldest of them first. A start does not fail for them: without
// the right to read them there are none.
static const char alerts_script[] =
    "local r=redis.pcall('xrevrange',KEYS[1],'+','-','COUNT',ARGV[1])\n"
    "local l={}\n"
    "if r.err then return l end\n"
    "for i=#r,1,-1 do\n"
    "  local f=r[i][2]\n"
    "  for k=1,#f,2 do if f[k]=='json' then l[#l+1]=f[k+1] end end\n"
    "end\n"
    "return l\n";

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

// The name of a key as one text.
static struct slice
put_key(struct redis_name key, char *text, size_t size)
{
    size_t len = key.head.len + key.tail.len;
    if (len > size) {
        len = size;
    }
    memcpy(text, key.head.ptr, key.head.len);
    if (len > key.head.len) {
        memcpy(text + key.head.len, key.tail.ptr, len - key.head.len);
    }
    return (struct slice){text, len};
}

static void
ask_alerts(struct redis_sink *sink)
{
    char text[REDIS_PREFIX_MAX + REDIS_RESUME_NAME_MAX];
    char most[16];
    struct redis_name key = redis_keys_name(&sink->keys, REDIS_KEY_ALERTS, SLICE_NONE);
    snprintf(most, sizeof(most), "%d", REDIS_RESUME_ALERTS);
    const struct slice words[] = {SLICE_LIT("EVAL"), slice_of(alerts_script),
                                  SLICE_LIT("1"), put_key(key, text, sizeof(text)),
                                  slice_of(most)};
    redis_conn_command(sink->conn, sizeof(words) / sizeof(words[0]), words);
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
    bool has_alerts = recall->on_alert != NULL;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_RECALL, count + has_alerts);
    sink->answer.is_last_optional = has_alerts;
    for (size_t i = 0; i < count; i++) {
        struct request request = request_of(recall, i);
        struct redis_name key =
            redis_keys_name(&sink->keys, kinds[request.what], slice_of(request.name));
        char text[REDIS_PREFIX_MAX + REDIS_RESUME_NAME_MAX];
        const struct slice words[] = {SLICE_LIT("HGETALL"),
                                      put_key(key, text, sizeof(text))};
        redis_conn_command(sink->conn, 2, words);
    }
    if (has_alerts) {
        ask_alerts(sink);
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
    const struct redis_resume_request *recall = sink->setup.recall;
    if (sink->answer.reply > recall->count * REDIS_RESUME_SOURCE) {
        recall->on_alert(recall->context, text);
        return;
    }
    if (index % 2 == 0) {
        redis_resume_name(&sink->resume, text);
        return;
    }
    const struct change_field field = {{sink->resume.field, sink->resume.field_len},
                                       text};
    struct request request = request_of(recall, sink->answer.reply);
    if (field.name.len != 0) {
        recall->on_field(recall->context, request.what, request.name, &field);
    }
}
