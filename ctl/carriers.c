#include "ctl/carriers.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "ctl/cell.h"

enum {
    OUTPUT_MAX = 1 << 26,
    KEY_MAX = 4096,
    RANK_COLUMNS = 4,
    PEOPLE_COLUMNS = 9,
    WHO_COLUMNS = 24,
    WHY_COLUMNS = 1200,
    NUMBER_MAX = 64,
};

// What is known of one member.
struct row {
    struct slice id;
    struct slice score;
    const redisReply *carrier; // hash
    const redisReply *user;    // handle, name
};

static struct slice
field_of(const redisReply *hash, const char *name)
{
    for (size_t i = 0; i + 1 < hash->elements; i += 2) {
        if (slice_equal(client_text(hash->element[i]), slice_of(name))) {
            return client_text(hash->element[i + 1]);
        }
    }
    return SLICE_NONE;
}

static struct slice
profile_of(const struct row *row, size_t field)
{
    return field < row->user->elements ? client_text(row->user->element[field])
                                       : SLICE_NONE;
}

// ── as a table ─────────────────────────────────────────────────────────────

static double
number_of(struct slice text)
{
    char copy[NUMBER_MAX] = "";
    if (text.len != 0 && text.len < sizeof copy) {
        memcpy(copy, text.ptr, text.len);
    }
    return strtod(copy, NULL);
}

static void
put_head(struct buffer *out)
{
    cell_fill(out, RANK_COLUMNS);
    cell_put_aligned(out, SLICE_LIT("people"), PEOPLE_COLUMNS, CELL_RIGHT);
    buffer_append(out, SLICE_LIT("  "));
    cell_put_aligned(out, SLICE_LIT("who"), WHO_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  why\n"));
}

static void
put_row(struct buffer *out, size_t rank, const struct row *row)
{
    char text[NUMBER_MAX];
    struct slice handle = profile_of(row, 0);
    (void)snprintf(text, sizeof text, "%zu", rank);
    cell_put_aligned(out, slice_of(text), RANK_COLUMNS, CELL_RIGHT);
    (void)snprintf(text, sizeof text, "%.1f", number_of(row->score));
    cell_put_aligned(out, slice_of(text), PEOPLE_COLUMNS, CELL_RIGHT);
    buffer_append(out, handle.len != 0 ? SLICE_LIT(" @") : SLICE_LIT("  "));
    cell_put_aligned(out, handle.len != 0 ? handle : row->id, WHO_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    (void)cell_put(out, field_of(row->carrier, "why"), WHY_COLUMNS);
    buffer_append_byte(out, '\n');
}

// ── as JSON ────────────────────────────────────────────────────────────────

// U+FFFD in place of bytes that are not UTF-8.
static json_t *
text_json(struct slice text)
{
    if (slice_is_none(text)) {
        return json_null();
    }
    json_t *value = json_stringn(text.ptr, text.len);
    if (value == NULL) {
        struct buffer clean;
        buffer_init(&clean, OUTPUT_MAX);
        (void)cell_put(&clean, text, WHY_COLUMNS);
        value = json_stringn(buffer_text(&clean).ptr, clean.size);
        buffer_fini(&clean);
    }
    return value;
}

static bool
is_text(struct slice name)
{
    return slice_equal(name, SLICE_LIT("why")) ||
           slice_equal(name, SLICE_LIT("best_post"));
}

static json_t *
number_json(struct slice text)
{
    double number = number_of(text);
    if (number == floor(number) && fabs(number) < 1e15) {
        return json_integer((json_int_t)number);
    }
    return json_real(number);
}

static json_t *
row_json(size_t rank, const struct row *row)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, "rank", json_integer((json_int_t)rank));
    (void)json_object_set_new(object, "id", text_json(row->id));
    (void)json_object_set_new(object, "value", number_json(row->score));
    (void)json_object_set_new(object, "handle", text_json(profile_of(row, 0)));
    (void)json_object_set_new(object, "name", text_json(profile_of(row, 1)));
    for (size_t i = 0; i + 1 < row->carrier->elements; i += 2) {
        struct slice name = client_text(row->carrier->element[i]);
        struct slice value = client_text(row->carrier->element[i + 1]);
        char key[NUMBER_MAX] = "";
        if (name.len != 0 && name.len < sizeof key) {
            memcpy(key, name.ptr, name.len);
            (void)json_object_set_new(
                object, key, is_text(name) ? text_json(value) : number_json(value));
        }
    }
    return object;
}

