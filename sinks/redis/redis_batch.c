#include "sinks/redis/redis_batch.h"

#include <assert.h>

#include "base/decimal.h"
#include "sinks/redis/redis_write.h"

enum {
    BATCH_LIMIT = 1 << 30,
    BATCH_KEPT = 4 << 20,  // memory kept after a transaction
    ZSET_CHUNK = 500,      // members of one ZADD or ZREM
    COMMAND_OVERHEAD = 64, // "*<n>" and the command's own name
};

void
redis_batch_init(struct redis_batch *batch)
{
    *batch = (struct redis_batch){.commands = 0};
    buffer_init(&batch->text, BATCH_LIMIT);
}

void
redis_batch_fini(struct redis_batch *batch)
{
    buffer_fini(&batch->text);
}

void
redis_batch_reset(struct redis_batch *batch)
{
    if (batch->text.capacity > BATCH_KEPT) {
        buffer_fini(&batch->text);
        buffer_init(&batch->text, BATCH_LIMIT);
    }
    buffer_reset(&batch->text);
    batch->commands = 0;
    batch->changes = 0;
    batch->entries = 0;
}

void
redis_batch_begin(struct redis_batch *batch)
{
    redis_batch_reset(batch);
    buffer_append(&batch->text, SLICE_LIT("*1\r\n$5\r\nMULTI\r\n"));
}

void
redis_batch_append(struct redis_batch *batch, const struct redis_batch *commands)
{
    buffer_append(&batch->text, buffer_text(&commands->text));
    batch->commands += commands->commands;
}

// Room for a command of `words` words with `bytes` bytes in all, its key included.
static char *
reserve(struct redis_batch *batch, struct redis_name key, size_t words, size_t bytes)
{
    size_t size = words * REDIS_WRITE_FRAME + key.head.len + key.tail.len + bytes;
    return buffer_extend(&batch->text, size + COMMAND_OVERHEAD);
}

// Frees what was reserved behind `end`.
static void
settle(struct redis_batch *batch, const char *end)
{
    batch->text.size = (size_t)(end - batch->text.bytes);
    batch->commands++;
}

static char *
write_start(char *at, size_t words, struct slice command, struct redis_name key)
{
    at = redis_write_mark(at, '*', words);
    at = redis_write_word(at, command);
    return redis_write_pair(at, key.head, key.tail);
}

static char *
write_number_word(char *at, uint64_t number)
{
    char digits[REDIS_WRITE_NUMBER];
    const char *end = redis_write_number(digits, number);
    return redis_write_word(at, (struct slice){digits, (size_t)(end - digits)});
}

// score / unit, without trailing zeros. Below 10^16 it has fewer bytes than
// REDIS_WRITE_NUMBER.
static char *
write_score_word(char *at, uint64_t score, uint64_t unit)
{
    char digits[2 * REDIS_WRITE_NUMBER];
    if (unit <= 1) {
        return write_number_word(at, score);
    }
    const char *end = decimal_put_fraction(redis_write_number(digits, score / unit),
                                           score % unit, unit);
    return redis_write_word(at, (struct slice){digits, (size_t)(end - digits)});
}

static void
add_plain(struct redis_batch *batch, struct slice command, struct redis_name key)
{
    char *at = reserve(batch, key, 2, 0);
    if (at != NULL) {
        settle(batch, write_start(at, 2, command, key));
    }
}

void
redis_batch_end(struct redis_batch *batch, const struct redis_keys *keys)
{
    size_t commands = batch->commands;
    struct redis_name epoch = redis_keys_name(keys, REDIS_KEY_EPOCH, SLICE_NONE);
    buffer_append(&batch->text, SLICE_LIT("*1\r\n$4\r\nEXEC\r\n"));
    add_plain(batch, SLICE_LIT("WATCH"), epoch);
    add_plain(batch, SLICE_LIT("GET"), epoch);
    batch->commands = commands;
}

void
redis_batch_info(struct redis_batch *batch)
{
    add_plain(batch, SLICE_LIT("INFO"),
              (struct redis_name){SLICE_LIT("memory"), SLICE_NONE});
}

void
redis_batch_unlink(struct redis_batch *batch, struct redis_name key)
{
    add_plain(batch, SLICE_LIT("UNLINK"), key);
}

