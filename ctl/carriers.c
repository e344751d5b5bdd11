#include "ctl/carriers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "ingest/text/cell.h"
#include "ctl/print.h"
#include "ctl/values.h"

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

// ── as a table ─────────────────────────────────────────────────────────────

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
    struct slice handle = values_at(row->user, 0);
    (void)snprintf(text, sizeof text, "%zu", rank);
    cell_put_aligned(out, slice_of(text), RANK_COLUMNS, CELL_RIGHT);
    values_put_score(out, row->score, PEOPLE_COLUMNS);
    buffer_append(out, handle.len != 0 ? SLICE_LIT(" @") : SLICE_LIT("  "));
    cell_put_aligned(out, handle.len != 0 ? handle : row->id, WHO_COLUMNS, CELL_LEFT);
    buffer_append(out, SLICE_LIT("  "));
    (void)cell_put(out, values_field(row->carrier, SLICE_LIT("why")), WHY_COLUMNS);
    buffer_append_byte(out, '\n');
}

// ── as JSON ────────────────────────────────────────────────────────────────

static bool
is_text(struct slice name)
{
    return slice_equal(name, SLICE_LIT("why")) ||
           slice_equal(name, SLICE_LIT("best_post"));
}

static void
put_json(struct buffer *json, size_t rank, const struct row *row)
{
    json_writer_open(json, '{');
    json_writer_put_u64(json, "rank", rank);
    json_writer_put_text(json, "id", row->id);
    values_put_json(json, SLICE_LIT("value"), row->score);
    values_put_json_text(json, SLICE_LIT("handle"), values_at(row->user, 0));
    values_put_json_text(json, SLICE_LIT("name"), values_at(row->user, 1));
    for (size_t i = 0; i + 1 < row->carrier->elements; i += 2) {
        struct slice name = client_text(row->carrier->element[i]);
        struct slice value = client_text(row->carrier->element[i + 1]);
        if (name.len != 0 && is_text(name)) {
            values_put_json_text(json, name, value);
        } else if (name.len != 0) {
            values_put_json(json, name, value);
        }
    }
    json_writer_close(json, '}');
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

struct output {
    struct buffer *text;
    bool is_json;
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
    if (user != NULL && output->is_json) {
        put_json(output->text, rank, row);
    } else if (user != NULL) {
        put_row(output->text, rank, row);
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
put_table(struct client *client, const redisReply *board, struct buffer *out,
          struct error *error)
{
    if (board->elements < 2) {
        buffer_append(out, SLICE_LIT("top:carriers is empty\n"));
    } else {
        put_head(out);
    }
    return add_rows(client, board, &(struct output){out, false}, error);
}

static enum status
put_board(struct client *client, const redisReply *board, struct buffer *out,
          struct error *error)
{
    json_writer_open(out, '{');
    json_writer_put_text(out, "board", SLICE_LIT("carriers"));
    json_writer_put_text(out, "window", SLICE_LIT("all"));
    json_writer_name(out, SLICE_LIT("entries"));
    json_writer_open(out, '[');
    enum status status = add_rows(client, board, &(struct output){out, true}, error);
    json_writer_close(out, ']');
    json_writer_close(out, '}');
    buffer_append_byte(out, '\n');
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
    struct buffer out;
    buffer_init(&out, OUTPUT_MAX);
    enum status status = is_json ? put_board(client, board, &out, error)
                                 : put_table(client, board, &out, error);
    if (status == STATUS_OK) {
        print_buffer(&out);
    }
    buffer_fini(&out);
    freeReplyObject(board);
    return status;
}
