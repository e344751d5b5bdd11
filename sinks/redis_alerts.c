#include "sinks/redis_alerts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sinks/alert_json.h"
#include "sinks/redis_sink_state.h"

enum { ALERT_LIMIT = 16 << 20, NUMBER_TEXT = 24, CLAIMED = 1, REPLACED = 2, FULL = 2 };

// Seconds. No cascade lives longer than a week and its last six hours.
#define CLAIM_TTL SLICE_LIT("864000")
// The last attempt of a webhook is less than four days after the first.
#define OUTBOX_TTL SLICE_LIT("432000")

// KEYS: claim, stream, outboxes. ARGV: webhook-id, the two times to live, channel,
// entries to keep, the room of each outbox, the alert. Answers 0 for one that is known;
// else 1, + 2 if a key of another type was replaced, + 4 << n if outbox n is full.
// A command that Redis refuses takes the claim back, so that the alert comes again.
static const char script[] =
    "if not redis.call('SET',KEYS[1],ARGV[1],'NX','EX',ARGV[2]) then return 0 end\n"
    "local answer,json,room,bad=1,ARGV[#ARGV],{},nil\n"
    "local function try(name,key,...)\n"
    "  local r=redis.pcall(name,key,...)\n"
    "  if type(r)=='table' and r.err and string.find(r.err,'WRONGTYPE',1,true) then\n"
    "    redis.call('UNLINK',key)\n"
    "    answer=answer-answer%4+3\n"
    "    r=redis.pcall(name,key,...)\n"
    "  end\n"
    "  if type(r)=='table' and r.err then bad=bad or r end\n"
    "  return r\n"
    "end\n"
    "for i=3,#KEYS do room[i]=try('HLEN',KEYS[i]) end\n"
    "if not bad then try('PUBLISH',ARGV[4],json) end\n"
    "if not bad then\n"
    "  try('XADD',KEYS[2],'MAXLEN','~',ARGV[5],'*','json',json)\n"
    "end\n"
    "for i=3,#KEYS do\n"
    "  if bad then break end\n"
    "  if room[i]>=tonumber(ARGV[i+3]) then answer=answer+2^(i-1)\n"
    "  else\n"
    "    try('HSET',KEYS[i],ARGV[1],'0 0 '..json)\n"
    "    try('EXPIRE',KEYS[i],ARGV[3])\n"
    "  end\n"
    "end\n"
    "if bad then redis.call('DEL',KEYS[1]) return bad end\n"
    "return answer\n";

void
redis_alerts_init(struct redis_sink *sink)
{
    redis_batch_init(&sink->outbox.due);
    redis_batch_init(&sink->outbox.taken);
    buffer_init(&sink->outbox.json, ALERT_LIMIT);
}

void
redis_alerts_fini(struct redis_sink *sink)
{
    buffer_fini(&sink->outbox.json);
    redis_batch_fini(&sink->outbox.taken);
    redis_batch_fini(&sink->outbox.due);
}

static struct redis_name
outbox_key(const struct redis_sink *sink, size_t endpoint)
{
    return redis_keys_name(&sink->keys, REDIS_KEY_OUTBOX,
                           slice_of(sink->setup.alerts->endpoints[endpoint].name));
}

// ── telling ────────────────────────────────────────────────────────────────