void
redis_batch_get(struct redis_batch *batch, struct redis_name key)
{
    add_plain(batch, SLICE_LIT("GET"), key);
}

void
redis_batch_hlen(struct redis_batch *batch, struct redis_name key)
{
    add_plain(batch, SLICE_LIT("HLEN"), key);
}

void
redis_batch_hgetall(struct redis_batch *batch, struct redis_name key)
{
    add_plain(batch, SLICE_LIT("HGETALL"), key);
}

void
redis_batch_zadd_nothing(struct redis_batch *batch, struct redis_name key,
                         struct slice member)
{
    enum { WORDS = 6 };
    char *at = reserve(batch, key, WORDS, member.len + sizeof("XXINCR0"));
    if (at != NULL) {
        at = write_start(at, WORDS, SLICE_LIT("ZADD"), key);
        at = redis_write_word(at, SLICE_LIT("XX"));
        at = redis_write_word(at, SLICE_LIT("INCR"));
        at = redis_write_word(at, SLICE_LIT("0"));
        settle(batch, redis_write_word(at, member));
    }
}

void
redis_batch_zrange(struct redis_batch *batch, struct redis_name key)
{
    enum { WORDS = 5 };
    char *at = reserve(batch, key, WORDS, sizeof("0-1WITHSCORES"));
    if (at != NULL) {
        at = write_start(at, WORDS, SLICE_LIT("ZRANGE"), key);
        at = redis_write_word(at, SLICE_LIT("0"));
        at = redis_write_word(at, SLICE_LIT("-1"));
        settle(batch, redis_write_word(at, SLICE_LIT("WITHSCORES")));
    }
}

void
redis_batch_incr(struct redis_batch *batch, struct redis_name key)
{
    add_plain(batch, SLICE_LIT("INCR"), key);
}

void
redis_batch_set(struct redis_batch *batch, struct redis_name key, struct slice value)
{
    char *at = reserve(batch, key, 3, value.len);
    if (at != NULL) {
        at = write_start(at, 3, SLICE_LIT("SET"), key);
        settle(batch, redis_write_word(at, value));
    }
}

void
redis_batch_xadd(struct redis_batch *batch, struct redis_name key, struct slice id,
                 struct slice entry)
{
    enum { WORDS = 5 };
    char *at = reserve(batch, key, WORDS, id.len + 1 + entry.len);
    if (at != NULL) {
        at = write_start(at, WORDS, SLICE_LIT("XADD"), key);
        at = redis_write_word(at, id);
        at = redis_write_word(at, SLICE_LIT("e"));
        settle(batch, redis_write_word(at, entry));
    }
}

void
redis_batch_expire(struct redis_batch *batch, struct redis_name key, usec ttl)
{
    usec seconds = ttl > USEC_PER_S ? (ttl - 1) / USEC_PER_S + 1 : 1;
    char *at = reserve(batch, key, 3, REDIS_WRITE_NUMBER);
    if (at != NULL) {
        at = write_start(at, 3, SLICE_LIT("EXPIRE"), key);
        settle(batch, write_number_word(at, (uint64_t)seconds));
    }
}

void
redis_batch_hset(struct redis_batch *batch, struct redis_name key,
                 struct redis_fields fields)
{
    size_t count = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < fields.count; i++) {
        if (!slice_is_none(fields.items[i].value)) {
            count++;
            bytes += fields.items[i].name.len + fields.items[i].value.len;
        }
    }
    char *at = count != 0 ? reserve(batch, key, 2 * count + 2, bytes) : NULL;
    if (at == NULL) {
        return;
    }
    at = write_start(at, 2 * count + 2, SLICE_LIT("HSET"), key);
    for (size_t i = 0; i < fields.count; i++) {
        if (!slice_is_none(fields.items[i].value)) {
            at = redis_write_word(at, fields.items[i].name);
            at = redis_write_word(at, fields.items[i].value);
        }
    }
    settle(batch, at);
}

