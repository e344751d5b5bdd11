#include "ctl/show.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/usec.h"
#include "ctl/board.h"
#include "ctl/print.h"
#include "ctl/values.h"
#include "ctl/windows.h"
#include "ingest/text/cell.h"
#include "ingest/text/network.h"
#include "ingest/text/text.h"

enum {
    OUTPUT_MAX = 1 << 20,
    VALUE_COLUMNS = 4000,
    KEY_MAX = 4096,
    ARENA_MAX = 16 * KEY_MAX,
    NETWORKS_MAX = 16,
};

static struct slice
field_name(const redisReply *hash, size_t index)
{
    return client_text(hash->element[2 * index]);
}

static struct slice
field_value(const redisReply *hash, size_t index)
{
    return client_text(hash->element[2 * index + 1]);
}

static void
put_time(struct buffer *out, struct slice value)
{
    char digits[16] = "";
    char text[USEC_TEXT_MAX];
    if (value.len == 0 || value.len >= sizeof digits) {
        return;
    }
    memcpy(digits, value.ptr, value.len);
    buffer_append(out, SLICE_LIT("  "));
    buffer_append(out, slice_of(usec_format_rfc3339(
                           (usec)strtoll(digits, NULL, 10) * USEC_PER_MS, text)));
}

static void
put_field(struct buffer *out, struct slice name, struct slice value)
{
    cell_put_aligned(out, name, WINDOWS_NAME_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    (void)cell_put(out, value, VALUE_COLUMNS);
    if (values_is_time(name)) {
        put_time(out, value);
    }
    buffer_append_byte(out, '\n');
}

static void
put_metrics(struct buffer *out, const redisReply *hash)
{
    struct windows windows = windows_find(hash);
    if (windows.count == 0) {
        return;
    }
    buffer_append_byte(out, '\n');
    windows_put_head(out, &windows);
    for (size_t board = 0; board <= BOARD_POSTS; board++) {
        windows_put_row(out, hash, board_names[board], &windows);
    }
}

struct form {
    const char *kind; // "user", "carrier" or "cascade"
    bool is_json;
};

// Fields that are texts, even if they look like numbers.
static bool
is_text(struct slice name)
{
    static const char *const texts[] = {"author", "handle",  "name", "text",
                                        "lang",   "network", "why",  "best_post",
                                        "parent", "state",   "stage"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (slice_equal(name, slice_of(texts[i]))) {
            return true;
        }
    }
    return false;
}

static void
print_object(struct slice id, const redisReply *hash)
{
    struct buffer json;
    buffer_init(&json, OUTPUT_MAX);
    json_writer_open(&json, '{');
    json_writer_put_text(&json, "id", id);
    for (size_t i = 0; i < hash->elements / 2; i++) {
        struct slice name = field_name(hash, i);
        if (is_text(name)) {
            values_put_json_text(&json, name, field_value(hash, i));
        } else {
            values_put_json(&json, name, field_value(hash, i));
        }
    }
    json_writer_close(&json, '}');
    buffer_append_byte(&json, '\n');
    print_buffer(&json);
}

// Every field of a hash: first those without a window, then those per window as a
// table.
static void
print_hash(const char *kind, struct slice id, const redisReply *hash)
{
    struct buffer out;
    buffer_init(&out, OUTPUT_MAX);
    put_field(&out, slice_of(kind), id);
    for (size_t i = 0; i < hash->elements / 2; i++) {
        if (slice_is_none(windows_of(field_name(hash, i)))) {
            put_field(&out, field_name(hash, i), field_value(hash, i));
        }
    }
    put_metrics(&out, hash);
    print_buffer(&out);
}

enum { HINT_MAX = 64 };

// " (no key: …)" if a person or a cascade has a key from more than one count on; empty
// if not, and if Redis does not say.
static const char *
no_key_hint(struct client *client, const char *option, char hint[HINT_MAX])
{
    const char *const field[] = {option, NULL};
    struct error error = {.code = STATUS_OK};
    client_queue(client, "HGET", SLICE_LIT("meta"), field);
    redisReply *from = client_answer(client, REDIS_REPLY_STRING, &error);
    struct slice text = client_text(from);
    char digits[16] = "1";
    if (text.len != 0 && text.len < sizeof digits) {
        memcpy(digits, text.ptr, text.len);
        digits[text.len] = '\0';
    }
    freeReplyObject(from);
    unsigned long least = strtoul(digits, NULL, 10);
    hint[0] = '\0';
    if (least > 1) {
        (void)snprintf(hint, HINT_MAX, " (no key: counted fewer than %lu times)",
                       least);
    }
    return hint;
}

static enum status
say_no_key(struct client *client, const char *kind, struct slice id,
           struct error *error)
{
    char text[HINT_MAX];
    bool is_user = strcmp(kind, "user") == 0;
    if (strcmp(kind, "carrier") == 0) {
        return error_set(
            error, STATUS_RANGE,
            "no carrier \"%.*s\" in Redis: the person is not on a board of "
            "carriers or of early people",
            SLICE_ARG(id));
    }
    const char *hint =
        no_key_hint(client, is_user ? "users_from" : "cascades_from", text);
    return error_set(error, STATUS_RANGE, "no %s \"%.*s\" in Redis%s", kind,
                     SLICE_ARG(id),
                     hint[0] != '\0' ? hint : ": nothing is counted in any window");
}

static enum status
show_hash(struct client *client, const struct form *form, struct slice id,
          struct error *error)
{
    struct buffer key;
    buffer_init(&key, KEY_MAX);
    buffer_append(&key, slice_of(form->kind));
    buffer_append_byte(&key, ':');
    buffer_append(&key, id);
    client_queue(client, "HGETALL", buffer_text(&key), NULL);
    buffer_fini(&key);
    redisReply *hash = client_answer(client, REDIS_REPLY_ARRAY, error);
    if (hash == NULL) {
        return STATUS_IO;
    }
    enum status status = STATUS_OK;
    if (hash->elements >= 2) {
        if (form->is_json) {
            print_object(id, hash);
        } else {
            print_hash(form->kind, id, hash);
        }
    } else {
        status = say_no_key(client, form->kind, id, error);
    }
    freeReplyObject(hash);
    return status;
}

// A handle in the form in which it is compared, and networks in which to look for it.
struct places {
    struct slice handle;
    struct slice networks[NETWORKS_MAX];
    size_t count;
    struct arena *arena;
};

static void
ask_handle(struct client *client, struct slice network, struct slice handle)
{
    struct buffer key;
    buffer_init(&key, KEY_MAX);
    buffer_append(&key, SLICE_LIT("handle:"));
    buffer_append(&key, network);
    buffer_append_byte(&key, ':');
    buffer_append(&key, handle);
    client_queue(client, "GET", buffer_text(&key), NULL);
    buffer_fini(&key);
}

// Shows the users who have the handle in these networks; adds their number to *found.
static enum status
show_in(struct client *client, const struct form *form, const struct places *places,
        size_t *found, struct error *error)
{
    redisReply *ids[NETWORKS_MAX] = {NULL};
    for (size_t i = 0; i < places->count; i++) {
        ask_handle(client, places->networks[i], places->handle);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < places->count && status == STATUS_OK; i++) {
        ids[i] = client_answer(client, REDIS_REPLY_STRING, error);
        status = ids[i] != NULL ? STATUS_OK : STATUS_IO;
    }
    for (size_t i = 0; i < places->count && status == STATUS_OK; i++) {
        if (!slice_is_none(client_text(ids[i]))) {
            (void)fputs((*found)++ > 0 && !form->is_json ? "\n" : "", stdout);
            status = show_hash(client, form, client_text(ids[i]), error);
        }
    }
    for (size_t i = 0; i < places->count; i++) {
        freeReplyObject(ids[i]);
    }
    return status;
}

// "handle:app:ann": a place if the handle is the one that is searched for.
static void
note_place(void *context, struct slice key)
{
    struct places *places = context;
    size_t head = strlen("handle:");
    const char *colon = memchr(key.ptr + head, ':', key.len - head);
    if (colon == NULL || places->count == NETWORKS_MAX) {
        return;
    }
    struct slice network = {key.ptr + head, (size_t)(colon - key.ptr) - head};
    struct slice handle = {colon + 1, key.len - head - network.len - 1};
    // SCAN may return a key twice.
    if (slice_equal(handle, places->handle) &&
        !slice_is_one_of(network, places->networks, places->count)) {
        places->networks[places->count++] =
            arena_join(places->arena, network, SLICE_LIT(""));
    }
}

static int
by_name(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static enum status
show_found(struct client *client, const struct form *form, const char *handle,
           struct places *places, struct error *error)
{
    const char *colon = strchr(handle, ':');
    size_t found = 0;
    places->handle =
        text_fold(places->arena, text_handle(slice_of(colon ? colon + 1 : handle)));
    if (colon != NULL) {
        places->networks[places->count++] =
            (struct slice){handle, (size_t)(colon - handle)};
    }
    for (size_t i = 0; i < NETWORK_COUNT && colon == NULL; i++) {
        places->networks[places->count++] = network_rows[i].name;
    }
    enum status status = show_in(client, form, places, &found, error);
    if (status == STATUS_OK && found == 0 && colon == NULL) {
        // Posts of the own format may have any network.
        places->count = 0;
        status = client_scan(client, SLICE_LIT("handle:"), note_place, places, error);
        qsort(places->networks, places->count, sizeof(places->networks[0]), by_name);
        status =
            status == STATUS_OK ? show_in(client, form, places, &found, error) : status;
    }
    if (status == STATUS_OK && found == 0) {
        char hint[HINT_MAX];
        return error_set(error, STATUS_RANGE, "no user \"@%.200s\" in Redis%s", handle,
                         no_key_hint(client, "users_from", hint));
    }
    return status;
}

static enum status
show_handle(struct client *client, const struct form *form, const char *handle,
            struct error *error)
{
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    struct places places = {.arena = &arena};
    enum status status = show_found(client, form, handle, &places, error);
    arena_fini(&arena);
    return status;
}

// The id of a person known by handle only, "x:@ann", has the handle in the form in
// which it is compared.
static enum status
show_id(struct client *client, const struct form *form, const char *id,
        struct error *error)
{
    const char *colon = strchr(id, ':');
    if (colon == NULL || colon[1] != '@') {
        return show_hash(client, form, slice_of(id), error);
    }
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    struct slice net = {id, (size_t)(colon + 2 - id)};
    struct slice handle = text_fold(&arena, text_handle(slice_of(colon + 2)));
    enum status status =
        show_hash(client, form, arena_join(&arena, net, handle), error);
    arena_fini(&arena);
    return status;
}

static enum status
show_person(struct client *client, const struct form *form, const char *who,
            struct error *error)
{
    return who[0] == '@' ? show_handle(client, form, who + 1, error)
                         : show_id(client, form, who, error);
}

enum status
show_user(struct client *client, const char *who, bool is_json, struct error *error)
{
    return show_person(client, &(struct form){"user", is_json}, who, error);
}

enum status
show_carrier(struct client *client, const char *who, bool is_json, struct error *error)
{
    return show_person(client, &(struct form){"carrier", is_json}, who, error);
}

enum status
show_cascade(struct client *client, const char *id, bool is_json, struct error *error)
{
    return show_hash(client, &(struct form){"cascade", is_json}, slice_of(id), error);
}
