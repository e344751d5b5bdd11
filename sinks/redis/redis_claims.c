#include "sinks/redis/redis_claims.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/changes.h"
#include "sinks/alert_json.h"
#include "sinks/redis/redis_inside.h"
#include "sinks/redis/redis_write.h"

enum {
    NUMBER_TEXT = 24,
    GROUP_BYTES = 1 << 17, // a group with more is closed
    CLAIMED = 1,
    REPLACED = 2,
    FULL = 2, // bit of the first outbox
};

#define OUTBOX_TTL SLICE_LIT(REDIS_OUTBOX_TTL)

// KEYS: stream, k outboxes, n claims. ARGV: two times to live, channel, entries to
// keep, k, the room of each outbox, n webhook-ids, n alerts. Returns two elements for
// each alert: 0 if it is known; else 1, + 2 if a key of another type was replaced, + 4
// << o if outbox o is full; and the id of its entry. XADD with the id 0-0 appends
// nothing, but shows if it is permitted. Common steps of a call are done once: the
// stream is cut to its length, the outboxes are counted and their time to live is
// renewed.
static const char script[] = REDIS_RECENT_LUA
    "local k,bad,capped=tonumber(ARGV[5]),nil,false\n"
    "local n,answers,held,lasting=#KEYS-1-k,{},{},{}\n"
    "local function has(err,text) return string.find(err,text,1,true) end\n"
    "local function refuse(name,err)\n"
    "  if has(err,\"can't publish\") then\n"
    "    err='NOPERM this user has no permissions to access the channel'\n"
    "  elseif has(err,\"can't access\") then\n"
    "    err='NOPERM this user has no permissions to access a key'\n"
    "  elseif has(err,'ACL failure') then\n"
    "    err='NOPERM '..err\n"
    "  elseif has(err,\"can't run this\") then\n"
    "    err='NOPERM this user has no permissions to run the \\''..name..'\\' "
    "command'\n"
    "  elseif has(err,'Unknown Redis command') then\n"
    "    err='ERR unknown command \\''..name..'\\''\n"
    "  end\n"
    "  bad=bad or redis.error_reply(err)\n"
    "end\n"
    "local function try(name,key,...)\n"
    "  local r=call(name,key,...)\n"
    "  if type(r)=='table' and r.err then refuse(name,r.err) end\n"
    "  return r\n"
    "end\n"
    "local r=redis.pcall('xadd',KEYS[1],'0-0','json','')\n"
    "if not has(r.err,'greater than 0-0') then refuse('xadd',r.err) end\n"
    "for i=1,n do\n"
    "  if bad then return bad end\n"
    "  local claim,id,json=KEYS[1+k+i],ARGV[5+k+i],ARGV[5+k+n+i]\n"
    "  local answer,entry=0,''\n"
    "  replaced=0\n"
    "  if redis.call('set',claim,id,'nx','ex',ARGV[1]) then\n"
    "    answer=1\n"
    "    for o=1,k do held[o]=held[o] or try('hlen',KEYS[1+o]) end\n"
    "    if not bad then try('publish',ARGV[3],json) end\n"
    "    if not bad and capped then\n"
    "      entry=try('xadd',KEYS[1],'*','json',json)\n"
    "    elseif not bad then\n"
    "      entry=try('xadd',KEYS[1],'maxlen','~',ARGV[4],'*','json',json)\n"
    "      capped=true\n"
    "    end\n"
    "    for o=1,k do\n"
    "      if bad then break end\n"
    "      if held[o]>=tonumber(ARGV[5+o]) then answer=answer+2^(o+1)\n"
    "      else\n"
    "        local added=try('hset',KEYS[1+o],id,'0 0 '..json)\n"
    "        if not lasting[o] then try('expire',KEYS[1+o],ARGV[2]) end\n"
    "        lasting[o]=true\n"
    "        held[o]=bad and held[o] or held[o]+added\n"
    "      end\n"
    "    end\n"
    "    if bad then redis.call('unlink',claim) return bad end\n"
    "  end\n"
    "  answers[2*i-1],answers[2*i]=answer+replaced,entry\n"
    "end\n"
    "return answers\n";

