// Removes keys of an earlier process: SCAN finds candidates by name, a sequence of
// reads verifies them, a transaction removes them.
#include "sinks/redis/redis_purge.h"

#include <string.h>

#include "sinks/redis/redis_inside.h"

enum { KEY_MAX = 4096 }; // longer keys are not this program's

void
redis_purge_init(struct redis_purge *purge)
{
    redis_batch_init(&purge->probes);
    buffer_init(&purge->found, PURGE_LIMIT);
    buffer_init(&purge->names, PURGE_LIMIT);
}

void
redis_purge_fini(struct redis_purge *purge)
{
    buffer_fini(&purge->names);
    buffer_fini(&purge->found);
    redis_batch_fini(&purge->probes);
}

void
redis_purge_begin(struct redis_purge *purge)
{
    strcpy(purge->cursor, "0");
}

enum redis_phase
redis_purge_scan(struct redis_sink *sink)
{
    const struct slice words[] = {
        SLICE_LIT("SCAN"),  slice_of(sink->purge.cursor),
        SLICE_LIT("MATCH"), slice_of(sink->keys.pattern),
        SLICE_LIT("COUNT"), SLICE_LIT("1000"),
    };
    redis_batch_reset(&sink->purge.probes);
    buffer_reset(&sink->purge.found);
    buffer_reset(&sink->purge.names);
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_SCAN, 0);
    redis_conn_command(sink->conn, sizeof(words) / sizeof(words[0]), words);
    return REDIS_PHASE_STAY;
}

// ── candidates ─────────────────────────────────────────────────────────────

// Keys that are about to be rewritten remain until then, so that readers find no gap.
static bool
is_known(const struct redis_sink *sink, enum redis_key_kind kind, struct slice tail)
{
    static const enum change_kind kinds[] = {
        [REDIS_KEY_USER] = CHANGE_USER,
        [REDIS_KEY_CASCADE] = CHANGE_CASCADE,
        [REDIS_KEY_TOP] = CHANGE_BOARD,
        [REDIS_KEY_CARRIER] = CHANGE_CARRIER,
        [REDIS_KEY_CAMPAIGN] = CHANGE_CAMPAIGN,
        [REDIS_KEY_CAMPAIGN_BOARD] = CHANGE_CAMPAIGN_BOARD,
        [REDIS_KEY_OUTREACH] = CHANGE_OUTREACH,
    };
    return kind == REDIS_KEY_HANDLE
               ? changes_has_handle(sink->setup.pipeline, tail)
               : changes_has(sink->setup.pipeline, kinds[kind], tail);
}

// Returns the fields of a hash, unless there are more than this program writes.
static const char fields_script[] =
    "if redis.call('hlen',KEYS[1])>256 then return {} end "
    "return redis.call('hgetall',KEYS[1])";

static bool
is_board(enum redis_key_kind kind)
{
    return kind == REDIS_KEY_TOP || kind == REDIS_KEY_CAMPAIGN_BOARD;
}

static void
add_probe(struct redis_purge *purge, enum redis_key_kind kind, struct redis_name key)
{
    const struct redis_script script = {
        .text = slice_of(fields_script), .keys = &key, .key_count = 1};
    if (kind == REDIS_KEY_HANDLE) {
        redis_batch_get(&purge->probes, key);
    } else if (is_board(kind)) {
        redis_batch_zadd_nothing(&purge->probes, key, SLICE_LIT(""));
    } else {
        redis_batch_eval(&purge->probes, &script);
    }
}

// Another daemon's prefix may begin with one of this program's key heads ("a:" and
// "a:user:b:"). If the key could belong to such a prefix, the epoch of that prefix is
// read.
static void
add_epochs(struct redis_sink *sink, struct slice key)
{
    struct redis_purge *purge = &sink->purge;
    for (size_t at = strlen(sink->prefix) + 1; at < key.len; at++) {
        if (strchr("abceghmostu", key.ptr[at]) == NULL) {
            continue; // no kind begins with it
        }
        struct slice rest = {key.ptr + at, key.len - at};
        for (enum redis_key_kind kind = 0; kind < REDIS_KEY_KINDS; kind++) {
            if (slice_starts(rest, redis_keys_word(&sink->keys, kind))) {
                struct redis_name epoch = {
                    {key.ptr, at}, redis_keys_word(&sink->keys, REDIS_KEY_EPOCH)};
                redis_batch_get(&purge->probes, epoch);
            }
        }
    }
}

void
redis_purge_found(struct redis_sink *sink, struct slice key)
{
    struct redis_purge *purge = &sink->purge;
    struct slice tail;
    enum redis_key_kind kind = redis_keys_owned(&sink->keys, key, &tail);
    if (key.len > KEY_MAX || kind == REDIS_KEY_KINDS || is_known(sink, kind, tail)) {
        return;
    }
    struct redis_candidate candidate = {
        .at = purge->names.size,
        .len = key.len,
        .tail = key.len - tail.len,
        .kind = kind,
        .is_ours = is_board(kind),
        .first_probe = purge->probes.commands,
    };
    buffer_append(&purge->names, key);
    add_probe(purge, kind, (struct redis_name){key, SLICE_NONE});
    add_epochs(sink, key);
    candidate.probes = purge->probes.commands - candidate.first_probe;
    buffer_append(&purge->found, (struct slice){(char *)&candidate, sizeof(candidate)});
}

