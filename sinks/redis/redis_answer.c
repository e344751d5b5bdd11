#include "sinks/redis/redis_answer.h"

#include <string.h>

#include "base/decimal.h"
#include "sinks/redis/redis_batch.h"

enum greet_reply { GREET_INFO, GREET_WATCH, GREET_EPOCH, GREET_OWNER };

void
redis_answer_begin(struct redis_answer *answer, enum redis_exchange exchange,
                   size_t commands)
{
    *answer = (struct redis_answer){.exchange = exchange, .commands = commands};
}

size_t
redis_answer_replies(const struct redis_answer *answer)
{
    switch (answer->exchange) {
    case REDIS_EXCHANGE_GREET:
        return REDIS_GREET_REPLIES;
    case REDIS_EXCHANGE_BATCH:
        return REDIS_BATCH_HEAD + answer->commands + REDIS_BATCH_TAIL;
    case REDIS_EXCHANGE_RECALL:
    case REDIS_EXCHANGE_PROBE:
        return answer->commands;
    case REDIS_EXCHANGE_SCAN:
        break;
    }
    return 1;
}

static void
note_error(struct redis_answer *answer, struct slice text)
{
    enum redis_error_kind kind = redis_error_kind_of(text);
    if (answer->kind == REDIS_ERROR_NONE) {
        answer->kind = kind;
        redis_reader_print(text, answer->text, sizeof(answer->text));
    }
}

static void
take_epoch(struct redis_answer *answer, const struct redis_item *item)
{
    bool is_wrong = item->type == REDIS_ITEM_ERROR &&
                    redis_error_kind_of(item->text) == REDIS_ERROR_WRONGTYPE;
    if (is_wrong) {
        answer->is_epoch_bad = true;
    } else if (item->type == REDIS_ITEM_ERROR) {
        note_error(answer, item->text);
    } else if (item->type == REDIS_ITEM_STRING) {
        answer->is_epoch_bad = !decimal_parse_whole(item->text, &answer->epoch);
    } else if (item->type != REDIS_ITEM_NIL) {
        answer->is_odd = true;
    }
}

// Any reply but OK is odd.
static void
take_status(struct redis_answer *answer, const struct redis_item *item)
{
    if (item->type == REDIS_ITEM_ERROR) {
        note_error(answer, item->text);
    } else if (item->type != REDIS_ITEM_STATUS) {
        answer->is_odd = true;
    }
}

// The value behind "name:" at the start of a line.
static void
read_info(struct slice info, const char *name, char value[REDIS_ANSWER_NAME_MAX])
{
    size_t len = strlen(name);
    for (size_t i = 1; i + len + 1 < info.len; i++) {
        if (info.ptr[i - 1] == '\n' && info.ptr[i + len] == ':' &&
            memcmp(info.ptr + i, name, len) == 0) {
            struct slice rest = {info.ptr + i + len + 1, info.len - i - len - 1};
            const char *end = memchr(rest.ptr, '\r', rest.len);
            rest.len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
            redis_reader_print(rest, value, REDIS_ANSWER_NAME_MAX);
            return;
        }
    }
}

bool
redis_answer_is_evicting(struct slice info, char policy[REDIS_ANSWER_NAME_MAX])
{
    char most[REDIS_ANSWER_NAME_MAX] = "0";
    policy[0] = '\0';
    read_info(info, "maxmemory", most);
    read_info(info, "maxmemory_policy", policy);
    return strcmp(most, "0") != 0 && policy[0] != '\0' &&
           strcmp(policy, "noeviction") != 0;
}

static void
take_info(struct redis_answer *answer, struct slice info)
{
    char mode[REDIS_ANSWER_NAME_MAX] = "";
    read_info(info, "redis_mode", mode);
    if (strcmp(mode, "sentinel") == 0) {
        note_error(answer, SLICE_LIT("ERR this server is a Sentinel"));
    }
    read_info(info, "run_id", answer->run_id);
    answer->is_evicting = redis_answer_is_evicting(info, answer->policy);
}

static void
take_greeting(struct redis_answer *answer, const struct redis_item *item)
{
    switch ((enum greet_reply)answer->reply) {
    case GREET_INFO:
        // A user without the right to INFO gets an error; the run is then not known.
        // The text is kept, because the server may close the connection next.
        if (item->type == REDIS_ITEM_STRING) {
            take_info(answer, item->text);
        } else if (item->type == REDIS_ITEM_ERROR) {
            redis_reader_print(item->text, answer->text, sizeof(answer->text));
            answer->is_info_refused =
                redis_error_kind_of(item->text) == REDIS_ERROR_NOPERM;
        }
        break;
    case GREET_WATCH:
        take_status(answer, item);
        break;
    case GREET_EPOCH:
        take_epoch(answer, item);
        break;
    case GREET_OWNER:
        if (item->type == REDIS_ITEM_STRING) {
            redis_reader_print(item->text, answer->owner, sizeof(answer->owner));
        }
        break;
    }
}