// ── asking ─────────────────────────────────────────────────────────────────

static void
ask(struct client *client, const char *command, const char *kind, struct slice id,
    const char *const *tail)
{
    struct buffer key;
    buffer_init(&key, KEY_MAX);
    buffer_append(&key, slice_of(kind));
    buffer_append(&key, id);
    client_queue(client, command, buffer_text(&key), tail);
    buffer_fini(&key);
}

// Either of the two is filled.
struct output {
    struct buffer *table;
    json_t *entries;
};

static enum status
add_row(struct client *client, struct row *row, size_t rank,
        const struct output *output, struct error *error)
{
    redisReply *carrier = client_answer(client, REDIS_REPLY_ARRAY, error);
    redisReply *user =
        carrier != NULL ? client_answer(client, REDIS_REPLY_ARRAY, error) : NULL;
    row->carrier = carrier;
    row->user = user;
    if (user != NULL && output->table != NULL) {
        put_row(output->table, rank, row);
    } else if (user != NULL) {
        (void)json_array_append_new(output->entries, row_json(rank, row));
    }
    freeReplyObject(carrier);
    freeReplyObject(user);
    return user != NULL ? STATUS_OK : STATUS_IO;
}

static enum status
add_rows(struct client *client, const redisReply *board, const struct output *output,
         struct error *error)
{
    static const char *const profile[] = {"handle", "name", NULL};
    enum status status = STATUS_OK;
    for (size_t i = 0; i + 1 < board->elements; i += 2) {
        struct slice id = client_text(board->element[i]);
        ask(client, "HGETALL", "carrier:", id, NULL);
        ask(client, "HMGET", "user:", id, profile);
    }
    for (size_t i = 0; i + 1 < board->elements && status == STATUS_OK; i += 2) {
        struct row row = {
            .id = client_text(board->element[i]),
            .score = client_text(board->element[i + 1]),
        };
        status = add_row(client, &row, i / 2 + 1, output, error);
    }
    return status;
}

static enum status
show_table(struct client *client, const redisReply *board, struct error *error)
{
    struct buffer out;
    buffer_init(&out, OUTPUT_MAX);
    if (board->elements < 2) {
        buffer_append(&out, SLICE_LIT("top:carriers is empty\n"));
    } else {
        put_head(&out);
    }
    enum status status =
        add_rows(client, board, &(struct output){.table = &out}, error);
    if (status == STATUS_OK) {
        (void)fwrite(buffer_text(&out).ptr, 1, out.size, stdout);
    }
    buffer_fini(&out);
    return status;
}

static enum status
show_json(struct client *client, const redisReply *board, struct error *error)
{
    json_t *entries = json_array();
    enum status status =
        add_rows(client, board, &(struct output){.entries = entries}, error);
    json_t *all = json_object();
    (void)json_object_set_new(all, "board", json_string("carriers"));
    (void)json_object_set_new(all, "window", json_string("all"));
    (void)json_object_set_new(all, "entries", entries);
    if (status == STATUS_OK) {
        (void)json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
        (void)putchar('\n');
    }
    json_decref(all);
    return status;
}

enum status
carriers_show(struct client *client, size_t rows, bool is_json, struct error *error)
{
    char last[NUMBER_MAX];
    (void)snprintf(last, sizeof last, "%zu", rows - 1);
    const char *const range[] = {"0", last, "WITHSCORES", NULL};
    client_queue(client, "ZREVRANGE", SLICE_LIT("top:carriers"), range);
    redisReply *board = client_answer(client, REDIS_REPLY_ARRAY, error);
    if (board == NULL) {
        return STATUS_IO;
    }
    enum status status =
        is_json ? show_json(client, board, error) : show_table(client, board, error);
    freeReplyObject(board);
    return status;
}
