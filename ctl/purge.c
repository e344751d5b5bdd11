#include "ctl/purge.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/person_text.h"
#include "ctl/alert_stream.h"
#include "ctl/campaigns.h"
#include "ctl/print.h"

enum { NAMES_MAX = 1 << 20, ANSWER_MAX = 16 };

struct purge {
    struct client *client;
    const char *user;
    struct person_text text;
    size_t alerts;  // removed from the stream
    size_t waiting; // from outboxes
    size_t marks;   // of campaigns
};

// ── asking ─────────────────────────────────────────────────────────────────

static bool
is_confirmed(const char *user)
{
    char answer[ANSWER_MAX] = "";
    (void)fprintf(
        stderr,
        "Remove everything of the person with the id %s, for good? Type yes: ", user);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

static enum status
confirm(struct service *service, const struct purge_request *request,
        struct error *error)
{
    if (request->is_sure ||
        (isatty(STDIN_FILENO) == 1 && is_confirmed(request->user))) {
        return STATUS_OK;
    }
    service->exit_code = EX_USAGE;
    return error_set(error, STATUS_FULL,
                     "nothing was removed: confirm it, or give --yes");
}

// ── what was only appended ─────────────────────────────────────────────────

// The claim of an alert about another's cascade stays, so that it is raised once.
static enum alert_stream_verdict
judge(const void *context, struct slice text)
{
    static const enum alert_stream_verdict verdicts[] = {
        [PERSON_TEXT_ABSENT] = ALERT_STREAM_KEEP,
        [PERSON_TEXT_NAMED] = ALERT_STREAM_REMOVE,
        [PERSON_TEXT_AUTHOR] = ALERT_STREAM_REMOVE_WITH_CLAIM,
    };
    return verdicts[person_text_role(context, text)];
}

struct collected {
    struct buffer keys;
    struct slice end;
};

static void
collect(void *context, struct slice key)
{
    struct collected *collected = context;
    size_t len = collected->end.len;
    if (key.len > len &&
        slice_equal((struct slice){key.ptr + key.len - len, len}, collected->end)) {
        buffer_append(&collected->keys, key);
        buffer_append_byte(&collected->keys, '\0');
    }
}

// Calls `visit` for each key that begins with `head` and ends with `end`.
static enum status
each_key(struct purge *purge, struct slice head, struct slice end,
         enum status (*visit)(struct purge *purge, struct slice key,
                              struct error *error),
         struct error *error)
{
    struct collected collected = {.end = end};
    struct buffer *keys = &collected.keys;
    buffer_init(keys, NAMES_MAX);
    enum status status = client_scan(purge->client, head, collect, &collected, error);
    if (status == STATUS_OK && keys->is_failed) {
        status = error_set(error, STATUS_NOMEM, "too many keys");
    }
    struct slice rest = buffer_text(keys);
    while (status == STATUS_OK && rest.len != 0) {
        struct slice key = slice_of(rest.ptr);
        status = visit(purge, key, error);
        rest = (struct slice){rest.ptr + key.len + 1, rest.len - key.len - 1};
    }
    buffer_fini(keys);
    return status;
}

static enum status
remove_field(struct purge *purge, struct slice key, const char *field, size_t *count,
             struct error *error)
{
    const char *const fields[] = {field, NULL};
    client_queue(purge->client, "HDEL", key, fields);
    redisReply *reply = client_answer(purge->client, REDIS_REPLY_INTEGER, error);
    if (reply == NULL) {
        return STATUS_IO;
    }
    *count += (size_t)reply->integer;
    freeReplyObject(reply);
    return STATUS_OK;
}

static enum status
clean_outbox(struct purge *purge, struct slice key, struct error *error)
{
    client_queue(purge->client, "HGETALL", key, NULL);
    redisReply *rows = client_answer(purge->client, REDIS_REPLY_ARRAY, error);
    enum status status = rows != NULL ? STATUS_OK : STATUS_IO;
    for (size_t i = 0; status == STATUS_OK && i + 1 < rows->elements; i += 2) {
        if (person_text_is_in(&purge->text, client_text(rows->element[i + 1]))) {
            status =
                remove_field(purge, key, rows->element[i]->str, &purge->waiting, error);
        }
    }
    freeReplyObject(rows);
    return status;
}

static enum status
clean_marks(struct purge *purge, struct slice key, struct error *error)
{
    return remove_field(purge, key, purge->user, &purge->marks, error);
}

static enum status
clean(struct purge *purge, struct error *error)
{
    enum status status =
        alert_stream_remove(purge->client, judge, &purge->text, &purge->alerts, error);
    if (status == STATUS_OK) {
        status =
            each_key(purge, SLICE_LIT("outbox:"), SLICE_LIT(""), clean_outbox, error);
    }
    if (status == STATUS_OK) {
        status = each_key(purge, SLICE_LIT("campaign:"), SLICE_LIT(":done"),
                          clean_marks, error);
    }
    return status;
}

// ── the report ─────────────────────────────────────────────────────────────

static const char *
snapshots_text(const json_t *answer)
{
    return print_number(answer, "snapshots") != 0 ? "; the snapshots were replaced"
                                                  : "; no snapshot was replaced";
}

static void
show(const struct purge *purge, const json_t *answer, bool is_json)
{
    long long waiting =
        (long long)purge->waiting + print_number(answer, "waiting_alerts");
    long long snapshots = print_number(answer, "snapshots");
    if (is_json) {
        json_t *all = json_pack(
            "{s:s, s:O, s:O, s:O, s:I, s:I, s:I, s:I}", "user", purge->user, "known",
            json_object_get(answer, "known"), "posts", json_object_get(answer, "posts"),
            "cascades", json_object_get(answer, "cascades"), "alerts",
            (json_int_t)purge->alerts, "waiting_alerts", (json_int_t)waiting, "marks",
            (json_int_t)purge->marks, "snapshots", (json_int_t)snapshots);
        print_json(all);
        json_decref(all);
        return;
    }
    (void)printf("removed: %lld posts and reshares, %lld cascades, %zu alerts, %lld "
                 "alerts that waited for webhooks, %zu marks%s\n",
                 (long long)print_number(answer, "posts"),
                 (long long)print_number(answer, "cascades"), purge->alerts, waiting,
                 purge->marks, snapshots_text(answer));
}

enum status
purge_user(struct client *client, struct service *service,
           const struct purge_request *request, struct error *error)
{
    struct purge purge = {.client = client, .user = request->user};
    const char *const words[] = {"purge", request->user, NULL};
    json_t *answer = NULL;
    if (!person_text_init(&purge.text, slice_of(request->user))) {
        service->exit_code = EX_USAGE;
        return error_set(error, STATUS_FULL,
                         "--user: an id has a network and a name, as in "
                         "x:783214");
    }
    enum status status = confirm(service, request, error);
    if (status == STATUS_OK) {
        status = service_ask(service, words, &answer, error);
    }
    if (status == STATUS_OK) {
        status = clean(&purge, error);
    }
    size_t found = purge.alerts + purge.waiting + purge.marks +
                   (size_t)print_number(answer, "cascades");
    if (status == STATUS_OK && found == 0 &&
        !json_is_true(json_object_get(answer, "known"))) {
        status = error_set(error, STATUS_RANGE,
                           "no person with the id \"%.300s\" is known%s", request->user,
                           snapshots_text(answer));
    } else if (status == STATUS_OK) {
        show(&purge, answer, request->is_json);
    }
    json_decref(answer);
    return status;
}