static size_t
candidate_count(const struct redis_purge *purge)
{
    return purge->found.size / sizeof(struct redis_candidate);
}

static struct redis_candidate *
candidate_at(const struct redis_purge *purge, size_t index)
{
    return (struct redis_candidate *)(void *)purge->found.bytes + index;
}

// ── verifying ──────────────────────────────────────────────────────────────

// The keys of an earlier process are removed: everything is written again.
static enum redis_phase
finish(struct redis_sink *sink)
{
    sink->fence.is_unknown = false;
    changes_restart(sink->setup.pipeline);
    redis_cursors_restart(&sink->cursors);
    if (sink->report.is_proven) {
        redis_outbox_restore(sink);
    }
    sink->flush.is_hurried = true;
    return REDIS_PHASE_IDLE;
}

static enum redis_phase
go_on(struct redis_sink *sink)
{
    return strcmp(sink->purge.cursor, "0") != 0 ? REDIS_PHASE_SCAN : finish(sink);
}

enum redis_phase
redis_purge_scanned(struct redis_sink *sink)
{
    struct redis_purge *purge = &sink->purge;
    memcpy(purge->cursor, sink->answer.cursor, sizeof(purge->cursor));
    bool is_failed = purge->probes.text.is_failed || purge->found.is_failed ||
                     purge->names.is_failed;
    if (candidate_count(purge) == 0 || is_failed) {
        return go_on(sink); // without memory they stay until they expire
    }
    return REDIS_PHASE_VERIFY;
}

enum redis_phase
redis_purge_verify(struct redis_sink *sink)
{
    struct redis_purge *purge = &sink->purge;
    purge->candidate = 0;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_PROBE, purge->probes.commands);
    redis_conn_send(sink->conn, buffer_text(&purge->probes.text),
                    purge->probes.commands);
    return REDIS_PHASE_STAY;
}

// The first answer about a candidate: checks its type and contents.
static void
look_at(const struct redis_purge *purge, struct redis_candidate *candidate,
        const struct redis_item *item)
{
    struct slice tail = {purge->names.bytes + candidate->at + candidate->tail,
                         candidate->len - candidate->tail};
    if (item->type == REDIS_ITEM_ERROR) {
        candidate->is_kept = true;
    } else if (candidate->kind == REDIS_KEY_HANDLE) {
        const char *colon = memchr(tail.ptr, ':', tail.len);
        tail.len = (size_t)(colon + 1 - tail.ptr);
        candidate->is_ours =
            item->type == REDIS_ITEM_STRING && slice_starts(item->text, tail);
    } else if (!is_board(candidate->kind) && item->depth == 1 && item->index % 2 == 0) {
        enum redis_keys_mark mark = redis_keys_field(candidate->kind, item->text);
        candidate->is_ours = candidate->is_ours || mark == REDIS_KEYS_OURS;
        candidate->is_kept = candidate->is_kept || mark == REDIS_KEYS_FOREIGN;
    }
}

// The first answer is about the candidate itself; the others show if an epoch exists.
void
redis_purge_item(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_purge *purge = &sink->purge;
    size_t probe = sink->answer.reply;
    struct redis_candidate *candidate = candidate_at(purge, purge->candidate);
    while (probe >= candidate->first_probe + candidate->probes) {
        candidate = candidate_at(purge, ++purge->candidate);
    }
    if (probe == candidate->first_probe) {
        look_at(purge, candidate, item);
    } else if (item->type != REDIS_ITEM_NIL) {
        candidate->is_kept = true;
    }
}

enum redis_phase
redis_purge_verified(struct redis_sink *sink)
{
    struct redis_purge *purge = &sink->purge;
    struct redis_batch *batch = &sink->flush.batches[0];
    redis_batch_begin(batch);
    for (size_t i = 0; i < candidate_count(purge); i++) {
        const struct redis_candidate *candidate = candidate_at(purge, i);
        struct slice key = {purge->names.bytes + candidate->at, candidate->len};
        if (candidate->is_ours && !candidate->is_kept) {
            redis_batch_unlink(batch, (struct redis_name){key, SLICE_NONE});
        }
    }
    return batch->commands != 0 ? REDIS_PHASE_PURGE : go_on(sink);
}

enum redis_phase
redis_purge_remove(struct redis_sink *sink)
{
    return redis_tools_send(sink, &sink->flush.batches[0]);
}

enum redis_phase
redis_purge_removed(struct redis_sink *sink)
{
    sink->metrics.keys_purged += sink->flush.batches[0].commands;
    return go_on(sink);
}
