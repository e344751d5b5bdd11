#include "sinks/redis/redis_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "sinks/redis/redis_inside.h"

#define LEAKY_FOR (10 * USEC_PER_S)
#define REPORT_EVERY USEC_PER_MIN

enum { EXACT_DIGITS = 15 }; // of a whole number that a double represents exactly

enum probe_kind {
    PROBE_HASH,
    PROBE_VALUES,
    PROBE_HANDLE,
    PROBE_ENTRY,
    PROBE_BOARD,
    PROBE_CURSOR,
    PROBE_ALERTS,
    PROBE_POLICY,
    PROBE_MARKS,
};

struct redis_probe {
    enum probe_kind kind;
    enum change_kind change;
    uint64_t key; // hash of the key
    size_t name_at;
    size_t name_len;
    uint64_t expected; // HASH: fields at least. VALUES: pairs. ENTRY: score. BOARD:
                       // members. CURSOR: fields
    size_t pairs_at;   // VALUES: where they begin
    uint64_t sum;      // BOARD: of the entries, as written. VALUES: fields at least.
                       // CURSOR: its index
    uint64_t found;    // and as read. VALUES: pairs
    uint64_t member;   // hash of the one whose score or value is next
    uint64_t unit;     // ENTRY, BOARD: of the scores
    bool is_settled;   // BOARD, VALUES: there is nothing to compare
};

static const struct hash_key key = {0x6361736361646564, 0x636865636b73756d};

void
redis_check_init(struct redis_check *check)
{
    redis_batch_init(&check->commands);
    buffer_init(&check->probes, REDIS_CHECK_NAMES);
    buffer_init(&check->names, REDIS_CHECK_NAMES);
    buffer_init(&check->pairs, REDIS_CHECK_NAMES);
    buffer_init(&check->lost, REDIS_CHECK_NAMES);
}

void
redis_check_fini(struct redis_check *check)
{
    buffer_fini(&check->lost);
    buffer_fini(&check->pairs);
    buffer_fini(&check->names);
    buffer_fini(&check->probes);
    redis_batch_fini(&check->commands);
}

// ── asking ─────────────────────────────────────────────────────────────────

static uint64_t
pair_of(uint64_t field, struct slice value)
{
    return field * 3 + hash_slice(&key, value);
}

static void
add_probe(struct redis_check *check, struct redis_probe probe, struct redis_name at,
          struct slice name)
{
    probe.key = pair_of(hash_slice(&key, at.head), at.tail);
    probe.name_at = check->names.size;
    probe.name_len = name.len;
    buffer_append(&check->names, name);
    buffer_append(&check->probes, (struct slice){(char *)&probe, sizeof(probe)});
}

// The values as they were written; the answer may contain more.
static void
add_values(struct redis_sink *sink, struct redis_name name, struct checks_hash *hash)
{
    struct redis_check *check = &sink->check;
    struct redis_probe probe = {
        .kind = PROBE_VALUES,
        .change = hash->kind,
        .sum = hash->fields,
        .pairs_at = check->pairs.size,
    };
    checks_values(sink->setup.pipeline, hash);
    for (size_t i = 0; i < hash->value_count; i++) {
        const struct change_field *field = &hash->values[i];
        if (!slice_is_none(field->value)) {
            uint64_t pair = pair_of(hash_slice(&key, field->name), field->value);
            buffer_append(&check->pairs, (struct slice){(char *)&pair, sizeof(pair)});
            probe.expected++;
        }
    }
    add_probe(check, probe, name, hash->name);
}

static enum redis_key_kind
kind_of(const struct checks_hash *hash)
{
    return hash->kind == CHANGE_USER       ? REDIS_KEY_USER
           : hash->kind == CHANGE_CARRIER  ? REDIS_KEY_CARRIER
           : hash->kind == CHANGE_CAMPAIGN ? REDIS_KEY_CAMPAIGN
           : hash->kind == CHANGE_OUTREACH ? REDIS_KEY_OUTREACH
                                           : REDIS_KEY_CASCADE;
}

static struct redis_name
name_of(const struct redis_sink *sink, const struct checks_board *board)
{
    enum redis_key_kind kind =
        board->kind == CHANGE_BOARD ? REDIS_KEY_TOP : REDIS_KEY_CAMPAIGN_BOARD;
    return redis_keys_name(&sink->keys, kind, board->name);
}

