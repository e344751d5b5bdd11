// The reply path: whatever a server sends, cut in whatever way, gives one verdict.
//
// The first byte says which exchange is under way and how many commands it had, the
// second steers the cutting; the rest is what the server sends.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    struct redis_answer answer;
    enum status status;
    size_t replies;
    size_t items;
    uint64_t sum;
};

static void
mix(struct run *run, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        run->sum = (run->sum ^ (unsigned char)bytes.ptr[i]) * 0x100000001b3u;
    }
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct run *run = context;
    run->items++;
    mix(run, item->text);
    if (run->answer.reply < redis_answer_replies(&run->answer)) {
        mix(run, redis_answer_item(&run->answer, item));
    }
}

static struct run
go(enum redis_exchange exchange, size_t commands, struct slice bytes, size_t step)
{
    struct run run = {.status = STATUS_AGAIN};
    struct redis_reader *reader = redis_reader_create(on_item, &run);
    if (reader == NULL) {
        abort();
    }
    redis_answer_begin(&run.answer, exchange, commands);
    for (size_t at = 0; at < bytes.len && run.status == STATUS_AGAIN; at += step) {
        size_t length = bytes.len - at < step ? bytes.len - at : step;
        run.status =
            redis_reader_feed(reader, (struct slice){bytes.ptr + at, length}, NULL);
        while (run.status == STATUS_OK) {
            run.status = redis_reader_next(reader, NULL);
            if (run.status == STATUS_OK) {
                run.replies++;
                redis_answer_reply(&run.answer);
            }
        }
    }
    redis_reader_destroy(&reader);
    return run;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    enum redis_exchange exchange = (enum redis_exchange)(data[0] % 3);
    size_t commands = exchange == REDIS_EXCHANGE_BATCH ? data[0] / 3 : 0;
    const struct slice bytes = {(const char *)data + 2, size - 2};
    struct run whole = go(exchange, commands, bytes, bytes.len + 1);
    struct run cut = go(exchange, commands, bytes, (size_t)data[1] % 16 + 1);
    if (whole.status != cut.status || whole.replies != cut.replies ||
        whole.items != cut.items || whole.sum != cut.sum ||
        memcmp(&whole.answer, &cut.answer, sizeof(whole.answer)) != 0) {
        abort();
    }
    if (whole.answer.repair_count > REDIS_ANSWER_REPAIRS_MAX ||
        memchr(whole.answer.text, '\0', sizeof(whole.answer.text)) == NULL) {
        abort();
    }
    return 0;
}
