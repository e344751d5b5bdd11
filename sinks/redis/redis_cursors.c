#include "sinks/redis/redis_cursors.h"

#include <stdlib.h>
#include <string.h>

#include "sinks/redis/redis_sink.h"

struct redis_cursor {
    enum redis_key_kind kind;
    char *name;
    size_t name_len;
    struct redis_batch commands;
    size_t fields; // that they write
    bool is_due;
    bool is_taken;
};

void
redis_cursors_init(struct redis_cursors *cursors)
{
    *cursors = (struct redis_cursors){.items = NULL};
    redis_batch_init(&cursors->taken);
}

void
redis_cursors_fini(struct redis_cursors *cursors)
{
    for (size_t i = 0; i < cursors->count; i++) {
        free(cursors->items[i].name);
        redis_batch_fini(&cursors->items[i].commands);
    }
    free(cursors->items);
    redis_batch_fini(&cursors->taken);
    *cursors = (struct redis_cursors){.items = NULL};
}

static struct redis_cursor *
find(struct redis_cursors *cursors, const struct redis_cursor_key *key)
{
    for (size_t i = 0; i < cursors->count; i++) {
        struct redis_cursor *cursor = &cursors->items[i];
        struct slice name = {cursor->name, cursor->name_len};
        if (cursor->kind == key->kind && slice_equal(name, key->name)) {
            return cursor;
        }
    }
    return NULL;
}

static struct redis_cursor *
add(struct redis_cursors *cursors, const struct redis_cursor_key *key)
{
    struct slice name = key->name;
    if (cursors->items == NULL) {
        cursors->items = calloc(REDIS_CURSORS_MAX, sizeof(*cursors->items));
    }
    char *copy = malloc(name.len + 1);
    if (cursors->items == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    if (name.len != 0) {
        memcpy(copy, name.ptr, name.len);
    }
    struct redis_cursor *cursor = &cursors->items[cursors->count++];
    *cursor =
        (struct redis_cursor){.kind = key->kind, .name = copy, .name_len = name.len};
    redis_batch_init(&cursor->commands);
    return cursor;
}

enum status
redis_cursors_set(struct redis_cursors *cursors, const struct redis_cursor_key *key,
                  struct redis_fields fields)
{
    size_t bytes = key->name.len;
    size_t written = 0;
    for (size_t i = 0; i < fields.count; i++) {
        written += !slice_is_none(fields.items[i].value);
        bytes += fields.items[i].name.len + fields.items[i].value.len;
    }
    struct redis_cursor *cursor = find(cursors, key);
    if (bytes > REDIS_CURSOR_BYTES ||
        (cursor == NULL && cursors->count == REDIS_CURSORS_MAX)) {
        return STATUS_FULL;
    }
    if (cursor == NULL) {
        cursor = add(cursors, key);
    }
    if (cursor == NULL) {
        return STATUS_NOMEM;
    }
    struct redis_name hash = redis_keys_name(key->keys, key->kind, key->name);
    redis_batch_reset(&cursor->commands);
    redis_batch_unlink(&cursor->commands, hash);
    redis_batch_hset(&cursor->commands, hash, fields);
    cursor->fields = written;
    cursor->is_due = !cursor->commands.text.is_failed;
    return cursor->is_due ? STATUS_OK : STATUS_NOMEM;
}

bool
redis_cursors_is_due(const struct redis_cursors *cursors)
{
    for (size_t i = 0; i < cursors->count; i++) {
        if (cursors->items[i].is_due) {
            return true;
        }
    }
    return false;
}

void
redis_cursors_take(struct redis_cursors *cursors)
{
    redis_batch_reset(&cursors->taken);
    for (size_t i = 0; i < cursors->count; i++) {
        struct redis_cursor *cursor = &cursors->items[i];
        if (cursor->is_due) {
            redis_batch_append(&cursors->taken, &cursor->commands);
            cursor->is_due = false;
            cursor->is_taken = true;
        }
    }
}

void
redis_cursors_written(struct redis_cursors *cursors)
{
    for (size_t i = 0; i < cursors->count; i++) {
        cursors->items[i].is_taken = false;
    }
}

void
redis_cursors_lost(struct redis_cursors *cursors)
{
    for (size_t i = 0; i < cursors->count; i++) {
        struct redis_cursor *cursor = &cursors->items[i];
        cursor->is_due = cursor->is_due || cursor->is_taken;
        cursor->is_taken = false;
    }
}

void
redis_cursors_restart(struct redis_cursors *cursors)
{
    for (size_t i = 0; i < cursors->count; i++) {
        cursors->items[i].is_due = true;
        cursors->items[i].is_taken = false;
    }
}

void
redis_cursors_again(struct redis_cursors *cursors, size_t index)
{
    cursors->items[index].is_due = true;
}

size_t
redis_cursors_fields(const struct redis_cursors *cursors, size_t index,
                     enum redis_key_kind *ret_kind, struct slice *ret_name)
{
    const struct redis_cursor *cursor = &cursors->items[index];
    *ret_kind = cursor->kind;
    *ret_name = (struct slice){cursor->name, cursor->name_len};
    return cursor->is_due || cursor->is_taken ? 0 : cursor->fields;
}
