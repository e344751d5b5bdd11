#include "sinks/redis/redis_reader.h"

#include <stdbool.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

// hiredis 1.x has another type for the number of elements.
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct redis_reader {
    redisReader *parser;
    redis_item_fn on_item;
    void *context;
    bool is_too_long; // an array was
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
    enum redis_item_type type = task->type == REDIS_REPLY_STATUS  ? REDIS_ITEM_STATUS
                                : task->type == REDIS_REPLY_ERROR ? REDIS_ITEM_ERROR
                                                                  : REDIS_ITEM_STRING;
    return hand_out(task, (struct redis_item){.type = type, .text = {bytes, length}});
}

static void *
on_array(const redisReadTask *task, element_count count)
{
    struct redis_reader *reader = task->privdata;
    if (count > REDIS_READER_ELEMENTS_MAX) {
        reader->is_too_long = true;
        return NULL;
    }
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

enum status
redis_reader_feed(struct redis_reader *reader, struct slice bytes, struct error *error)
{
    redisReader *parser = reader->parser;
    if (parser->len - parser->pos + bytes.len > REDIS_READER_BYTES_MAX) {
        return error_set(error, STATUS_RANGE, "one item has more than %d bytes",
                         REDIS_READER_BYTES_MAX);
    }
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
    if (reader->is_too_long) {
        return error_set(error, STATUS_RANGE, "an array has more than %d elements",
                         REDIS_READER_ELEMENTS_MAX);
    }
    return error_set(error, STATUS_PARSE, "%s", reader->parser->errstr);
}
