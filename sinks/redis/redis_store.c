#include "sinks/redis/redis_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/timer.h"
#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_conn.h"
#include "sinks/redis/redis_keys.h"
#include "sinks/redis/redis_metrics.h"

#define AGAIN USEC_PER_S // after a refusal, to fetch

enum {
    NAME_MAX_BYTES = REDIS_PREFIX_MAX + 40,
    WORDS = 7 + 2 * (REDIS_MANIFEST_TEXTS + REDIS_MANIFEST_NUMBERS)
};

// KEYS: owner, and the key. ARGV: our name, then what is written. Return 1, or 0 if
// another process has the prefix.
#define IF_OURS "if redis.call('get',KEYS[1])~=ARGV[1] then return 0 end\n"
static const char set_script[] =
    IF_OURS "redis.call('set',KEYS[2],ARGV[2])\nreturn 1\n";
static const char hash_script[] =
    IF_OURS "redis.call('hset',KEYS[2],unpack(ARGV,2))\nreturn 1\n";
static const char unlink_script[] = IF_OURS "redis.call('unlink',KEYS[2])\nreturn 1\n";

enum step {
    STEP_REST,
    STEP_OLD,     // reads the manifest
    STEP_RESERVE, // put: sets `until`
    STEP_CHUNK,   // writes or reads one
    STEP_SEAL,    // put: writes the manifest
    STEP_CLEAR,   // put: removes chunks of others
    STEP_TIDY,    // put: there are none
};

struct redis_store {
    struct redis_store_setup setup;
    struct redis_conn *conn;
    struct redis_metrics metrics; // of the connection; not published
    struct redis_keys keys;
    struct timer again;
    enum step step;
    bool is_up;
    bool is_put; // else a fetch
    bool is_troubled;
    struct redis_manifest old;      // as read
    struct redis_manifest manifest; // of what is put
    uint64_t next;                  // chunk, from 0 on; CLEAR: the number of one
    char chunk[REDIS_CHUNK_BYTES];
    // The answer under way.
    enum redis_item_type type;
    int64_t number;
    bool is_refused;
    bool is_stopped; // no more chunks are wanted
    char field[REDIS_MANIFEST_TEXT];
    char text[REDIS_ANSWER_TEXT_MAX];
};

static void ask(struct redis_store *store);

// ── the end ────────────────────────────────────────────────────────────────

static void
finish(struct redis_store *store, const char *why)
{
    struct error error = {.code = STATUS_OK};
    store->step = STEP_REST;
    if (why != NULL) {
        error_set(&error, STATUS_IO, "%s", why);
    }
    (store->is_put ? store->setup.on_put : store->setup.on_fetched)(
        store->setup.context, why != NULL ? &error : NULL);
}

// A fetch begins again.
static void
retry(struct redis_store *store, const char *why)
{
    struct error error = {.code = STATUS_OK};
    store->step = STEP_OLD;
    if (!store->is_troubled) {
        store->is_troubled = true;
        error_set(&error, STATUS_IO, "Redis at %s: %s", redis_conn_address(store->conn),
                  why);
        store->setup.on_trouble(store->setup.context, &error);
    }
}

// ── asking ─────────────────────────────────────────────────────────────────

static struct slice
chunk_key(const struct redis_store *store, uint64_t number, char name[NAME_MAX_BYTES])
{
    struct slice head = store->keys.head[REDIS_KEY_CHUNK];
    int len = snprintf(name, NAME_MAX_BYTES, "%.*s%" PRIu64, SLICE_ARG(head), number);
    return (struct slice){name, (size_t)len};
}

static void
write_key(struct redis_store *store, const char *script, struct slice key,
          struct slice value)
{
    const struct slice words[] = {SLICE_LIT("EVAL"),
                                  slice_of(script),
                                  SLICE_LIT("2"),
                                  store->keys.head[REDIS_KEY_OWNER],
                                  key,
                                  slice_of(store->setup.tenure->token),
                                  value};
    size_t count = sizeof(words) / sizeof(words[0]);
    redis_conn_command(store->conn, slice_is_none(value) ? count - 1 : count, words);
}

// Fields of the manifest, all or only `until`.
static void
write_manifest(struct redis_store *store, bool is_all)
{
    char values[REDIS_MANIFEST_TEXTS + REDIS_MANIFEST_NUMBERS][REDIS_MANIFEST_TEXT];
    struct slice words[WORDS] = {SLICE_LIT("EVAL"),
                                 slice_of(hash_script),
                                 SLICE_LIT("2"),
                                 store->keys.head[REDIS_KEY_OWNER],
                                 store->keys.head[REDIS_KEY_SNAP],
                                 slice_of(store->setup.tenure->token)};
    size_t count = 6;
    struct slice name;
    for (size_t i = 0; redis_manifest_field(&store->manifest, i, &name, values[i]);
         i++) {
        if (is_all || slice_equal(name, SLICE_LIT("until"))) {
            words[count++] = name;
            words[count++] = slice_of(values[i]);
        }
    }
    redis_conn_command(store->conn, count, words);
}