void
redis_batch_hdel(struct redis_batch *batch, struct redis_name key,
                 struct redis_fields fields)
{
    size_t count = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < fields.count; i++) {
        if (slice_is_none(fields.items[i].value)) {
            count++;
            bytes += fields.items[i].name.len;
        }
    }
    char *at = count != 0 ? reserve(batch, key, count + 2, bytes) : NULL;
    if (at == NULL) {
        return;
    }
    at = write_start(at, count + 2, SLICE_LIT("HDEL"), key);
    for (size_t i = 0; i < fields.count; i++) {
        if (slice_is_none(fields.items[i].value)) {
            at = redis_write_word(at, fields.items[i].name);
        }
    }
    settle(batch, at);
}

// One ZADD or ZREM of at most ZSET_CHUNK entries. Returns how many entries were
// processed.
static size_t
add_chunk(struct redis_batch *batch, struct redis_name key,
          struct redis_entries entries, bool is_zadd)
{
    size_t members = 0;
    size_t bytes = 0;
    size_t end = 0;
    for (; end < entries.count && members < ZSET_CHUNK; end++) {
        if ((entries.items[end].score != 0) == is_zadd) {
            members++;
            bytes += entries.items[end].member.len + REDIS_WRITE_NUMBER;
        }
    }
    size_t words = 2 + (is_zadd ? 2 * members : members);
    char *at = members != 0 ? reserve(batch, key, words, bytes) : NULL;
    if (at == NULL) {
        return end;
    }
    at = write_start(at, words, is_zadd ? SLICE_LIT("ZADD") : SLICE_LIT("ZREM"), key);
    for (size_t i = 0; i < end; i++) {
        if ((entries.items[i].score != 0) != is_zadd) {
            continue;
        }
        if (is_zadd) {
            at = write_score_word(at, entries.items[i].score - entries.above,
                                  entries.unit);
        }
        at = redis_write_word(at, entries.items[i].member);
    }
    settle(batch, at);
    return end;
}

static void
add_entries(struct redis_batch *batch, struct redis_name key,
            struct redis_entries entries, bool is_zadd)
{
    while (entries.count != 0) {
        size_t done = add_chunk(batch, key, entries, is_zadd);
        entries.items += done;
        entries.count -= done;
    }
}

void
redis_batch_zadd(struct redis_batch *batch, struct redis_name key,
                 struct redis_entries entries)
{
    add_entries(batch, key, entries, true);
}

void
redis_batch_zrem(struct redis_batch *batch, struct redis_name key,
                 struct redis_entries entries)
{
    add_entries(batch, key, entries, false);
}

void
redis_batch_eval(struct redis_batch *batch, const struct redis_script *script)
{
    size_t words = 3 + script->key_count + script->arg_count;
    size_t bytes = script->text.len + REDIS_WRITE_NUMBER;
    for (size_t i = 0; i < script->key_count; i++) {
        bytes += script->keys[i].head.len + script->keys[i].tail.len;
    }
    for (size_t i = 0; i < script->arg_count; i++) {
        bytes += script->args[i].len;
    }
    struct redis_name text = {script->text, SLICE_NONE};
    char *at = reserve(batch, text, words, bytes);
    if (at == NULL) {
        return;
    }
    at = write_start(at, words, SLICE_LIT("EVAL"), text);
    at = write_number_word(at, script->key_count);
    for (size_t i = 0; i < script->key_count; i++) {
        at = redis_write_pair(at, script->keys[i].head, script->keys[i].tail);
    }
    for (size_t i = 0; i < script->arg_count; i++) {
        at = redis_write_word(at, script->args[i]);
    }
    settle(batch, at);
}

// The number after the mark at *at; moves *at behind the line.
static size_t
read_mark(const char **at)
{
    size_t value = 0;
    for ((*at)++; **at != '\r'; (*at)++) {
        value = value * 10 + (size_t)(**at - '0');
    }
    *at += 2;
    return value;
}

struct slice
redis_batch_key(const struct redis_batch *batch, size_t index)
{
    assert(index < batch->commands);
    const char *at = batch->text.bytes;
    // MULTI is the first command; `index` others come before the requested one.
    for (size_t skipped = 0; skipped < index + 1; skipped++) {
        for (size_t words = read_mark(&at); words > 0; words--) {
            size_t length = read_mark(&at);
            at += length + 2;
        }
    }
    read_mark(&at);
    size_t command = read_mark(&at);
    at += command + 2;
    size_t length = read_mark(&at);
    return (struct slice){at, length};
}
