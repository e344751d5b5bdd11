#include "sinks/redis/redis_change.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void
add_hash(struct redis_batch *batch, struct redis_name key, const struct change *change)
{
    struct redis_fields fields = {change->fields, change->field_count};
    if (change->is_gone || (change->is_whole && !change->is_fresh)) {
        redis_batch_unlink(batch, key);
    }
    if (change->is_gone) {
        return;
    }
    size_t before = batch->commands;
    redis_batch_hset(batch, key, fields);
    if (!change->is_whole) {
        redis_batch_hdel(batch, key, fields);
    } else if (batch->commands != before && change->ttl != 0) {
        redis_batch_expire(batch, key, change->ttl);
    }
}

static void
add_handles(struct redis_batch *batch, const struct redis_keys *keys,
            const struct change *change)
{
    if (!slice_is_none(change->handle_gone)) {
        redis_batch_unlink(
            batch, redis_keys_name(keys, REDIS_KEY_HANDLE, change->handle_gone));
    }
    if (!slice_is_none(change->handle_set)) {
        redis_batch_set(batch,
                        redis_keys_name(keys, REDIS_KEY_HANDLE, change->handle_set),
                        change->name);
    }
}

static void
add_board(struct redis_batch *batch, struct redis_name key, const struct change *change)
{
    struct redis_entries entries = {change->entries, change->entry_count, change->unit,
                                    change->above};
    // Removals first, so that the board never has more entries than its limit.
    if (change->is_whole) {
        redis_batch_unlink(batch, key);
    } else {
        redis_batch_zrem(batch, key, entries);
    }
    redis_batch_zadd(batch, key, entries);
}

// The mark of a person who was talked to is copied to a hash that is written whole.
static void
add_outreach(struct redis_batch *batch, const struct redis_keys *keys,
             const struct change *change)
{
    static const char copy[] = "local t=redis.call('hget',KEYS[1],ARGV[1]) "
                               "if t then redis.call('hset',KEYS[2],'done_ms',t) end";
    const struct slice head = SLICE_LIT(":outreach:");
    const char *colon = memchr(change->name.ptr, ':', change->name.len);
    size_t len = (size_t)(colon - change->name.ptr);
    struct redis_name names[2];
    char done[OPTION_TITLE_MAX + sizeof(":done")];
    names[1] = redis_keys_name(keys, REDIS_KEY_OUTREACH, change->name);
    add_hash(batch, names[1], change);
    if (!change->is_whole || change->is_gone || len >= OPTION_TITLE_MAX) {
        return;
    }
    int size = snprintf(done, sizeof(done), "%.*s:done", (int)len, change->name.ptr);
    names[0] =
        redis_keys_name(keys, REDIS_KEY_DONE, (struct slice){done, (size_t)size});
    const struct slice id = {colon + head.len, change->name.len - len - head.len};
    const struct redis_script script = {.text = slice_of(copy),
                                        .keys = names,
                                        .key_count = 2,
                                        .args = &id,
                                        .arg_count = 1};
    redis_batch_eval(batch, &script);
}

void
redis_change_add(struct redis_batch *batch, const struct redis_keys *keys,
                 const struct change *change)
{
    switch (change->kind) {
    case CHANGE_USER:
        add_hash(batch, redis_keys_name(keys, REDIS_KEY_USER, change->name), change);
        add_handles(batch, keys, change);
        break;
    case CHANGE_CASCADE:
        add_hash(batch, redis_keys_name(keys, REDIS_KEY_CASCADE, change->name), change);
        break;
    case CHANGE_CARRIER:
        add_hash(batch, redis_keys_name(keys, REDIS_KEY_CARRIER, change->name), change);
        break;
    case CHANGE_CAMPAIGN:
        add_hash(batch, redis_keys_name(keys, REDIS_KEY_CAMPAIGN, change->name),
                 change);
        break;
    case CHANGE_CAMPAIGN_BOARD:
        add_board(batch, redis_keys_name(keys, REDIS_KEY_CAMPAIGN_BOARD, change->name),
                  change);
        break;
    case CHANGE_OUTREACH:
        add_outreach(batch, keys, change);
        break;
    case CHANGE_CALIBRATION:
        add_hash(batch, redis_keys_name(keys, REDIS_KEY_CALIBRATION, SLICE_NONE),
                 change);
        break;
    case CHANGE_ALERT:
        break; // redis_alerts.h
    case CHANGE_BOARD:
        add_board(batch, redis_keys_name(keys, REDIS_KEY_TOP, change->name), change);
        break;
    }
}

void
redis_change_add_meta(struct redis_batch *batch, const struct redis_keys *keys,
                      const struct redis_change_meta *meta)
{
    enum {
        CLOCK,
        AS_OF,
        LAG,
        POSTS,
        INTERACTIONS,
        COMPLETE,
        USERS_FROM,
        CASCADES_FROM,
        NUMBERS,
        NUMBER_TEXT = 24
    };
    const struct changes_meta *state = &meta->state;
    bool has_clock = state->clock != USEC_NONE;
    usec behind = has_clock && meta->now > state->clock ? meta->now - state->clock : 0;
    usec lag = meta->lag != USEC_NONE ? meta->lag : behind;
    const int64_t numbers[NUMBERS] = {
        [CLOCK] = has_clock ? usec_floor_div(state->clock, USEC_PER_MS) : 0,
        [AS_OF] = usec_floor_div(meta->now, USEC_PER_MS),
        [LAG] = usec_floor_div(lag, USEC_PER_MS),
        [POSTS] = (int64_t)state->posts,
        [INTERACTIONS] = (int64_t)state->interactions,
        [COMPLETE] = state->is_complete,
        [USERS_FROM] = (int64_t)state->users_from,
        [CASCADES_FROM] = (int64_t)state->cascades_from,
    };
    char text[NUMBERS][NUMBER_TEXT];
    for (size_t i = 0; i < NUMBERS; i++) {
        snprintf(text[i], NUMBER_TEXT, "%" PRId64, numbers[i]);
    }
    const char *http = meta->places != NULL ? meta->places[0] : NULL;
    const char *control = meta->places != NULL ? meta->places[1] : NULL;
    const struct change_field fields[] = {
        {SLICE_LIT("schema"), SLICE_LIT("1")},
        {SLICE_LIT("version"), slice_of(meta->version)},
        {SLICE_LIT("clock_ms"), has_clock ? slice_of(text[CLOCK]) : SLICE_NONE},
        {SLICE_LIT("as_of_ms"), slice_of(text[AS_OF])},
        {SLICE_LIT("lag_ms"), slice_of(text[LAG])},
        {SLICE_LIT("posts"), slice_of(text[POSTS])},
        {SLICE_LIT("interactions"), slice_of(text[INTERACTIONS])},
        {SLICE_LIT("complete"), slice_of(text[COMPLETE])},
        {SLICE_LIT("users_from"), slice_of(text[USERS_FROM])},
        {SLICE_LIT("cascades_from"), slice_of(text[CASCADES_FROM])},
        {SLICE_LIT("http"), slice_of(http != NULL ? http : "")},
        {SLICE_LIT("control"), slice_of(control != NULL ? control : "")},
    };
    struct redis_fields all = {fields, sizeof(fields) / sizeof(fields[0])};
    struct redis_name key = redis_keys_name(keys, REDIS_KEY_META, SLICE_NONE);
    redis_batch_hset(batch, key, all);
    redis_batch_hdel(batch, key, all);
}
