#include "daemon/stash.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/json/json.h"

void
stash_fini(struct stash *stash)
{
    while (stash->count != 0) {
        stash_drop(stash);
    }
}

struct stash_message *
stash_at(struct stash *stash, size_t i)
{
    return &stash->rows[(stash->first + i) % STASH_MAX];
}

bool
stash_is_full(const struct stash *stash)
{
    return stash->count == STASH_MAX || stash->bytes >= STASH_BYTES;
}

bool
stash_add(struct stash *stash, struct slice event, struct slice data)
{
    struct stash_message *message = stash_at(stash, stash->count);
    *message = (struct stash_message){.len = data.len};
    message->bytes = calloc(1, data.len + JSON_PADDING);
    if (message->bytes == NULL || event.len >= STASH_EVENT_MAX) {
        free(message->bytes);
        return false;
    }
    memcpy(message->bytes, data.ptr, data.len);
    if (event.len != 0) {
        memcpy(message->event, event.ptr, event.len);
    }
    stash->count++;
    stash->bytes += data.len;
    return true;
}

void
stash_add_date(struct stash *stash, struct date date)
{
    struct stash_message *message = stash_at(stash, stash->count - 1);
    if (message->date_count < DATES_LOOK) {
        message->dates[message->date_count++] = date;
    }
}

void
stash_drop(struct stash *stash)
{
    stash->bytes -= stash_at(stash, 0)->len;
    free(stash_at(stash, 0)->bytes);
    stash->first = (stash->first + 1) % STASH_MAX;
    stash->count--;
}