static void
add_hash(struct redis_sink *sink, struct checks_hash *hash)
{
    struct redis_check *check = &sink->check;
    struct redis_name name = redis_keys_name(&sink->keys, kind_of(hash), hash->name);
    if ((hash_slice(&key, hash->name) + check->round) % REDIS_CHECK_VALUES == 0) {
        redis_batch_hgetall(&check->commands, name);
        add_values(sink, name, hash);
    } else {
        redis_batch_hlen(&check->commands, name);
        add_probe(check,
                  (struct redis_probe){.kind = PROBE_HASH,
                                       .change = hash->kind,
                                       .expected = hash->fields},
                  name, hash->name);
    }
    if (!slice_is_none(hash->handle)) {
        name = redis_keys_name(&sink->keys, REDIS_KEY_HANDLE, hash->handle);
        redis_batch_get(&check->commands, name);
        add_probe(check,
                  (struct redis_probe){.kind = PROBE_HANDLE, .change = CHANGE_USER},
                  name, hash->name);
    }
}

static void
add_hashes(struct redis_sink *sink)
{
    struct pipeline *pipeline = sink->setup.pipeline;
    struct checks *checks = &sink->check.checks;
    struct checks_hash hash;
    for (int i = 0; i < REDIS_CHECK_MEMBERS; i++) {
        if (checks_member(pipeline, checks, &hash)) {
            add_hash(sink, &hash);
        }
    }
    for (int i = 0; i < REDIS_CHECK_OTHERS; i++) {
        if (checks_user(pipeline, checks, &hash)) {
            add_hash(sink, &hash);
        }
        if (checks_cascade(pipeline, checks, &hash)) {
            add_hash(sink, &hash);
        }
        if (checks_campaign(pipeline, checks, &hash)) {
            add_hash(sink, &hash);
        }
    }
}

// A sum that does not depend on the order.
static uint64_t
entry_sum(struct slice member, uint64_t score)
{
    return hash_slice(&key, member) * (2 * score + 1);
}

static void
add_entries(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    const struct pipeline *pipeline = sink->setup.pipeline;
    struct checks_board board;
    uint32_t count = checks_boards(pipeline);
    uint32_t most = count < REDIS_CHECK_BOARDS ? count : REDIS_CHECK_BOARDS;
    for (uint32_t i = 0; i < most; i++) {
        uint32_t index = check->entry++ % count;
        if (!checks_board(pipeline, index, &board) || board.count == 0) {
            continue;
        }
        struct change_entry entry =
            checks_entry(pipeline, index, check->round % board.count);
        struct redis_name name = name_of(sink, &board);
        redis_batch_zadd_nothing(&check->commands, name, entry.member);
        add_probe(check,
                  (struct redis_probe){.kind = PROBE_ENTRY,
                                       .change = board.kind,
                                       .expected = entry.score,
                                       .unit = board.unit},
                  name, board.name);
    }
}

static size_t
add_board(struct redis_sink *sink, uint32_t index)
{
    struct redis_check *check = &sink->check;
    const struct pipeline *pipeline = sink->setup.pipeline;
    struct checks_board board;
    struct redis_probe probe = {.kind = PROBE_BOARD};
    if (!checks_board(pipeline, index, &board)) {
        return 0;
    }
    probe.change = board.kind;
    probe.expected = board.count;
    probe.unit = board.unit;
    for (uint32_t i = 0; i < board.count; i++) {
        struct change_entry entry = checks_entry(pipeline, index, i);
        probe.sum += entry_sum(entry.member, entry.score);
    }
    struct redis_name name = name_of(sink, &board);
    redis_batch_zrange(&check->commands, name);
    add_probe(check, probe, name, board.name);
    return board.count;
}

static void
add_boards(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    uint32_t count = checks_boards(sink->setup.pipeline);
    size_t entries = 0;
    uint32_t most = count < REDIS_CHECK_BOARDS ? count : REDIS_CHECK_BOARDS;
    for (uint32_t i = 0; i < most && entries < REDIS_CHECK_ENTRIES; i++) {
        entries += add_board(sink, check->board++ % count);
    }
}

static void
add_cursors(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    for (size_t i = 0; i < sink->cursors.count; i++) {
        enum redis_key_kind kind;
        struct slice name;
        struct redis_probe probe = {.kind = PROBE_CURSOR, .sum = i};
        probe.expected = redis_cursors_fields(&sink->cursors, i, &kind, &name);
        if (probe.expected != 0) {
            struct redis_name at = redis_keys_name(&sink->keys, kind, name);
            redis_batch_hlen(&check->commands, at);
            add_probe(check, probe, at, name);
        }
    }
}

