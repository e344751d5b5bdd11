#include "sinks/redis/redis_recent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sinks/redis/redis_inside.h"

enum { PARTS = 4, GROUP = 32, RECENT_LIMIT = 1 << 26 };

// Shorter than the time to live of a claim.
#define RECENT_AGE USEC_PER_DAY

struct row {
    size_t lens[PARTS];
    usec at;
};

// KEYS: stream, n claims. ARGV: time to live of a claim, entries to keep, n
// webhook-ids, n ids of entries, n alerts. An entry keeps its id unless the stream has
// a later one. If only the claim was deleted, only that is written again.
static const char script[] = REDIS_RECENT_LUA
    "local n,count=#KEYS-1,0\n"
    "local function holds(id)\n"
    "  local r=redis.pcall('xrange',KEYS[1],id,id)\n"
    "  return not r.err and #r>0\n"
    "end\n"
    "for i=1,n do\n"
    "  local claim,entry,json=KEYS[1+i],ARGV[2+n+i],ARGV[2+2*n+i]\n"
    "  if redis.call('set',claim,ARGV[2+i],'nx','ex',ARGV[1]) and not holds(entry) "
    "then\n"
    "    local r\n"
    "    for _,id in ipairs({entry,'*'}) do\n"
    "      r=call('xadd',KEYS[1],'maxlen','~',ARGV[2],id,'json',json)\n"
    "      if type(r)~='table' then break end\n"
    "    end\n"
    "    if type(r)=='table' then redis.call('unlink',claim) return r end\n"
    "    count=count+1\n"
    "  end\n"
    "end\n"
    "return count\n";

void
redis_recent_init(struct redis_recent *recent)
{
    buffer_init(&recent->text, RECENT_LIMIT);
    buffer_init(&recent->rows, RECENT_LIMIT);
}

void
redis_recent_fini(struct redis_recent *recent)
{
    buffer_fini(&recent->rows);
    buffer_fini(&recent->text);
}

static size_t
count_of(const struct redis_recent *recent)
{
    return recent->rows.size / sizeof(struct row);
}

bool
redis_recent_is_empty(const struct redis_recent *recent)
{
    return count_of(recent) == 0;
}

static struct row
row_at(const struct redis_recent *recent, size_t index)
{
    struct row row;
    memcpy(&row, recent->rows.bytes + index * sizeof(row), sizeof(row));
    return row;
}

static size_t
bytes_of(const struct row *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < PARTS; i++) {
        bytes += row->lens[i];
    }
    return bytes;
}

static void
drop_first(struct redis_recent *recent, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct row row = row_at(recent, i);
        bytes += bytes_of(&row);
    }
    buffer_drop_first(&recent->text, bytes);
    buffer_drop_first(&recent->rows, count * sizeof(struct row));
}

static void
drop_old(struct redis_recent *recent, usec now)
{
    size_t count = 0;
    while (count < count_of(recent) && row_at(recent, count).at < now - RECENT_AGE) {
        count++;
    }
    drop_first(recent, count);
}

void
redis_recent_add(struct redis_recent *recent, const struct redis_recent_alert *alert,
                 usec now)
{
    const struct slice parts[PARTS] = {alert->name, alert->id, alert->entry,
                                       alert->json};
    struct row row = {.at = now};
    size_t before = recent->text.size;
    for (size_t i = 0; i < PARTS; i++) {
        row.lens[i] = parts[i].len;
        buffer_append(&recent->text, parts[i]);
    }
    buffer_append(&recent->rows, (struct slice){(char *)&row, sizeof(row)});
    if (recent->text.is_failed || recent->rows.is_failed) {
        // Without memory this one is lost.
        recent->text.is_failed = recent->rows.is_failed = false;
        recent->text.size = before;
        return;
    }
    size_t count = count_of(recent);
    if (count > REDIS_RECENT_MAX || recent->text.size > REDIS_RECENT_BYTES) {
        drop_first(recent, (count + 1) / 2);
    }
}

struct slice
redis_recent_keep(const struct redis_sink *sink, char text[REDIS_KEEP_MAX])
{
    const struct redis_alerts *alerts = sink->setup.alerts;
    snprintf(text, REDIS_KEEP_MAX, "%" PRIu64,
             alerts != NULL ? alerts->keep : REDIS_ALERTS_KEEP);
    return slice_of(text);
}

// The group that begins with the alert `first`, whose text begins at `at`.
static void
add_group(struct redis_sink *sink, struct redis_batch *batch, size_t first, size_t at)
{
    const struct redis_recent *recent = &sink->outbox.recent;
    size_t n = count_of(recent) - first < GROUP ? count_of(recent) - first : GROUP;
    char keep[REDIS_KEEP_MAX];
    struct redis_name keys[1 + GROUP];
    struct slice args[2 + (PARTS - 1) * GROUP];
    keys[0] = redis_keys_name(&sink->keys, REDIS_KEY_ALERTS, SLICE_NONE);
    args[0] = SLICE_LIT(REDIS_CLAIM_TTL);
    args[1] = redis_recent_keep(sink, keep);
    for (size_t i = 0; i < n; i++) {
        struct row row = row_at(recent, first + i);
        for (size_t part = 0; part < PARTS; part++) {
            struct slice text = {recent->text.bytes + at, row.lens[part]};
            if (part == 0) {
                keys[1 + i] = redis_keys_name(&sink->keys, REDIS_KEY_ALERT, text);
            } else {
                args[2 + (part - 1) * n + i] = text;
            }
            at += text.len;
        }
    }
    const struct redis_script eval = {slice_of(script), keys, 1 + n, args,
                                      2 + (PARTS - 1) * n};
    redis_batch_eval(batch, &eval);
}

void
redis_recent_send(struct redis_sink *sink, unsigned which)
{
    struct redis_recent *recent = &sink->outbox.recent;
    if (!recent->is_due || recent->is_sent) {
        return;
    }
    recent->is_sent = true;
    drop_old(recent, clock_monotonic());
    size_t at = 0;
    for (size_t first = 0; first < count_of(recent); first += GROUP) {
        add_group(sink, &sink->flush.batches[which], first, at);
        for (size_t i = first; i < first + GROUP && i < count_of(recent); i++) {
            struct row row = row_at(recent, i);
            at += bytes_of(&row);
        }
    }
}

void
redis_recent_written(struct redis_recent *recent)
{
    recent->is_due = recent->is_due && !recent->is_sent;
    recent->is_sent = false;
}

void
redis_recent_lost(struct redis_recent *recent)
{
    recent->is_sent = false;
}
