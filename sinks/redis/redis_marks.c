#include "sinks/redis/redis_marks.h"

#include <stdio.h>
#include <string.h>

#include "sinks/redis/redis_inside.h"

#define DONE ":done"

void
redis_marks_read(struct redis_sink *sink, const struct redis_marks_request *request)
{
    sink->marks = (struct redis_marks){.request = request};
}

bool
redis_marks_ask(struct redis_sink *sink, struct redis_batch *commands)
{
    struct redis_marks *marks = &sink->marks;
    const struct redis_marks_request *request = marks->request;
    char tail[OPTION_TITLE_MAX + sizeof(DONE)];
    marks->is_read = false;
    if (request == NULL) {
        return false;
    }
    struct slice campaign = request->campaign(request->context, marks->next++);
    if (slice_is_none(campaign)) {
        marks->next = 1;
        campaign = request->campaign(request->context, 0);
    }
    if (slice_is_none(campaign)) {
        return false;
    }
    (void)snprintf(marks->campaign, sizeof(marks->campaign), "%.*s",
                   SLICE_ARG(campaign));
    (void)snprintf(tail, sizeof(tail), "%s" DONE, marks->campaign);
    redis_batch_hgetall(commands,
                        redis_keys_name(&sink->keys, REDIS_KEY_DONE, slice_of(tail)));
    return true;
}

void
redis_marks_item(struct redis_sink *sink, const struct redis_item *item)
{
    struct redis_marks *marks = &sink->marks;
    const struct redis_marks_request *request = marks->request;
    if (request == NULL) {
        return; // since it was asked
    }
    struct slice campaign = slice_of(marks->campaign);
    if (item->depth == 0 && item->type == REDIS_ITEM_ARRAY) {
        marks->is_read = true;
        request->on_begin(request->context, campaign);
    } else if (item->depth == 1 && item->index % 2 == 0) {
        size_t len = item->text.len <= sizeof(marks->person) ? item->text.len : 0;
        memcpy(marks->person, item->text.ptr, len);
        marks->person_len = len;
    } else if (item->depth == 1) {
        struct slice person = {marks->person, marks->person_len};
        request->on_mark(request->context, campaign, person, item->text);
    }
}

void
redis_marks_end(struct redis_sink *sink)
{
    struct redis_marks *marks = &sink->marks;
    if (marks->is_read && marks->request != NULL) {
        marks->request->on_end(marks->request->context, slice_of(marks->campaign));
    }
    marks->is_read = false;
}