// GET answers nil if there is no such key, and a text if it became a string; the stream
// is one once an alert of this process is in it.
static void
add_others(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    struct redis_name none = {SLICE_NONE, SLICE_NONE};
    if (!redis_recent_is_empty(&sink->outbox.recent)) {
        struct redis_name name =
            redis_keys_name(&sink->keys, REDIS_KEY_ALERTS, SLICE_NONE);
        redis_batch_get(&check->commands, name);
        add_probe(check, (struct redis_probe){.kind = PROBE_ALERTS}, name, SLICE_NONE);
    }
    if (redis_marks_ask(sink, &check->commands)) {
        add_probe(check, (struct redis_probe){.kind = PROBE_MARKS}, none, SLICE_NONE);
    }
    if (check->round % REDIS_CHECK_POLICY == 0) {
        redis_batch_info(&check->commands);
        add_probe(check, (struct redis_probe){.kind = PROBE_POLICY}, none, SLICE_NONE);
    }
}

bool
redis_check_prepare(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    usec now = clock_monotonic();
    if (now - check->at < REDIS_CHECK_MS * USEC_PER_MS) {
        return false;
    }
    check->at = now;
    check->failed = 0;
    check->round++;
    redis_batch_reset(&check->commands);
    buffer_reset(&check->probes);
    buffer_reset(&check->names);
    buffer_reset(&check->pairs);
    buffer_reset(&check->lost);
    add_hashes(sink);
    add_entries(sink);
    add_boards(sink);
    add_cursors(sink);
    add_others(sink);
    if (check->commands.commands == 0 || check->commands.text.is_failed ||
        check->probes.is_failed || check->names.is_failed || check->pairs.is_failed) {
        return false;
    }
    return true;
}

enum redis_phase
redis_check_send(struct redis_sink *sink)
{
    const struct redis_check *check = &sink->check;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_PROBE, check->commands.commands);
    redis_conn_send(sink->conn, buffer_text(&check->commands.text),
                    check->commands.commands);
    return REDIS_PHASE_STAY;
}

// ── answers ────────────────────────────────────────────────────────────────

static uint64_t
score_of(struct slice text, uint64_t unit)
{
    char copy[40];
    uint64_t whole;
    if (unit <= 1 && text.len <= EXACT_DIGITS && decimal_parse_whole(text, &whole)) {
        return whole;
    }
    size_t len = text.len < sizeof(copy) - 1 ? text.len : sizeof(copy) - 1;
    memcpy(copy, text.ptr, len);
    copy[len] = '\0';
    double score = strtod(copy, NULL);
    score =
        unit <= 1 ? score : score * (double)unit + 0.5; // the nearest number of units
    return score >= 0 && score < 18e18 ? (uint64_t)score : UINT64_MAX;
}

// Several probes of a row may look at one key.
static bool
is_lost(const struct redis_check *check, uint64_t lost)
{
    for (size_t at = 0; at < check->lost.size; at += sizeof(lost)) {
        if (memcmp(check->lost.bytes + at, &lost, sizeof(lost)) == 0) {
            return true;
        }
    }
    return false;
}

static void
fail(struct redis_sink *sink, const struct redis_probe *probe)
{
    struct redis_check *check = &sink->check;
    struct slice name = {check->names.bytes + probe->name_at, probe->name_len};
    if (probe->kind == PROBE_CURSOR) {
        redis_cursors_again(&sink->cursors, probe->sum);
    } else {
        checks_failed(sink->setup.pipeline, probe->change, name);
    }
    if (is_lost(check, probe->key)) {
        return;
    }
    buffer_append(&check->lost,
                  (struct slice){(const char *)&probe->key, sizeof(probe->key)});
    sink->metrics.keys_restored++;
    if (check->failed++ == 0) {
        redis_reader_print(name, sink->check.first, sizeof(sink->check.first));
    }
}

static bool
is_expected(const struct redis_check *check, const struct redis_probe *probe,
            uint64_t pair)
{
    for (size_t i = 0; i < probe->expected; i++) {
        uint64_t other;
        memcpy(&other, check->pairs.bytes + probe->pairs_at + i * sizeof(other),
               sizeof(other));
        if (other == pair) {
            return true;
        }
    }
    return false;
}

// An element of a board or a hash: members and scores, or fields and values, alternate.
static void
take_element(const struct redis_check *check, struct redis_probe *probe,
             const struct redis_item *item)
{
    if (item->index % 2 == 0) {
        probe->member = hash_slice(&key, item->text);
    } else if (probe->kind == PROBE_VALUES) {
        probe->found += is_expected(check, probe, pair_of(probe->member, item->text));
    } else {
        probe->found += probe->member * (2 * score_of(item->text, probe->unit) + 1);
    }
}