// ── rendering ──────────────────────────────────────────────────────────────

// Renders the alert and keeps its text; none if there is no memory for it.
static struct slice
render(struct redis_sink *sink, const struct change *change)
{
    struct buffer *json = &sink->outbox.json;
    buffer_reset(json);
    if (alert_json_write(change, json) != STATUS_OK) {
        return SLICE_NONE; // the flush ends with it
    }
    changes_keep_alert(sink->setup.pipeline, change, buffer_text(json));
    return buffer_text(json);
}

void
redis_claims_render(struct redis_sink *sink)
{
    struct change change;
    while (changes_show_alert(sink->setup.pipeline, &change)) {
        (void)render(sink, &change);
    }
}

// ── building ───────────────────────────────────────────────────────────────

void
redis_claims_begin(struct redis_sink *sink, unsigned which)
{
    struct redis_claims *claims = &sink->outbox.claims[which];
    claims->count = 0;
    claims->grouped = 0;
    claims->answered = 0;
    buffer_reset(&claims->names);
    buffer_reset(&sink->outbox.group);
}

static size_t
digits_of(size_t number)
{
    char digits[REDIS_WRITE_NUMBER];
    return (size_t)(redis_write_number(digits, number) - digits);
}

// The texts are the script's last arguments: "$<length>" and the text, each on a line.
static void
locate(struct redis_claims *claims, size_t end)
{
    for (size_t i = claims->count; i-- > claims->grouped;) {
        struct redis_claim *claim = &claims->items[i];
        claim->json_at = end - 2 - claim->json_len;
        end = claim->json_at - 3 - digits_of(claim->json_len);
    }
}

struct call {
    struct redis_name keys[1 + REDIS_ENDPOINTS_MAX + REDIS_CLAIMS_GROUP];
    size_t key_count;
    struct slice args[5 + REDIS_ENDPOINTS_MAX + 2 * REDIS_CLAIMS_GROUP];
    size_t arg_count;
};

static void
add_outboxes(const struct redis_sink *sink, uint64_t asked, struct call *call,
             char rooms[REDIS_ENDPOINTS_MAX][NUMBER_TEXT])
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    for (size_t i = 0; alerts != NULL && i < alerts->endpoint_count; i++) {
        if ((asked >> i & 1) != 0) {
            snprintf(rooms[i], NUMBER_TEXT, "%" PRIu64, alerts->endpoints[i].room);
            call->args[call->arg_count++] = slice_of(rooms[i]);
            call->keys[call->key_count++] = redis_outbox_key(sink, i);
        }
    }
}

void
redis_claims_close(struct redis_sink *sink, unsigned which)
{
    struct redis_claims *claims = &sink->outbox.claims[which];
    struct redis_batch *batch = &sink->flush.batches[which];
    const char *texts = sink->outbox.group.bytes;
    if (claims->grouped == claims->count) {
        return;
    }
    char keep[REDIS_KEEP_MAX];
    char count[NUMBER_TEXT];
    char rooms[REDIS_ENDPOINTS_MAX][NUMBER_TEXT];
    struct call call = {
        .keys = {redis_keys_name(&sink->keys, REDIS_KEY_ALERTS, SLICE_NONE)},
        .key_count = 1,
        .args = {SLICE_LIT(REDIS_CLAIM_TTL), OUTBOX_TTL,
                 sink->keys.head[REDIS_KEY_ALERTS]},
        .arg_count = 5,
    };
    call.args[3] = redis_recent_keep(sink, keep);
    add_outboxes(sink, claims->items[claims->grouped].asked, &call, rooms);
    snprintf(count, sizeof(count), "%zu", call.key_count - 1);
    call.args[4] = slice_of(count);
    for (size_t i = claims->grouped; i < claims->count; i++) {
        const struct redis_claim *claim = &claims->items[i];
        struct slice name = {claims->names.bytes + claim->name_at, claim->name_len};
        call.keys[call.key_count++] =
            redis_keys_name(&sink->keys, REDIS_KEY_ALERT, name);
        call.args[call.arg_count++] = slice_of(claim->id);
    }
    for (size_t i = claims->grouped; i < claims->count; i++) {
        const struct redis_claim *claim = &claims->items[i];
        call.args[call.arg_count++] =
            (struct slice){texts + claim->json_at, claim->json_len};
    }
    const struct redis_script eval = {slice_of(script), call.keys, call.key_count,
                                      call.args, call.arg_count};
    redis_batch_eval(batch, &eval);
    locate(claims, batch->text.size);
    claims->grouped = claims->count;
    buffer_reset(&sink->outbox.group);
}