static void
add_script(struct redis_sink *sink, struct redis_batch *batch,
           const struct redis_claim *claim, struct slice alert_id)
{
    enum { KEYS_FIXED = 2, ARGS_FIXED = 5 };
    const struct redis_alerts *alerts = sink->setup.alerts;
    struct redis_name keys[KEYS_FIXED + REDIS_ENDPOINTS_MAX] = {
        redis_keys_name(&sink->keys, REDIS_KEY_ALERT, alert_id),
        redis_keys_name(&sink->keys, REDIS_KEY_ALERTS, SLICE_NONE),
    };
    char keep[NUMBER_TEXT];
    char rooms[REDIS_ENDPOINTS_MAX][NUMBER_TEXT];
    struct slice args[ARGS_FIXED + REDIS_ENDPOINTS_MAX + 1] = {
        slice_of(claim->id),
        CLAIM_TTL,
        OUTBOX_TTL,
        sink->keys.head[REDIS_KEY_ALERTS],
    };
    snprintf(keep, sizeof(keep), "%" PRIu64,
             alerts != NULL ? alerts->keep : REDIS_ALERTS_KEEP);
    args[4] = slice_of(keep);
    size_t count = 0;
    for (size_t i = 0; alerts != NULL && i < alerts->endpoint_count; i++) {
        if ((claim->asked >> i & 1) != 0) {
            snprintf(rooms[count], NUMBER_TEXT, "%" PRIu64, alerts->endpoints[i].room);
            args[ARGS_FIXED + count] = slice_of(rooms[count]);
            keys[KEYS_FIXED + count] = outbox_key(sink, i);
            count++;
        }
    }
    args[ARGS_FIXED + count] = buffer_text(&sink->outbox.json);
    const struct redis_script call = {slice_of(script), keys, KEYS_FIXED + count, args,
                                      ARGS_FIXED + count + 1};
    redis_batch_eval(batch, &call);
}

void
redis_alerts_add(struct redis_sink *sink, unsigned which, const struct change *change)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    struct redis_batch *batch = &sink->batches[which];
    struct redis_claims *claims = &sink->outbox.claims[which];
    struct buffer *json = &sink->outbox.json;
    buffer_reset(json);
    if (alert_json_write(change, json) != STATUS_OK) {
        batch->text.is_failed = true; // sticky: the transaction is told of as a whole
        return;
    }
    struct redis_claim *claim = &claims->items[claims->count++];
    *claim = (struct redis_claim){.command = batch->commands, .json_len = json->size};
    webhook_sign_id(change->name, claim->id);
    if (alerts != NULL && alerts->endpoint_count != 0) {
        claim->asked = alerts->wanted(alerts->context, change->alert.rule);
    }
    add_script(sink, batch, claim, change->name);
    claim->json_at = batch->text.size - 2 - json->size;
}

void
redis_alerts_result(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_claims *claims = &sink->outbox.claims[sink->sent];
    for (size_t i = 0; i < claims->count; i++) {
        if (claims->items[i].command == item->index) {
            claims->items[i].answer =
                item->type == REDIS_ITEM_INTEGER ? item->number : 0;
        }
    }
}

// The script counts the outboxes it was given; here they are numbers of endpoints.
static uint64_t
full_of(const struct redis_claim *claim)
{
    uint64_t full = 0;
    unsigned nth = 0;
    for (unsigned i = 0; i < REDIS_ENDPOINTS_MAX; i++) {
        if ((claim->asked >> i & 1) != 0) {
            full |= (uint64_t)(claim->answer >> (FULL + nth) & 1) << i;
            nth++;
        }
    }
    return full;
}

static void
tell_replaced(struct redis_sink *sink)
{
    struct error error = {.code = STATUS_OK};
    sink->metrics.keys_repaired++;
    error_set(&error, STATUS_IO,
              "a key of ours for alerts held something else and is replaced");
    redis_notice_event(sink, REDIS_EVENT_REPAIRED, 0, &error);
}

void
redis_alerts_written(struct redis_sink *sink, unsigned which)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    const struct redis_claims *claims = &sink->outbox.claims[which];
    for (size_t i = 0; i < claims->count; i++) {
        const struct redis_claim *claim = &claims->items[i];
        if ((claim->answer & CLAIMED) == 0) {
            sink->metrics.alerts_known++;
            continue;
        }
        sink->metrics.alerts++;
        if ((claim->answer & REPLACED) != 0) {
            tell_replaced(sink);
        }
        uint64_t full = full_of(claim);
        const struct redis_alert alert = {
            .id = slice_of(claim->id),
            .json = {sink->batches[which].text.bytes + claim->json_at, claim->json_len},
            .given = claim->asked & ~full,
            .full = full,
        };
        if (alerts != NULL) {
            alerts->on_alert(alerts->context, &alert);
        }
    }
}

