#include "sinks/redis/redis_reader.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/decimal.h"

// hiredis 1.x has another type for the number of elements.
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

enum { NUMBER_MAX = 20 };

struct redis_reader {
    redisReader *parser;
    redis_item_fn on_item;
    void *context;
    bool is_omitting; // the next string is longer than the limit
    size_t rest;      // of its bytes, to skip
};

// hiredis needs an object for each item and only checks if it is NULL.
static char nothing;

static void *
hand_out(const redisReadTask *task, struct redis_item item)
{
    struct redis_reader *reader = task->privdata;
    for (const redisReadTask *up = task->parent; up != NULL; up = up->parent) {
        item.depth++;
    }
    item.index = task->parent != NULL ? (size_t)task->idx : 0;
    reader->on_item(reader->context, &item);
    return &nothing;
}

static void *
// NOLINTNEXTLINE(readability-non-const-parameter): hiredis' type
on_string(const redisReadTask *task, char *bytes, size_t length)
{
    struct redis_reader *reader = task->privdata;
    enum redis_item_type type = task->type == REDIS_REPLY_STATUS  ? REDIS_ITEM_STATUS
                                : task->type == REDIS_REPLY_ERROR ? REDIS_ITEM_ERROR
                                                                  : REDIS_ITEM_STRING;
    struct redis_item item = {.type = type, .text = {bytes, length}};
    if (reader->is_omitting) {
        reader->is_omitting = false;
        item.text.len = 0;
        item.is_omitted = true;
    }
    return hand_out(task, item);
}

static void *
on_array(const redisReadTask *task, element_count count)
{
    return hand_out(
        task, (struct redis_item){.type = REDIS_ITEM_ARRAY, .number = (int64_t)count});
}

static void *
on_integer(const redisReadTask *task, long long value)
{
    return hand_out(task,
                    (struct redis_item){.type = REDIS_ITEM_INTEGER, .number = value});
}

static void *
on_nil(const redisReadTask *task)
{
    return hand_out(task, (struct redis_item){.type = REDIS_ITEM_NIL});
}

static redisReplyObjectFunctions functions = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
};

const char *
redis_reader_print(struct slice from, char *text, size_t size)
{
    size_t length = from.len < size - 1 ? from.len : size - 1;
    for (size_t i = 0; i < length; i++) {
        bool is_plain = from.ptr[i] >= ' ' && from.ptr[i] <= '~';
        text[i] = is_plain ? from.ptr[i] : '?';
    }
    text[length] = '\0';
    return text;
}

struct redis_reader *
redis_reader_create(redis_item_fn on_item, void *context)
{
    struct redis_reader *reader = malloc(sizeof(*reader));
    redisReader *parser = redisReaderCreateWithFunctions(&functions);
    if (reader == NULL || parser == NULL) {
        if (parser != NULL) {
            redisReaderFree(parser);
        }
        free(reader);
        return NULL;
    }
    *reader = (struct redis_reader){
        .parser = parser,
        .on_item = on_item,
        .context = context,
    };
    parser->privdata = reader;
    // Keeps the emptied buffer, so that a steady load does not call malloc.
    parser->maxbuf = 0;
    return reader;
}

void
redis_reader_destroy(struct redis_reader **reader)
{
    if (*reader != NULL) {
        redisReaderFree((*reader)->parser);
        free(*reader);
        *reader = NULL;
    }
}

// Whether the incomplete item is a string, and how many bytes it has from here on.
// hiredis has read its type: after a whole line only a string is incomplete.
static bool
find_string(const redisReader *parser, size_t *ret_size)
{
    const char *at = parser->buf + parser->pos;
    size_t size = parser->len - parser->pos;
    const char *end = memchr(at, '\n', size < NUMBER_MAX ? size : NUMBER_MAX);
    uint64_t length;
    if (end == NULL || end == at ||
        !decimal_parse_whole((struct slice){at, (size_t)(end - at) - 1}, &length)) {
        return false;
    }
    *ret_size = (size_t)(end - at) + 1 + length + 2;
    return true;
}

// Makes a shorter string of what has arrived of the incomplete one, in its place; the
// rest of it is skipped when it arrives.
static enum status
omit(struct redis_reader *reader, size_t size)
{
    redisReader *parser = reader->parser;
    size_t arrived = parser->len - parser->pos;
    char head[NUMBER_MAX + 2];
    int len = snprintf(head, sizeof(head), "%zu\r\n", arrived);
    memcpy(parser->buf + parser->pos, head, (size_t)len);
    reader->rest = size - arrived;
    reader->is_omitting = true;
    // As many bytes as its length and the ends of both lines take.
    return redisReaderFeed(parser, head, (size_t)len) == REDIS_OK &&
                   redisReaderFeed(parser, "\r\n", 2) == REDIS_OK
               ? STATUS_OK
               : STATUS_NOMEM;
}

enum status
redis_reader_feed(struct redis_reader *reader, struct slice bytes, struct error *error)
{
    redisReader *parser = reader->parser;
    if (parser->len - parser->pos + bytes.len > REDIS_READER_BYTES_MAX) {
        size_t size;
        if (!find_string(parser, &size)) {
            return error_set(error, STATUS_RANGE, "one item has more than %d bytes",
                             REDIS_READER_BYTES_MAX);
        }
        if (size > REDIS_READER_BYTES_MAX && omit(reader, size) != STATUS_OK) {
            return error_set(error, STATUS_NOMEM, "%s", parser->errstr);
        }
    }
    size_t skipped = reader->rest < bytes.len ? reader->rest : bytes.len;
    reader->rest -= skipped;
    bytes = (struct slice){bytes.ptr + skipped, bytes.len - skipped};
    if (redisReaderFeed(parser, bytes.ptr, bytes.len) != REDIS_OK) {
        return error_set(error, STATUS_NOMEM, "%s", parser->errstr);
    }
    return STATUS_OK;
}

enum status
redis_reader_next(struct redis_reader *reader, struct error *error)
{
    void *reply = NULL;
    if (redisReaderGetReply(reader->parser, &reply) == REDIS_OK) {
        return reply != NULL ? STATUS_OK : STATUS_AGAIN;
    }
    return error_set(error, STATUS_PARSE, "%s", reader->parser->errstr);
}
