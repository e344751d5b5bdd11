#include "daemon/handover.h"

#include "ingest/entries/entry.h"
#include "ingest/text/campaign_words.h"
#include "sinks/redis/redis_outlet.h"

enum {
    ENTRY_WANTED = 1 << 16, // bytes from which an entry is ended
    BEAT_SHARE = 256,       // ticks without a removal for each between two beats
};

_Static_assert((int)ENTRY_BYTES_MAX <= (int)REDIS_OUTLET_ENTRY_MAX, "it fits");

// What is added later never lacks memory.
static bool
reserve(struct buffer *buffer, size_t bytes)
{
    buffer_init(buffer, bytes);
    bool has_memory = buffer_extend(buffer, bytes) != NULL;
    buffer_reset(buffer);
    return has_memory;
}

enum status
handover_init(struct handover *handover, struct redis_sink *sink,
              const struct campaign_words *campaigns, struct error *error)
{
    *handover = (struct handover){.sink = sink, .campaigns = campaigns};
    bool has_memory = reserve(&handover->entry, ENTRY_BYTES_MAX) &&
                      reserve(&handover->post, ENTRY_BYTES_MAX - ENTRY_HEAD_BYTES);
    return has_memory ? STATUS_OK
                      : error_set(error, STATUS_NOMEM, "no memory for entries");
}

void
handover_fini(struct handover *handover)
{
    buffer_fini(&handover->post);
    buffer_fini(&handover->entry);
}

static void
begin_entry(struct handover *handover, usec wall)
{
    buffer_reset(&handover->entry);
    entry_begin(&handover->entry);
    handover->wall = wall;
}

// Ends the open entry. STATUS_AGAIN: there is no room, and it stays open.
static enum status
end_entry(struct handover *handover)
{
    const struct entry_head head = {
        .wall = handover->wall,
        .lag = handover->lag,
        .is_complete = handover->is_complete,
        .campaigns = handover->compared_to,
    };
    entry_end(&handover->entry, &head);
    if (redis_outlet_put(handover->sink, buffer_text(&handover->entry)) != STATUS_OK) {
        return STATUS_AGAIN;
    }
    handover->count = 0;
    handover->ticks_silent = 0;
    return STATUS_OK;
}

enum status
handover_add(struct handover *handover, const struct post *post, usec wall)
{
    struct buffer *bytes = &handover->post;
    // One may be ended now, and another one opened.
    if (redis_outlet_has_no_room(handover->sink)) {
        return STATUS_AGAIN;
    }
    buffer_reset(bytes);
    entry_add(bytes, post, wall);
    if (bytes->is_failed) {
        return STATUS_FULL;
    }
    bool is_other = handover->compared_to != handover->campaigns->hash;
    bool is_full = handover->count == ENTRY_POSTS_MAX ||
                   handover->entry.size + bytes->size > ENTRY_WANTED;
    if (handover->count != 0 && (is_full || is_other) &&
        end_entry(handover) != STATUS_OK) {
        return STATUS_AGAIN;
    }
    if (handover->count == 0) {
        begin_entry(handover, wall);
    }
    handover->compared_to = handover->campaigns->hash;
    handover->wall = wall > handover->wall ? wall : handover->wall;
    buffer_append(&handover->entry, buffer_text(bytes));
    handover->count++;
    handover->posts++;
    redis_outlet_expect(handover->sink);
    return STATUS_OK;
}

bool
handover_flush(struct handover *handover)
{
    return handover->count == 0 || end_entry(handover) == STATUS_OK;
}

// Without a worker, n ticks leave about 256 * (1 + log(n / 256)) entries without posts.
static bool
is_beat_due(struct handover *handover)
{
    uint64_t in_stream = redis_outlet_metrics(handover->sink)->in_stream;
    handover->ticks_kept =
        in_stream < handover->in_stream ? 0 : handover->ticks_kept + 1;
    handover->in_stream = in_stream;
    handover->ticks_silent++;
    return handover->ticks_silent >= handover->ticks_kept / BEAT_SHARE;
}

void
handover_tick(struct handover *handover, usec wall, usec lag, bool is_complete)
{
    if (handover->sink == NULL) {
        return;
    }
    handover->lag = lag;
    handover->is_complete = is_complete;
    if (is_beat_due(handover) && handover->count == 0 &&
        !redis_outlet_has_no_room(handover->sink)) {
        begin_entry(handover, wall);
        (void)end_entry(handover); // the next one shows the time too
    }
}
