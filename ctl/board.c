#include "ctl/board.h"

#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

#define BOARD_NAME(symbol, name, title) name,
#define BOARD_TITLE(symbol, name, title) title,
const char *const board_names[BOARD_COUNT] = {BOARD_LIST(BOARD_NAME)};
const char *const board_titles[BOARD_COUNT] = {BOARD_LIST(BOARD_TITLE)};
#undef BOARD_NAME
#undef BOARD_TITLE

enum { META_FIELDS = 4, TEXT_MAX = 64, KEY_MAX = 4096 };

// The fields requested of a row's user or cascade; hashtags have none.
static const char *const detail_fields[] = {"handle", "text", NULL};

static const char *
detail_prefix(size_t board)
{
    switch ((enum board_index)board) {
    case BOARD_HASHTAGS:
        return NULL;
    case BOARD_CASCADES:
        return "cascade:";
    case BOARD_CARRIED:
    case BOARD_TRANSLATED:
    case BOARD_RETWEETS:
    case BOARD_INFLUENCE:
    case BOARD_MENTIONS:
    case BOARD_REACH:
    case BOARD_QUOTES:
    case BOARD_REPLIES:
    case BOARD_POSTS:
    case BOARD_COUNT:
        break;
    }
    return "user:";
}

static void
ask_boards(struct client *client, struct board_request request)
{
    static const char *const meta[] = {"clock_ms", "posts", "lag_ms", "complete", NULL};
    client_queue(client, "HMGET", SLICE_LIT("meta"), meta);
    char last[TEXT_MAX];
    (void)snprintf(last, sizeof last, "%zu", request.rows - 1);
    const char *const range[] = {"0", last, "WITHSCORES", NULL};
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        struct buffer key;
        char name[TEXT_MAX];
        (void)snprintf(name, sizeof name, "top:%s:%.*s", board_names[i],
                       BOARD_WINDOW_MAX, request.window);
        buffer_init(&key, KEY_MAX);
        buffer_append(&key, request.scope);
        buffer_append(&key, slice_of(name));
        client_queue(client, "ZREVRANGE", buffer_text(&key), range);
        buffer_fini(&key);
    }
}

// Replies from Redis are not trusted: every row must have its two strings.
static size_t
rows_of(const redisReply *entries, size_t most)
{
    size_t rows = 0;
    while (rows < most && 2 * rows + 1 < entries->elements &&
           entries->element[2 * rows]->type == REDIS_REPLY_STRING &&
           entries->element[2 * rows + 1]->type == REDIS_REPLY_STRING) {
        rows++;
    }
    return rows;
}

static enum status
answer_boards(struct client *client, size_t rows, struct board_snapshot *snapshot,
              struct error *error)
{
    struct board_meta *meta = &snapshot->meta;
    meta->reply = client_answer(client, REDIS_REPLY_ARRAY, error);
    if (meta->reply == NULL) {
        return STATUS_IO;
    }
    if (meta->reply->elements != META_FIELDS) {
        return error_set(error, STATUS_PARSE, "Redis answers with too few values");
    }
    meta->clock_ms = client_text(meta->reply->element[0]);
    meta->posts = client_text(meta->reply->element[1]);
    meta->lag_ms = client_text(meta->reply->element[2]);
    meta->complete = client_text(meta->reply->element[3]);
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        struct board *board = &snapshot->boards[i];
        board->entries = client_answer(client, REDIS_REPLY_ARRAY, error);
        if (board->entries == NULL) {
            return STATUS_IO;
        }
        board->count = rows_of(board->entries, rows);
    }
    return STATUS_OK;
}

static void
ask_details(struct client *client, const struct board_snapshot *snapshot)
{
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        const char *prefix = detail_prefix(i);
        for (size_t row = 0; prefix != NULL && row < snapshot->boards[i].count; row++) {
            struct buffer key;
            buffer_init(&key, KEY_MAX);
            buffer_append(&key, slice_of(prefix));
            buffer_append(&key, board_member(&snapshot->boards[i], row));
            client_queue(client, "HMGET", buffer_text(&key), detail_fields);
            buffer_fini(&key);
        }
    }
}

static enum status
answer_details(struct client *client, struct board_snapshot *snapshot,
               struct error *error)
{
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        struct board *board = &snapshot->boards[i];
        for (size_t row = 0; detail_prefix(i) != NULL && row < board->count; row++) {
            board->details[row] = client_answer(client, REDIS_REPLY_ARRAY, error);
            if (board->details[row] == NULL) {
                return STATUS_IO;
            }
        }
    }
    return STATUS_OK;
}

enum status
board_pull(struct client *client, struct board_request request,
           struct board_snapshot *ret_snapshot, struct error *error)
{
    memset(ret_snapshot, 0, sizeof *ret_snapshot);
    request.rows = request.rows < BOARD_ROWS_MAX ? request.rows : BOARD_ROWS_MAX;
    ask_boards(client, request);
    enum status status = answer_boards(client, request.rows, ret_snapshot, error);
    if (status != STATUS_OK) {
        return status;
    }
    ask_details(client, ret_snapshot);
    return answer_details(client, ret_snapshot, error);
}

void
board_drop(struct board_snapshot *snapshot)
{
    freeReplyObject(snapshot->meta.reply);
    for (size_t i = 0; i < BOARD_COUNT; i++) {
        struct board *board = &snapshot->boards[i];
        for (size_t row = 0; row < board->count; row++) {
            freeReplyObject(board->details[row]);
        }
        freeReplyObject(board->entries);
    }
    memset(snapshot, 0, sizeof *snapshot);
}

struct slice
board_member(const struct board *board, size_t row)
{
    return client_text(board->entries->element[2 * row]);
}

struct slice
board_score(const struct board *board, size_t row)
{
    return client_text(board->entries->element[2 * row + 1]);
}

static struct slice
detail(const struct board *board, size_t row, size_t field)
{
    const redisReply *details = board->details[row];
    if (details == NULL || field >= details->elements) {
        return SLICE_NONE;
    }
    return client_text(details->element[field]);
}

struct slice
board_handle(const struct board *board, size_t row)
{
    return detail(board, row, 0);
}

struct slice
board_text(const struct board *board, size_t row)
{
    return detail(board, row, 1);
}