void
redis_claims_add(struct redis_sink *sink, unsigned which, const struct change *change)
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    struct redis_claims *claims = &sink->outbox.claims[which];
    struct buffer *group = &sink->outbox.group;
    struct redis_claim claim = {.name_len = change->name.len};
    if (alerts != NULL && alerts->endpoint_count != 0) {
        claim.asked = alerts->wanted(alerts->context, change->alert.rule);
    }
    if (claims->count - claims->grouped == REDIS_CLAIMS_GROUP ||
        group->size > GROUP_BYTES ||
        (claims->count != claims->grouped &&
         claims->items[claims->grouped].asked != claim.asked)) {
        redis_claims_close(sink, which);
    }
    webhook_sign_id(change->name, claim.id);
    claim.name_at = claims->names.size;
    buffer_append(&claims->names, change->name);
    struct slice json = slice_is_none(change->alert.rendered) ? render(sink, change)
                                                              : change->alert.rendered;
    claim.json_at = group->size;
    claim.json_len = json.len;
    buffer_append(group, json);
    if (slice_is_none(json) || group->is_failed || claims->names.is_failed) {
        // Sticky: reported as the failure of the whole transaction.
        sink->flush.batches[which].text.is_failed = true;
        return;
    }
    claims->items[claims->count++] = claim;
}

// ── answers ────────────────────────────────────────────────────────────────

void
redis_claims_result(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_claims *claims = &sink->outbox.claims[sink->flush.sent];
    if (item->type == REDIS_ITEM_INTEGER && claims->answered < claims->count) {
        claims->items[claims->answered++].answer = item->number;
    } else if (item->type == REDIS_ITEM_STRING && claims->answered != 0) {
        struct redis_claim *claim = &claims->items[claims->answered - 1];
        redis_reader_print(item->text, claim->entry, sizeof(claim->entry));
    }
}

// The script numbers the outboxes it was given; this maps the bits to endpoints.
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
note_replaced(struct redis_sink *sink)
{
    struct error error = {.code = STATUS_OK};
    sink->metrics.keys_repaired++;
    error_set(&error, STATUS_IO, "a key for alerts had another type and is replaced");
    redis_report_event(sink, REDIS_EVENT_REPAIRED, 0, &error);
}

// Keeps the alert in case Redis turns out not to have it.
static void
remember(struct redis_sink *sink, unsigned which, const struct redis_claim *claim)
{
    const struct redis_recent_alert alert = {
        .name = {sink->outbox.claims[which].names.bytes + claim->name_at,
                 claim->name_len},
        .id = slice_of(claim->id),
        .entry = slice_of(claim->entry),
        .json = {sink->flush.batches[which].text.bytes + claim->json_at,
                 claim->json_len},
    };
    redis_recent_add(&sink->outbox.recent, &alert, clock_monotonic());
}

void
redis_claims_written(struct redis_sink *sink, unsigned which)
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
            note_replaced(sink);
        }
        uint64_t full = full_of(claim);
        remember(sink, which, claim);
        const struct redis_alert alert = {
            .id = slice_of(claim->id),
            .json = {sink->flush.batches[which].text.bytes + claim->json_at,
                     claim->json_len},
            .given = claim->asked & ~full,
            .full = full,
        };
        if (alerts != NULL) {
            alerts->on_alert(alerts->context, &alert);
        }
    }
}