static void
take_executed(struct redis_answer *answer, const struct redis_item *item)
{
    if (item->type == REDIS_ITEM_INTEGER) {
        answer->last_integer = item->number;
    } else if (item->type == REDIS_ITEM_ERROR) {
        bool is_wrong = redis_error_kind_of(item->text) == REDIS_ERROR_WRONGTYPE;
        note_error(answer, item->text);
        if (is_wrong && answer->repair_count < REDIS_ANSWER_REPAIRS_MAX &&
            item->index < answer->commands) {
            answer->repairs[answer->repair_count++] = item->index;
        }
    }
}

static void
take_exec(struct redis_answer *answer, const struct redis_item *item)
{
    if (item->depth == 2) {
        return; // redis_answer_is_element
    }
    if (item->depth == 1) {
        take_executed(answer, item);
    } else if (item->type == REDIS_ITEM_ERROR) {
        note_error(answer, item->text);
    } else if (item->type == REDIS_ITEM_NIL) {
        answer->is_fenced = true;
    } else if (item->type == REDIS_ITEM_ARRAY && item->depth == 0 &&
               (uint64_t)item->number == answer->commands) {
        answer->is_executed = true;
    } else {
        answer->is_odd = true;
    }
}

static void
take_batch(struct redis_answer *answer, const struct redis_item *item)
{
    size_t exec = REDIS_BATCH_HEAD + answer->commands;
    if (answer->reply < exec) {
        take_status(answer, item);
    } else if (answer->reply == exec) {
        take_exec(answer, item);
    } else if (answer->reply == exec + 1) {
        take_status(answer, item);
    } else {
        take_epoch(answer, item);
    }
}

bool
redis_answer_is_element(const struct redis_answer *answer,
                        const struct redis_item *item)
{
    return answer->exchange == REDIS_EXCHANGE_BATCH &&
           answer->reply == REDIS_BATCH_HEAD + answer->commands && item->depth == 2;
}

// A key of another type has no value; the flush repairs it.
static struct slice
take_recall(struct redis_answer *answer, const struct redis_item *item)
{
    bool is_optional =
        answer->is_last_optional && answer->reply + 1 == answer->commands;
    if (item->type == REDIS_ITEM_ERROR) {
        if (!is_optional && redis_error_kind_of(item->text) != REDIS_ERROR_WRONGTYPE) {
            note_error(answer, item->text);
        }
    } else if (item->depth == 1 && item->type == REDIS_ITEM_STRING) {
        return item->text;
    } else if (item->depth != 0 || item->type != REDIS_ITEM_ARRAY) {
        answer->is_odd = true;
    }
    return SLICE_NONE;
}

static struct slice
take_scan(struct redis_answer *answer, const struct redis_item *item)
{
    if (item->type == REDIS_ITEM_ERROR) {
        note_error(answer, item->text);
    } else if (item->depth == 1 && item->index == 0 &&
               item->type == REDIS_ITEM_STRING) {
        redis_reader_print(item->text, answer->cursor, sizeof(answer->cursor));
    } else if (item->depth == 2 && item->type == REDIS_ITEM_STRING) {
        return item->text;
    } else if (item->type != REDIS_ITEM_ARRAY || item->number > REDIS_ANSWER_KEYS_MAX) {
        answer->is_odd = true;
    }
    return SLICE_NONE;
}

struct slice
redis_answer_item(struct redis_answer *answer, const struct redis_item *item)
{
    switch (answer->exchange) {
    case REDIS_EXCHANGE_GREET:
        take_greeting(answer, item);
        break;
    case REDIS_EXCHANGE_BATCH:
        take_batch(answer, item);
        break;
    case REDIS_EXCHANGE_RECALL:
        return take_recall(answer, item);
    case REDIS_EXCHANGE_SCAN:
        return take_scan(answer, item);
    case REDIS_EXCHANGE_PROBE:
        break;
    }
    return SLICE_NONE;
}

void
redis_answer_reply(struct redis_answer *answer)
{
    answer->reply++;
    bool is_last = answer->reply == redis_answer_replies(answer);
    if (is_last && answer->kind == REDIS_ERROR_NONE) {
        bool lacks_exec = answer->exchange == REDIS_EXCHANGE_BATCH &&
                          !answer->is_executed && !answer->is_fenced;
        bool lacks_cursor =
            answer->exchange == REDIS_EXCHANGE_SCAN && answer->cursor[0] == '\0';
        answer->is_odd = answer->is_odd || lacks_exec || lacks_cursor;
    }
}
