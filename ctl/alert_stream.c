#include "ctl/alert_stream.h"

#include <stdio.h>

#include "base/buffer.h"
#include "ctl/print.h"

enum { PAGE = 500, COUNT_MAX = 16, CLAIM_MAX = 8192 };

// ── entries: [id, ["json", text]] ──────────────────────────────────────────

static struct slice
entry_id(const redisReply *entry)
{
    return entry->type == REDIS_REPLY_ARRAY && entry->elements == 2
               ? client_text(entry->element[0])
               : SLICE_NONE;
}

struct slice
alert_stream_text(const redisReply *entry)
{
    if (slice_is_none(entry_id(entry)) ||
        entry->element[1]->type != REDIS_REPLY_ARRAY ||
        entry->element[1]->elements != 2) {
        return SLICE_NONE;
    }
    return client_text(entry->element[1]->element[1]);
}

json_t *
alert_stream_read(struct slice text)
{
    json_t *alert = slice_is_none(text)
                        ? NULL
                        : json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(alert)) {
        json_decref(alert);
        return NULL;
    }
    return alert;
}

bool
alert_stream_is_of(const void *rule, const json_t *alert)
{
    return rule == NULL || slice_equal(print_member(alert, "rule"), slice_of(rule));
}

// ── pages ──────────────────────────────────────────────────────────────────

// A page before `last` (XREVRANGE) or behind it (XRANGE), in that order.
static redisReply *
read_page(struct client *client, bool is_forward, const char *last, struct error *error)
{
    char from[ALERT_STREAM_ID_MAX + 1];
    char count[COUNT_MAX];
    bool is_first = last[0] == '\0';
    (void)snprintf(from, sizeof from, "%s%s", is_first ? "" : "(",
                   !is_first    ? last
                   : is_forward ? "-"
                                : "+");
    (void)snprintf(count, sizeof count, "%d", PAGE);
    const char *const range[] = {from, is_forward ? "+" : "-", "COUNT", count, NULL};
    client_queue(client, is_forward ? "XRANGE" : "XREVRANGE", SLICE_LIT("alerts"),
                 range);
    return client_answer(client, REDIS_REPLY_ARRAY, error);
}

static void
note_id(const redisReply *entry, char id[ALERT_STREAM_ID_MAX])
{
    struct slice text = entry_id(entry);
    if (text.len != 0 && text.len < ALERT_STREAM_ID_MAX) {
        (void)snprintf(id, ALERT_STREAM_ID_MAX, "%.*s", SLICE_ARG(text));
    }
}

// False: no more is wanted.
static bool
visit_page(const redisReply *page, alert_stream_fn visit, void *context)
{
    bool is_wanted = true;
    for (size_t i = 0; i < page->elements && is_wanted; i++) {
        json_t *alert = alert_stream_read(alert_stream_text(page->element[i]));
        is_wanted = alert == NULL || visit(context, alert);
        json_decref(alert);
    }
    return is_wanted;
}

enum status
alert_stream_walk(struct client *client, char newest[ALERT_STREAM_ID_MAX],
                  alert_stream_fn visit, void *context, struct error *error)
{
    char last[ALERT_STREAM_ID_MAX] = "";
    bool is_wanted = true;
    if (newest != NULL) {
        newest[0] = '\0';
    }
    while (is_wanted) {
        redisReply *page = read_page(client, false, last, error);
        if (page == NULL) {
            return STATUS_IO;
        }
        if (page->elements != 0 && last[0] == '\0' && newest != NULL) {
            note_id(page->element[0], newest);
        }
        if (page->elements != 0) {
            note_id(page->element[page->elements - 1], last);
        }
        is_wanted = page->elements != 0 && visit_page(page, visit, context);
        freeReplyObject(page);
    }
    return STATUS_OK;
}

enum status
alert_stream_follow(struct client *client, char last[ALERT_STREAM_ID_MAX],
                    alert_stream_fn visit, void *context, size_t *ret_count,
                    struct error *error)
{
    redisReply *page = read_page(client, true, last, error);
    if (page == NULL) {
        return STATUS_IO;
    }
    (void)visit_page(page, visit, context);
    *ret_count = page->elements;
    if (page->elements != 0) {
        note_id(page->element[page->elements - 1], last);
    }
    freeReplyObject(page);
    return STATUS_OK;
}

