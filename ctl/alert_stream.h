// The stream of alerts in Redis: entries with one field, whose value is the JSON of an
// alert.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"
#include "ctl/client.h"

enum { ALERT_STREAM_ID_MAX = 64 };

// The value of an entry; none: it is not one of cascaded's.
struct slice alert_stream_text(const redisReply *entry);

// The JSON of a text that Redis holds; NULL: it is none, or no object. To be freed with
// json_decref.
json_t *alert_stream_read(struct slice text);

// False: no more is wanted. Borrows the alert.
typedef bool (*alert_stream_fn)(void *context, json_t *alert);

// Visits the alerts, the newest first. newest: receives the id of the newest entry, ""
// if there is none; may be NULL. STATUS_IO: see client_answer.
enum status alert_stream_walk(struct client *client, char newest[ALERT_STREAM_ID_MAX],
                              alert_stream_fn visit, void *context,
                              struct error *error) MUST_USE;

// Visits a page of the alerts behind the entry `last` ("": all), the oldest first, and
// moves `last`. *ret_count: how many entries there were.
enum status alert_stream_follow(struct client *client, char last[ALERT_STREAM_ID_MAX],
                                alert_stream_fn visit, void *context, size_t *ret_count,
                                struct error *error) MUST_USE;

// The alert of that id, to be freed with json_decref. STATUS_RANGE: it is not in the
// stream.
enum status alert_stream_find(struct client *client, const char *id, json_t **ret_alert,
                              struct error *error) MUST_USE;

// Which alerts are wanted. Borrows both.
struct alert_stream_choice {
    bool (*is_wanted)(const void *context, const json_t *alert);
    const void *context;
};
// The newest `rows` of the wanted alerts, the newest first; newest: see
// alert_stream_walk. To be freed with json_decref; an array in any case.
enum status alert_stream_newest(struct client *client,
                                const struct alert_stream_choice *choice, size_t rows,
                                char newest[ALERT_STREAM_ID_MAX], json_t **ret_alerts,
                                struct error *error) MUST_USE;

enum alert_stream_verdict {
    ALERT_STREAM_KEEP,
    ALERT_STREAM_REMOVE,
    ALERT_STREAM_REMOVE_WITH_CLAIM, // and what shows that it was published (alert:<id>)
};
typedef enum alert_stream_verdict (*alert_stream_judge_fn)(const void *context,
                                                           struct slice text);

// Adds the number of removed alerts to *count.
enum status alert_stream_remove(struct client *client, alert_stream_judge_fn judge,
                                const void *context, size_t *count,
                                struct error *error) MUST_USE;

// True if the alert is one of that rule, a text; NULL: any rule.
bool alert_stream_is_of(const void *rule, const json_t *alert);
