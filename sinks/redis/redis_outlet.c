#include "sinks/redis/redis_outlet.h"

#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "sinks/redis/redis_inside.h"

// Numbers after which another run begins, since they have 32 bits.
#define RUN_NUMBERS (UINT64_C(1) << 31)

enum { RING_MASK = REDIS_OUTLET_ENTRIES_MAX - 1, ID_MAX = 48 };

// In COPY: the replies, in this order; WAIT is left out while no replica is known.
enum copy_reply { COPY_ROLE, COPY_LENGTH, COPY_WAIT };

#define AT(member) offsetof(struct redis_outlet_metrics, member)

// clang-format off
const struct metric redis_outlet_metric_rows[] = {
    {"cascaded_entries_sent_total", NULL, METRIC_COUNTER, AT(sent),
     "Entries for workers that Redis acknowledged"},
    {"cascaded_entries_resent_total", NULL, METRIC_COUNTER, AT(resent),
     "Entries sent again, because a new master did not have them"},
    {"cascaded_entries_lost_total", NULL, METRIC_COUNTER, AT(lost),
     "Entries that a replica had confirmed and Redis no longer had"},
    {"cascaded_entries_waiting", NULL, METRIC_GAUGE, AT(waiting),
     "Entries kept in memory, because Redis or a replica has not confirmed them"},
    {"cascaded_entries_unconfirmed_total", NULL, METRIC_COUNTER, AT(refused),
     "Error replies of Redis to ROLE, XLEN and WAIT: the entries are kept in memory"},
    {"cascaded_entries_uncopied_total", NULL, METRIC_COUNTER, AT(uncopied),
     "Entries removed from memory without a replica: none was connected, and there was no room for more"},
    {"cascaded_entries_in_stream", NULL, METRIC_GAUGE, AT(in_stream),
     "Entries in the stream of Redis that no worker has removed"},
    METRIC_END,
};
// clang-format on
#undef AT

void
redis_outlet_init(struct redis_sink *sink)
{
    struct redis_outlet *outlet = &sink->outlet;
    outlet->setup = sink->setup.outlet;
    outlet->oldest = 1;
    buffer_init(&outlet->bytes, REDIS_OUTLET_BYTES_MAX);
}

void
redis_outlet_fini(struct redis_sink *sink)
{
    buffer_fini(&sink->outlet.bytes);
}

// ── entries ────────────────────────────────────────────────────────────────

static uint32_t *
size_of(struct redis_outlet *outlet, size_t place)
{
    return &outlet->sizes[(outlet->first + place) & RING_MASK];
}

// For two more entries.
static bool
is_full(const struct redis_outlet *outlet)
{
    return outlet->count + 2 > REDIS_OUTLET_ENTRIES_MAX ||
           outlet->bytes.size + 2 * (size_t)REDIS_OUTLET_ENTRY_MAX >
               REDIS_OUTLET_BYTES_MAX;
}

bool
redis_outlet_has_no_room(const struct redis_sink *sink)
{
    const struct redis_outlet *outlet = &sink->outlet;
    return outlet->setup != NULL &&
           (is_full(outlet) || outlet->metrics.in_stream >= outlet->setup->most);
}

bool
redis_outlet_has_work(const struct redis_outlet *outlet)
{
    return outlet->is_expected || outlet->written != outlet->count;
}

enum status
redis_outlet_put(struct redis_sink *sink, struct slice entry)
{
    struct redis_outlet *outlet = &sink->outlet;
    if (outlet->count == REDIS_OUTLET_ENTRIES_MAX) {
        return STATUS_FULL;
    }
    buffer_append(&outlet->bytes, entry);
    if (outlet->bytes.is_failed) {
        outlet->bytes.is_failed = false; // nothing was appended
        return STATUS_FULL;
    }
    *size_of(outlet, outlet->count) = (uint32_t)entry.len;
    outlet->count++;
    outlet->metrics.waiting = outlet->count;
    outlet->is_expected = false;
    return STATUS_OK;
}