static void
put_chunk(struct redis_store *store)
{
    char name[NAME_MAX_BYTES];
    uint64_t at = store->next * REDIS_CHUNK_BYTES;
    uint64_t left = store->manifest.bytes - at;
    size_t size = left < REDIS_CHUNK_BYTES ? (size_t)left : REDIS_CHUNK_BYTES;
    if (!store->setup.read(store->setup.context, at, store->chunk, size)) {
        finish(store, "the snapshot in state.dir cannot be read");
        return;
    }
    write_key(store, set_script,
              chunk_key(store, store->manifest.first + store->next, name),
              (struct slice){store->chunk, size});
}

static void
get_chunk(struct redis_store *store)
{
    char name[NAME_MAX_BYTES];
    const struct slice words[] = {
        SLICE_LIT("GET"), chunk_key(store, store->old.first + store->next, name)};
    redis_conn_command(store->conn, sizeof(words) / sizeof(words[0]), words);
}

static void
ask(struct redis_store *store)
{
    char name[NAME_MAX_BYTES];
    const struct slice old[] = {SLICE_LIT("HGETALL"), store->keys.head[REDIS_KEY_SNAP]};
    store->type = REDIS_ITEM_NIL;
    store->is_refused = false;
    switch (store->step) {
    case STEP_REST:
        break;
    case STEP_OLD:
        store->old = (struct redis_manifest){.chunks = 0};
        store->is_stopped = false;
        redis_conn_command(store->conn, sizeof(old) / sizeof(old[0]), old);
        break;
    case STEP_RESERVE:
        write_manifest(store, false);
        break;
    case STEP_CHUNK:
        (store->is_put ? put_chunk : get_chunk)(store);
        break;
    case STEP_SEAL:
    case STEP_TIDY:
        write_manifest(store, true);
        break;
    case STEP_CLEAR:
        write_key(store, unlink_script, chunk_key(store, store->next, name),
                  SLICE_NONE);
        break;
    }
}

// ── answers to put ─────────────────────────────────────────────────────────

// The chunks that the new manifest does not name: those of the old one, and of copies
// that were not completed.
static void
clear_next(struct redis_store *store)
{
    struct redis_manifest *manifest = &store->manifest;
    uint64_t end = manifest->first + manifest->chunks;
    if (store->next == manifest->first) {
        store->next = end;
    }
    if (store->next >= manifest->until) {
        store->step = STEP_TIDY;
        manifest->from = manifest->first;
        manifest->until = end;
    }
    ask(store);
}

static void
plan(struct redis_store *store)
{
    struct redis_manifest *manifest = &store->manifest;
    struct redis_manifest *old = &store->old;
    uint64_t chunks = manifest->bytes / REDIS_CHUNK_BYTES;
    bool is_whole = redis_manifest_is_whole(old);
    manifest->chunks = chunks + (manifest->bytes % REDIS_CHUNK_BYTES != 0);
    manifest->first = is_whole ? old->first + old->chunks : old->from;
    uint64_t end = manifest->first + manifest->chunks;
    bool is_near = old->from <= manifest->first &&
                   manifest->first - old->from <= REDIS_CHUNKS_MAX &&
                   old->until <= end + REDIS_CHUNKS_MAX;
    manifest->from = is_near ? old->from : manifest->first;
    manifest->until = is_near && old->until > end ? old->until : end;
    store->next = 0;
}

static void
put_on(struct redis_store *store)
{
    if (store->step != STEP_OLD && store->number == 0) {
        finish(store, "another worker has taken over");
        return;
    }
    switch (store->step) {
    case STEP_REST:
        return;
    case STEP_OLD:
        plan(store);
        store->step = STEP_RESERVE;
        break;
    case STEP_RESERVE:
        store->step = STEP_CHUNK;
        break;
    case STEP_CHUNK:
        store->next++;
        if (store->next == store->manifest.chunks) {
            store->step = STEP_SEAL;
        }
        break;
    case STEP_SEAL:
        store->step = STEP_CLEAR;
        store->next = store->manifest.from;
        clear_next(store);
        return;
    case STEP_CLEAR:
        store->next++;
        clear_next(store);
        return;
    case STEP_TIDY:
        finish(store, NULL);
        return;
    }
    ask(store);
}

// ── answers to fetch ───────────────────────────────────────────────────────

