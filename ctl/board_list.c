#include "ctl/board_list.h"

#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "ctl/board.h"
#include "ingest/text/cell.h"
#include "ctl/print.h"
#include "ctl/values.h"

enum {
    KEY_MAX = 4096,
    NUMBER_MAX = 24,
    RANK_COLUMNS = 4,
    SCORE_COLUMNS = 14,
    TEXT_COLUMNS = 300
};

static const char *const lasting[] = {"carriers", "early", "carriers_estimated"};
enum { LASTING = sizeof lasting / sizeof *lasting };

// What the members of a board are.
enum kind { KIND_PEOPLE, KIND_CASCADES, KIND_HASHTAGS };

struct list {
    const struct board_list_request *request;
    enum kind kind;
    struct buffer out;
};

static bool
is_lasting(const char *metric)
{
    for (size_t i = 0; i < LASTING; i++) {
        if (strcmp(metric, lasting[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_of_window(const char *metric)
{
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        if (strcmp(metric, board_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum status
check(const struct board_list_request *request, struct error *error)
{
    bool has_window = request->window != NULL && strcmp(request->window, "all") != 0;
    struct buffer names;
    if (is_lasting(request->metric) && has_window) {
        return error_set(error, STATUS_RANGE,
                         "the board %s has no window: leave it out", request->metric);
    }
    if (is_of_window(request->metric) && !has_window) {
        return error_set(error, STATUS_RANGE,
                         "give a window for the board %s, such as 1h", request->metric);
    }
    if (is_lasting(request->metric) || is_of_window(request->metric)) {
        return STATUS_OK;
    }
    buffer_init(&names, KEY_MAX);
    for (size_t i = 0; i < BOARD_COUNT + LASTING; i++) {
        buffer_append_byte(&names, ' ');
        buffer_append(&names, slice_of(i < BOARD_COUNT ? board_names[i]
                                                       : lasting[i - BOARD_COUNT]));
    }
    (void)error_set(error, STATUS_RANGE, "no board \"%.100s\": there are%.*s",
                    request->metric, SLICE_ARG(buffer_text(&names)));
    buffer_fini(&names);
    return STATUS_RANGE;
}

static void
ask_board(struct client *client, const struct board_list_request *request)
{
    char last[NUMBER_MAX];
    struct buffer key;
    (void)snprintf(last, sizeof last, "%zu", request->rows - 1);
    const char *const range[] = {"0", last, "WITHSCORES", NULL};
    buffer_init(&key, KEY_MAX);
    buffer_append(&key, SLICE_LIT("top:"));
    buffer_append(&key, slice_of(request->metric));
    if (!is_lasting(request->metric)) {
        buffer_append_byte(&key, ':');
        buffer_append(&key, slice_of(request->window));
    }
    client_queue(client, "ZREVRANGE", buffer_text(&key), range);
    buffer_fini(&key);
}

static void
ask_details(struct client *client, const struct list *list, const redisReply *board)
{
    static const char *const fields[] = {"handle", "name", "text", NULL};
    const char *head = list->kind == KIND_CASCADES ? "cascade:" : "user:";
    for (size_t i = 0; i + 1 < board->elements && list->kind != KIND_HASHTAGS; i += 2) {
        struct buffer key;
        buffer_init(&key, KEY_MAX);
        buffer_append(&key, slice_of(head));
        buffer_append(&key, client_text(board->element[i]));
        client_queue(client, "HMGET", buffer_text(&key), fields);
        buffer_fini(&key);
    }
}

struct row {
    size_t rank;
    struct slice id;
    struct slice score;
    struct slice handle, name, text;
};

static void
put_line(struct list *list, const struct row *row)
{
    char number[CELL_NUMBER_MAX];
    struct buffer *out = &list->out;
    print_put(out, "%*zu", RANK_COLUMNS, row->rank);
    if (is_lasting(list->request->metric)) {
        values_put_score(out, row->score, SCORE_COLUMNS);
    } else {
        cell_put_aligned(out, cell_number(row->score, number), SCORE_COLUMNS,
                         CELL_RIGHT);
    }
    buffer_append(out, list->kind == KIND_HASHTAGS ? SLICE_LIT("  #")
                       : row->handle.len != 0      ? SLICE_LIT("  @")
                                                   : SLICE_LIT("  "));
    (void)cell_put(out, row->handle.len != 0 ? row->handle : row->id, TEXT_COLUMNS);
    if (row->handle.len != 0) {
        buffer_append(out, SLICE_LIT("  "));
        (void)cell_put(out, row->id, TEXT_COLUMNS);
    }
    if (row->text.len != 0) {
        buffer_append(out, SLICE_LIT("  "));
        (void)cell_put(out, row->text, TEXT_COLUMNS);
    }
    buffer_append_byte(out, '\n');
}

static void
put_json(struct list *list, const struct row *row)
{
    struct buffer *out = &list->out;
    json_writer_open(out, '{');
    json_writer_put_u64(out, "rank", row->rank);
    json_writer_put_text(out, "id", row->id);
    values_put_json(out, SLICE_LIT("value"), row->score);
    if (list->kind != KIND_HASHTAGS) {
        values_put_json_text(out, SLICE_LIT("handle"), row->handle);
    }
    if (list->kind == KIND_PEOPLE) {
        values_put_json_text(out, SLICE_LIT("name"), row->name);
    } else if (list->kind == KIND_CASCADES) {
        values_put_json_text(out, SLICE_LIT("text"), row->text);
    }
    json_writer_close(out, '}');
}

static enum status
put_rows(struct client *client, struct list *list, const redisReply *board,
         struct error *error)
{
    for (size_t i = 0; i + 1 < board->elements; i += 2) {
        redisReply *details = NULL;
        struct row row = {
            .rank = i / 2 + 1,
            .id = client_text(board->element[i]),
            .score = client_text(board->element[i + 1]),
        };
        if (list->kind != KIND_HASHTAGS) {
            details = client_answer(client, REDIS_REPLY_ARRAY, error);
            if (details == NULL) {
                return STATUS_IO;
            }
            row.handle = values_at(details, 0);
            row.name = values_at(details, 1);
            row.text = values_at(details, 2);
        }
        if (list->request->is_json) {
            put_json(list, &row);
        } else {
            put_line(list, &row);
        }
        freeReplyObject(details);
    }
    return STATUS_OK;
}

static void
put_head(struct list *list)
{
    const char *window =
        is_lasting(list->request->metric) ? "all" : list->request->window;
    json_writer_open(&list->out, '{');
    json_writer_put_text(&list->out, "board", slice_of(list->request->metric));
    json_writer_put_text(&list->out, "window", slice_of(window));
    json_writer_name(&list->out, SLICE_LIT("entries"));
    json_writer_open(&list->out, '[');
}

static void
put_end(struct list *list, bool is_empty)
{
    if (list->request->is_json) {
        json_writer_close(&list->out, ']');
        json_writer_close(&list->out, '}');
        buffer_append_byte(&list->out, '\n');
    } else if (is_empty) {
        buffer_append(
            &list->out,
            SLICE_LIT("the board is empty: nothing is counted in it, or there "
                      "is no such window\n"));
    }
}

enum status
board_list_show(struct client *client, const struct board_list_request *request,
                struct error *error)
{
    struct list list = {
        .request = request,
        .kind = strcmp(request->metric, "cascades") == 0   ? KIND_CASCADES
                : strcmp(request->metric, "hashtags") == 0 ? KIND_HASHTAGS
                                                           : KIND_PEOPLE,
    };
    enum status status = check(request, error);
    if (status != STATUS_OK) {
        return status;
    }
    ask_board(client, request);
    redisReply *board = client_answer(client, REDIS_REPLY_ARRAY, error);
    if (board == NULL) {
        return STATUS_IO;
    }
    buffer_init(&list.out, PRINT_TEXT_MAX);
    if (request->is_json) {
        put_head(&list);
    }
    ask_details(client, &list, board);
    status = put_rows(client, &list, board, error);
    put_end(&list, board->elements < 2);
    freeReplyObject(board);
    if (status == STATUS_OK) {
        print_buffer(&list.out);
    } else {
        buffer_fini(&list.out);
    }
    return status;
}