void
redis_outlet_expect(struct redis_sink *sink)
{
    sink->outlet.is_expected = true;
}

bool
redis_outlet_was_in_use(const struct redis_sink *sink)
{
    return sink->outlet.was_in_use;
}

const struct redis_outlet_metrics *
redis_outlet_metrics(const struct redis_sink *sink)
{
    return &sink->outlet.metrics;
}

// The first ones are in the stream for good.
static void
forget(struct redis_outlet *outlet, size_t entries)
{
    size_t bytes = 0;
    for (size_t i = 0; i < entries; i++) {
        bytes += *size_of(outlet, i);
    }
    buffer_drop_first(&outlet->bytes, bytes);
    outlet->oldest += entries;
    outlet->first = (outlet->first + entries) & RING_MASK;
    outlet->count -= entries;
    outlet->written -= entries;
    outlet->built -= entries;
    outlet->at -= bytes;
    outlet->metrics.waiting = outlet->count;
    if (outlet->count == 0 && outlet->oldest > RUN_NUMBERS) {
        outlet->run++;
        outlet->oldest = 1;
    }
}

// What is built next is the first entry that is not in the stream.
static void
rewind_to_written(struct redis_outlet *outlet)
{
    outlet->built = outlet->written;
    outlet->at = 0;
    for (size_t i = 0; i < outlet->written; i++) {
        outlet->at += *size_of(outlet, i);
    }
}

// ── where the stream is ────────────────────────────────────────────────────

bool
redis_outlet_is_unplaced(const struct redis_sink *sink)
{
    return sink->outlet.setup != NULL && !sink->outlet.is_placed;
}

enum redis_phase
redis_outlet_ask(struct redis_sink *sink)
{
    const struct slice words[] = {SLICE_LIT("XINFO"), SLICE_LIT("STREAM"),
                                  slice_of(sink->outlet.setup->key)};
    sink->outlet.last_run = 0;
    sink->outlet.last_number = 0;
    sink->outlet.is_next = false;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_PROBE, 1);
    redis_conn_command(sink->conn, 3, words);
    return REDIS_PHASE_STAY;
}

static void
take_id(struct redis_outlet *outlet, struct slice id)
{
    const char *dash = memchr(id.ptr, '-', id.len);
    if (dash != NULL) {
        size_t len = (size_t)(dash - id.ptr);
        (void)decimal_parse_whole((struct slice){id.ptr, len}, &outlet->last_run);
        (void)decimal_parse_whole((struct slice){dash + 1, id.len - len - 1},
                                  &outlet->last_number);
    }
}

static void
take_info(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_outlet *outlet = &sink->outlet;
    if (item->type == REDIS_ITEM_ERROR) {
        if (!slice_starts(item->text, SLICE_LIT("ERR no such key"))) {
            sink->answer.kind = redis_error_kind_of(item->text);
            redis_reader_print(item->text, sink->answer.text,
                               sizeof(sink->answer.text));
        }
    } else if (item->depth == 1 && item->type == REDIS_ITEM_STRING) {
        if (outlet->is_next) {
            take_id(outlet, item->text);
        }
        outlet->is_next = item->index % 2 == 0 &&
                          slice_equal(item->text, SLICE_LIT("last-generated-id"));
    }
}

// Of those that are not in the stream, workers have read and removed some.
static void
report_lost(struct redis_sink *sink, uint64_t missing)
{
    struct error error = {.code = STATUS_OK};
    uint64_t had = sink->outlet.metrics.in_stream;
    uint64_t entries = missing < had ? missing : had;
    sink->outlet.metrics.lost += entries;
    error_set(&error, STATUS_IO,
              "Redis at %s no longer has the last %llu entries of %s, which it had "
              "confirmed: a worker that has not read them misses them",
              redis_conn_address(sink->conn), (unsigned long long)entries,
              sink->outlet.setup->key);
    redis_report_event(sink, REDIS_EVENT_REWRITE, 0, &error);
}