static void
fetch_on(struct redis_store *store)
{
    void *context = store->setup.context;
    if (store->step == STEP_OLD) {
        if (!store->setup.on_manifest(context, &store->old)) {
            finish(store, NULL);
            return;
        }
        if (!redis_manifest_is_whole(&store->old)) {
            finish(store, "its manifest is damaged");
            return;
        }
        store->step = STEP_CHUNK;
        store->next = 0;
    } else if (store->type == REDIS_ITEM_NIL) {
        finish(store, "a part of it is missing");
        return;
    } else {
        store->next++;
    }
    if (store->is_stopped || store->next == store->old.chunks) {
        finish(store, NULL);
    } else {
        ask(store);
    }
}

// ── the connection ─────────────────────────────────────────────────────────

static void
take_field(struct redis_store *store, const struct redis_item *item)
{
    if (item->index % 2 == 0) {
        snprintf(store->field, sizeof(store->field), "%.*s", SLICE_ARG(item->text));
    } else if (!redis_manifest_take(&store->old, slice_of(store->field), item->text)) {
        store->old.bytes = 0; // it is damaged
    }
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct redis_store *store = context;
    if (item->depth == 1 && store->step == STEP_OLD) {
        take_field(store, item);
        return;
    }
    store->type = item->type;
    store->number = item->number;
    if (item->type == REDIS_ITEM_ERROR) {
        store->is_refused = true;
        redis_reader_print(item->text, store->text, sizeof(store->text));
    } else if (store->step == STEP_CHUNK && !store->is_put &&
               item->type == REDIS_ITEM_STRING) {
        store->is_stopped = !store->setup.on_chunk(store->setup.context, item->text);
    }
}

static void
refused(struct redis_store *store)
{
    enum redis_error_kind kind = redis_error_kind_of(slice_of(store->text));
    struct error error = {.code = STATUS_OK};
    if (redis_error_kind_row(kind)->action != REDIS_ACTION_RETRY) {
        error_set(&error, STATUS_IO, "%s", store->text);
        redis_conn_drop(store->conn, kind, &error); // the slot may have moved
    } else if (store->is_put) {
        finish(store, store->text);
    } else {
        retry(store, store->text);
        timer_set(&store->again, AGAIN);
    }
}

static void
on_reply(void *context)
{
    struct redis_store *store = context;
    if (store->is_refused) {
        refused(store);
        return;
    }
    redis_conn_healthy(store->conn);
    if (store->is_put) {
        put_on(store);
    } else {
        fetch_on(store);
    }
}

static void
on_again(void *context)
{
    struct redis_store *store = context;
    if (store->is_up && store->step == STEP_OLD) {
        ask(store);
    }
}

static void
on_up(void *context)
{
    struct redis_store *store = context;
    store->is_up = true;
    if (store->step != STEP_REST) {
        ask(store);
    }
}

static void
on_down(void *context, enum redis_error_kind kind, const struct error *error)
{
    struct redis_store *store = context;
    (void)kind;
    store->is_up = false;
    timer_stop(&store->again);
    if (store->step == STEP_REST) {
        return;
    }
    if (store->is_put) {
        finish(store, error->text);
    } else {
        retry(store, error->text);
    }
}

// ── set-up ─────────────────────────────────────────────────────────────────

enum status
redis_store_create(const struct redis_store_setup *setup,
                   struct redis_store **ret_store, struct error *error)
{
    static const struct redis_conn_calls calls = {on_up, on_down, on_item, on_reply};
    struct redis_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a connection to Redis");
    }
    store->setup = *setup;
    redis_keys_init(&store->keys, setup->options->prefix);
    const struct redis_conn_setup conn = {.base = setup->base,
                                          .options = setup->options,
                                          .calls = &calls,
                                          .context = store,
                                          .metrics = &store->metrics};
    enum status status = redis_conn_create(&conn, &store->conn, error);
    if (status == STATUS_OK &&
        timer_init(&store->again, setup->base, on_again, store) != STATUS_OK) {
        status = error_set(error, STATUS_NOMEM, "no memory for a timer");
    }
    if (status != STATUS_OK) {
        redis_store_destroy(&store);
        return status;
    }
    redis_conn_start(store->conn);
    *ret_store = store;
    return STATUS_OK;
}

void
redis_store_destroy(struct redis_store **store)
{
    if (*store != NULL) {
        redis_conn_destroy(&(*store)->conn);
        timer_fini(&(*store)->again);
        free(*store);
        *store = NULL;
    }
}

void
redis_store_put(struct redis_store *store, const struct redis_manifest *manifest)
{
    store->is_put = true;
    store->manifest = *manifest;
    if (!store->is_up) {
        finish(store, "Redis cannot be reached");
        return;
    }
    store->step = STEP_OLD;
    ask(store);
}

void
redis_store_fetch(struct redis_store *store)
{
    store->is_put = false;
    store->step = STEP_OLD;
    if (store->is_up) {
        ask(store);
    }
}