// ── outboxes ───────────────────────────────────────────────────────────────

bool
redis_alerts_recall(struct redis_sink *sink)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    size_t first = sink->outbox.read;
    if (alerts == NULL || first >= alerts->endpoint_count) {
        return false;
    }
    sink->phase = REDIS_PHASE_OUTBOX;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_RECALL,
                       alerts->endpoint_count - first);
    for (size_t i = first; i < alerts->endpoint_count; i++) {
        char text[REDIS_PREFIX_MAX + REDIS_RECALL_NAME_MAX];
        struct redis_name key = outbox_key(sink, i);
        int len = snprintf(text, sizeof(text), "%.*s%.*s", SLICE_ARG(key.head),
                           SLICE_ARG(key.tail));
        const struct slice words[] = {SLICE_LIT("HGETALL"), {text, (size_t)len}};
        redis_conn_command(sink->conn, 2, words);
    }
    return true;
}

void
redis_alerts_recalled(struct redis_sink *sink)
{
    sink->outbox.read += sink->answer.commands;
}

static void
add_drop(const struct redis_sink *sink, struct redis_batch *batch, size_t endpoint,
         struct slice id)
{
    const struct change_field field = {id, SLICE_NONE};
    redis_batch_hdel(batch, outbox_key(sink, endpoint),
                     (struct redis_fields){&field, 1});
}

static bool
contains(struct slice text, struct slice part)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while ((size_t)(end - at) >= part.len) {
        at = memchr(at, part.ptr[0], (size_t)(end - at) - part.len + 1);
        if (at == NULL) {
            return false;
        }
        if (memcmp(at, part.ptr, part.len) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

// Acknowledged while Redis was away: its removal has still to be written.
static bool
is_dropped(const struct redis_sink *sink, size_t endpoint, struct slice id)
{
    struct redis_batch drop;
    redis_batch_init(&drop);
    add_drop(sink, &drop, endpoint, id);
    bool is_found =
        contains(buffer_text(&sink->outbox.due.text), buffer_text(&drop.text));
    redis_batch_fini(&drop);
    return is_found;
}

void
redis_alerts_found(struct redis_sink *sink, struct slice value)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    const struct slice id = {sink->recall_field, sink->recall_field_len};
    size_t endpoint = sink->outbox.read + sink->answer.reply;
    if (id.len != 0 && id.len < WEBHOOK_ID_MAX && !is_dropped(sink, endpoint, id)) {
        alerts->on_waiting(alerts->context, endpoint, id, value);
    }
}

void
redis_outbox_drop(struct redis_sink *sink, size_t endpoint, struct slice id)
{
    add_drop(sink, &sink->outbox.due, endpoint, id);
}

void
redis_outbox_keep(struct redis_sink *sink, size_t endpoint, struct slice id,
                  struct slice value)
{
    const struct change_field field = {id, value};
    if (redis_sink_is_up(sink)) {
        redis_batch_hset(&sink->outbox.due, outbox_key(sink, endpoint),
                         (struct redis_fields){&field, 1});
    }
}

void
redis_outbox_take(struct redis_outbox *outbox)
{
    struct redis_batch taken = outbox->due;
    outbox->due = outbox->taken;
    outbox->taken = taken;
}

void
redis_outbox_written(struct redis_outbox *outbox)
{
    redis_batch_reset(&outbox->taken);
}

void
redis_outbox_lost(struct redis_outbox *outbox)
{
    redis_batch_append(&outbox->taken, &outbox->due);
    redis_batch_reset(&outbox->due);
    redis_outbox_take(outbox);
}