static uint64_t
wall_seconds(const struct redis_sink *sink)
{
    usec wall = sink->setup.wall != NULL ? sink->setup.wall() : clock_system();
    return wall > 0 ? (uint64_t)(wall / USEC_PER_S) : 0;
}

static void
begin_run(struct redis_sink *sink)
{
    struct redis_outlet *outlet = &sink->outlet;
    uint64_t now = wall_seconds(sink);
    outlet->run = now > outlet->last_run ? now : outlet->last_run + 1;
    outlet->oldest = 1;
}

// Readers keep an id as one number, and no smaller id can be appended.
static bool
is_foreign(const struct redis_outlet *outlet)
{
    return outlet->last_run >= UINT32_MAX || outlet->last_number > UINT32_MAX;
}

enum status
redis_outlet_place(struct redis_sink *sink, struct error *error)
{
    struct redis_outlet *outlet = &sink->outlet;
    if (is_foreign(outlet)) {
        return error_set(error, STATUS_RANGE,
                         "the last id of the stream %s in Redis at %s is %llu-%llu, "
                         "which is not of cascaded: remove that entry (XDEL) and set "
                         "the id of the last one that remains (XSETID)",
                         outlet->setup->key, redis_conn_address(sink->conn),
                         (unsigned long long)outlet->last_run,
                         (unsigned long long)outlet->last_number);
    }
    uint64_t last = outlet->last_run == outlet->run ? outlet->last_number : 0;
    outlet->is_placed = true;
    if (outlet->run == 0) {
        outlet->was_in_use = outlet->last_run != 0;
        begin_run(sink);
    } else if (outlet->last_run > outlet->run) {
        begin_run(sink); // of another process, or by hand
        last = 0;
    } else if (last + 1 < outlet->oldest) {
        report_lost(sink, outlet->oldest - 1 - last);
    }
    uint64_t had = last + 1 > outlet->oldest ? last + 1 - outlet->oldest : 0;
    size_t written = had < outlet->count ? (size_t)had : outlet->count;
    if (written < outlet->written) {
        outlet->metrics.resent += outlet->written - written;
    }
    outlet->written = written;
    rewind_to_written(outlet);
    return STATUS_OK;
}

// ── a flush ────────────────────────────────────────────────────────────────

void
redis_outlet_begin(struct redis_outlet *outlet)
{
    outlet->due = outlet->count;
}

bool
redis_outlet_build(struct redis_sink *sink, unsigned which)
{
    struct redis_outlet *outlet = &sink->outlet;
    if (outlet->built == outlet->due) {
        return false;
    }
    char id[ID_MAX];
    uint32_t size = *size_of(outlet, outlet->built);
    snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)outlet->run,
             (unsigned long long)outlet->oldest + outlet->built);
    redis_batch_xadd(&sink->flush.batches[which],
                     (struct redis_name){slice_of(outlet->setup->key), SLICE_NONE},
                     slice_of(id),
                     (struct slice){outlet->bytes.bytes + outlet->at, size});
    outlet->at += size;
    outlet->built++;
    return true;
}

void
redis_outlet_written(struct redis_outlet *outlet, size_t entries)
{
    outlet->written += entries;
    outlet->metrics.sent += entries;
}

void
redis_outlet_lose(struct redis_outlet *outlet)
{
    outlet->is_placed = false;
    rewind_to_written(outlet);
}

// ── whether a replica has it ───────────────────────────────────────────────

enum redis_phase
redis_outlet_confirm(struct redis_sink *sink)
{
    struct redis_outlet *outlet = &sink->outlet;
    const struct slice role = SLICE_LIT("ROLE");
    const struct slice length[] = {SLICE_LIT("XLEN"), slice_of(outlet->setup->key)};
    const struct slice wait[] = {SLICE_LIT("WAIT"), SLICE_LIT("1"),
                                 SLICE_LIT(REDIS_CONFIRM_WAIT_MS)};
    outlet->must_copy = outlet->must_copy || redis_conn_asks_sentinels(sink->conn) ||
                        redis_conn_asks_cluster(sink->conn);
    outlet->is_master = false;
    outlet->has_replica = false;
    outlet->is_copied = false;
    outlet->is_refused = false;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_PROBE, outlet->must_copy ? 3 : 2);
    redis_conn_command(sink->conn, 1, &role);
    redis_conn_command(sink->conn, 2, length);
    if (outlet->must_copy) {
        redis_conn_command(sink->conn, 3, wait);
    }
    return REDIS_PHASE_STAY;
}