static bool
is_as_written(struct redis_check *check, const struct redis_probe *probe,
              const struct redis_item *item)
{
    struct slice name = {check->names.bytes + probe->name_at, probe->name_len};
    switch (probe->kind) {
    case PROBE_HASH:
        return item->type == REDIS_ITEM_INTEGER &&
               (uint64_t)item->number >= probe->expected;
    case PROBE_VALUES:
        return item->type == REDIS_ITEM_ARRAY &&
               (uint64_t)item->number >= 2 * probe->sum;
    case PROBE_HANDLE:
        return item->type == REDIS_ITEM_STRING && slice_equal(item->text, name);
    case PROBE_ENTRY:
        return item->type == REDIS_ITEM_STRING &&
               score_of(item->text, probe->unit) == probe->expected;
    case PROBE_BOARD:
        return item->type == REDIS_ITEM_ARRAY &&
               (uint64_t)item->number == 2 * probe->expected;
    case PROBE_CURSOR:
        return item->type == REDIS_ITEM_INTEGER &&
               (uint64_t)item->number == probe->expected;
    case PROBE_ALERTS:
    case PROBE_POLICY:
    case PROBE_MARKS:
        break; // what they find is not written again
    }
    return true;
}

static void
report_gone(struct redis_sink *sink)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO,
              "the stream \"%salerts\" was deleted or replaced in Redis at %s: its "
              "alerts and consumer groups are lost there and are not written again, "
              "webhooks are not affected; the next alert begins a new stream: create "
              "the groups again, and check which other program writes keys that start "
              "with \"%s\"",
              sink->prefix, redis_conn_address(sink->conn), sink->prefix);
    redis_report_event(sink, REDIS_EVENT_REPAIRED, 0, &error);
}

// Just after data was lost the stream comes again with the next flush.
static void
take_alerts(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_check *check = &sink->check;
    bool is_gone = item->type == REDIS_ITEM_NIL || item->type == REDIS_ITEM_STRING;
    if (!is_gone || sink->outbox.recent.is_due) {
        check->gone = 0;
    } else if (check->gone < REDIS_CHECK_GONE && ++check->gone == REDIS_CHECK_GONE) {
        report_gone(sink);
    }
}

static struct redis_probe *
probe_at(const struct redis_check *check, size_t index)
{
    return (struct redis_probe *)(void *)check->probes.bytes + index;
}

void
redis_check_item(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_check *check = &sink->check;
    struct redis_probe *probe = probe_at(check, sink->answer.reply);
    if (probe->kind == PROBE_MARKS) {
        redis_marks_item(sink, item);
        return;
    }
    if (item->depth == 1) {
        take_element(check, probe, item);
        return;
    }
    if (probe->kind == PROBE_ALERTS) {
        take_alerts(sink, item);
    } else if (probe->kind == PROBE_POLICY && item->type == REDIS_ITEM_STRING) {
        redis_report_policy(sink, item->text);
    }
    bool is_refused = item->type == REDIS_ITEM_ERROR &&
                      redis_error_kind_of(item->text) != REDIS_ERROR_WRONGTYPE;
    bool is_good = is_refused || is_as_written(check, probe, item);
    probe->is_settled = is_refused || !is_good;
    if (!is_good) {
        fail(sink, probe);
    }
}

static void
report(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    struct error error = {.code = STATUS_OK};
    usec now = clock_monotonic();
    bool is_reported = check->failed_at != 0 && now - check->reported_at < REPORT_EVERY;
    check->failed_at = now;
    sink->flush.is_hurried = true;
    if (is_reported) {
        return;
    }
    check->reported_at = now;
    error_set(&error, STATUS_IO,
              "%zu keys of cascaded were deleted or changed in Redis at %s, the first "
              "of them \"%s\"; they are written again: set maxmemory-policy noeviction "
              "there, and check which other program writes keys that start with \"%s\"",
              check->failed, redis_conn_address(sink->conn), check->first,
              sink->prefix);
    redis_report_event(sink, REDIS_EVENT_REPAIRED, 0, &error);
}

enum redis_phase
redis_check_answered(struct redis_sink *sink)
{
    struct redis_check *check = &sink->check;
    size_t count = check->probes.size / sizeof(struct redis_probe);
    for (size_t i = 0; i < count; i++) {
        const struct redis_probe *probe = probe_at(check, i);
        bool is_good = probe->is_settled ||
                       (probe->kind == PROBE_BOARD && probe->found == probe->sum) ||
                       (probe->kind == PROBE_VALUES && probe->found == probe->expected);
        if ((probe->kind == PROBE_BOARD || probe->kind == PROBE_VALUES) && !is_good) {
            fail(sink, probe);
        }
    }
    redis_marks_end(sink);
    if (check->failed != 0) {
        report(sink);
    }
    return REDIS_PHASE_IDLE;
}

bool
redis_check_is_leaky(const struct redis_sink *sink)
{
    usec failed_at = sink->check.failed_at;
    return failed_at != 0 && clock_monotonic() - failed_at < LEAKY_FOR;
}