// ── what is looked for ─────────────────────────────────────────────────────

struct wanted {
    const char *id;
    json_t *found;
};

static bool
is_other(void *context, json_t *alert)
{
    struct wanted *wanted = context;
    if (!slice_equal(print_member(alert, "id"), slice_of(wanted->id))) {
        return true;
    }
    wanted->found = json_incref(alert);
    return false;
}

enum status
alert_stream_find(struct client *client, const char *id, json_t **ret_alert,
                  struct error *error)
{
    struct wanted wanted = {id, NULL};
    enum status status = alert_stream_walk(client, NULL, is_other, &wanted, error);
    if (status == STATUS_OK && wanted.found == NULL) {
        status = error_set(
            error, STATUS_RANGE,
            "no alert \"%.300s\" in the stream; cascadectl alerts lists ids", id);
    }
    *ret_alert = wanted.found;
    return status;
}

struct collected {
    const struct alert_stream_choice *choice;
    size_t rows;
    json_t *alerts;
};

static bool
collect(void *context, json_t *alert)
{
    struct collected *collected = context;
    if (collected->choice->is_wanted(collected->choice->context, alert)) {
        (void)json_array_append(collected->alerts, alert);
    }
    return json_array_size(collected->alerts) < collected->rows;
}

enum status
alert_stream_newest(struct client *client, const struct alert_stream_choice *choice,
                    size_t rows, char newest[ALERT_STREAM_ID_MAX], json_t **ret_alerts,
                    struct error *error)
{
    struct collected collected = {choice, rows, json_array()};
    *ret_alerts = collected.alerts;
    return alert_stream_walk(client, newest, collect, &collected, error);
}

// ── removing ───────────────────────────────────────────────────────────────

static enum status
run(struct client *client, const char *command, struct slice key,
    const char *const *words, struct error *error)
{
    client_queue(client, command, key, words);
    redisReply *reply = client_answer(client, REDIS_REPLY_INTEGER, error);
    enum status status = reply != NULL ? STATUS_OK : STATUS_IO;
    freeReplyObject(reply);
    return status;
}

static enum status
remove_claim(struct client *client, const redisReply *entry, struct error *error)
{
    json_t *alert = alert_stream_read(alert_stream_text(entry));
    struct buffer claim;
    buffer_init(&claim, CLAIM_MAX);
    buffer_append(&claim, SLICE_LIT("alert:"));
    buffer_append(&claim, print_member(alert, "id"));
    enum status status = run(client, "UNLINK", buffer_text(&claim), NULL, error);
    buffer_fini(&claim);
    json_decref(alert);
    return status;
}

static enum status
remove_entry(struct client *client, const redisReply *entry,
             enum alert_stream_verdict verdict, struct error *error)
{
    const char *const ids[] = {entry->element[0]->str, NULL};
    enum status status = verdict == ALERT_STREAM_REMOVE_WITH_CLAIM
                             ? remove_claim(client, entry, error)
                             : STATUS_OK;
    return status == STATUS_OK ? run(client, "XDEL", SLICE_LIT("alerts"), ids, error)
                               : status;
}

enum status
alert_stream_remove(struct client *client, alert_stream_judge_fn judge,
                    const void *context, size_t *count, struct error *error)
{
    char last[ALERT_STREAM_ID_MAX] = "";
    enum status status = STATUS_OK;
    bool is_over = false;
    while (status == STATUS_OK && !is_over) {
        redisReply *page = read_page(client, true, last, error);
        status = page != NULL ? STATUS_OK : STATUS_IO;
        is_over = page == NULL || page->elements == 0;
        for (size_t i = 0; status == STATUS_OK && i < page->elements; i++) {
            const redisReply *entry = page->element[i];
            note_id(entry, last);
            enum alert_stream_verdict verdict =
                judge(context, alert_stream_text(entry));
            if (verdict != ALERT_STREAM_KEEP) {
                status = remove_entry(client, entry, verdict, error);
                *count += status == STATUS_OK;
            }
        }
        freeReplyObject(page);
    }
    return status;
}