static void
advise(struct redis_sink *sink, const struct error *error)
{
    if (!sink->outlet.is_advised) {
        sink->outlet.is_advised = true;
        redis_report_event(sink, REDIS_EVENT_ADVICE, 0, error);
    }
}

// The entries are kept, and what is known of the stream remains.
static void
note_refusal(struct redis_sink *sink, struct slice text)
{
    enum redis_error_kind kind = redis_error_kind_of(text);
    char printed[REDIS_ANSWER_TEXT_MAX];
    struct error error = {.code = STATUS_OK};
    sink->outlet.is_refused = true;
    sink->outlet.metrics.refused++;
    redis_report_count(sink, kind);
    redis_reader_print(text, printed, sizeof(printed));
    redis_report_refusal(sink, kind, printed, &error);
    advise(sink, &error);
}

static void
take_copy(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_outlet *outlet = &sink->outlet;
    bool is_number = item->type == REDIS_ITEM_INTEGER && item->depth == 0;
    if (item->type == REDIS_ITEM_ERROR) {
        note_refusal(sink, item->text);
        // Without ROLE, a replica may exist.
        outlet->must_copy = outlet->must_copy || sink->answer.reply == COPY_ROLE;
        return;
    }
    switch ((enum copy_reply)sink->answer.reply) {
    case COPY_ROLE:
        // Of a master: that word, its offset, and a list of its replicas. One that is
        // not connected now is not in the list, and may still take over.
        if (item->depth == 1 && item->index == 0) {
            outlet->is_master = slice_equal(item->text, SLICE_LIT("master"));
        } else if (item->depth == 1 && item->type == REDIS_ITEM_ARRAY) {
            outlet->has_replica = item->number > 0;
            outlet->must_copy = outlet->must_copy || outlet->has_replica;
        }
        break;
    case COPY_LENGTH:
        if (is_number) {
            outlet->metrics.in_stream = (uint64_t)item->number;
        }
        break;
    case COPY_WAIT:
        outlet->is_copied = is_number && item->number > 0;
        break;
    }
}

// There is no room for more. A replica that is connected is waited for; none is not.
static void
make_room(struct redis_sink *sink)
{
    struct redis_outlet *outlet = &sink->outlet;
    struct error error = {.code = STATUS_OK};
    bool is_alone = outlet->is_master && !outlet->has_replica;
    error_set(&error, STATUS_IO,
              is_alone ? "Redis at %s has no replica: entries are removed from memory "
                         "without one, and missing if another server takes over: "
                         "connect a replica (see docs/scale.md)"
                       : "no replica of Redis at %s confirms entries, and there is no "
                         "memory for more: the sources are paused until one does (see "
                         "docs/scale.md)",
              redis_conn_address(sink->conn));
    advise(sink, &error);
    if (is_alone) {
        outlet->metrics.uncopied += outlet->written;
        forget(outlet, outlet->written);
    }
}

void
redis_outlet_confirmed(struct redis_sink *sink)
{
    struct redis_outlet *outlet = &sink->outlet;
    if (outlet->is_copied || (outlet->is_master && !outlet->must_copy)) {
        forget(outlet, outlet->written);
        outlet->is_advised = outlet->is_advised && outlet->is_refused;
    } else if (!outlet->is_refused && is_full(outlet)) {
        make_room(sink);
    }
}

void
redis_outlet_item(struct redis_sink *sink, const struct redis_item *item)
{
    if (sink->phase == REDIS_PHASE_PLACE) {
        take_info(sink, item);
    } else {
        take_copy(sink, item);
    }
}
