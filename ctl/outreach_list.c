#include "ctl/outreach_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_writer.h"
#include "base/similar.h"
#include "ctl/campaigns.h"
#include "ctl/values.h"
#include "ingest/text/text.h"

enum { KEY_MAX = 4096, ARENA_MAX = 1 << 16, SHOWN_MAX = 200 };

// ── reading ────────────────────────────────────────────────────────────────

static void
ask(struct client *client, const char *command, struct slice head, struct slice id)
{
    static const char *const profile[] = {"handle", "name", NULL};
    struct buffer key;
    buffer_init(&key, KEY_MAX);
    buffer_append(&key, head);
    buffer_append(&key, id);
    client_queue(client, command, buffer_text(&key),
                 strcmp(command, "HMGET") == 0 ? profile : NULL);
    buffer_fini(&key);
}

static enum status
pull_keys(struct client *client, struct slice campaign, struct outreach_list *list,
          struct error *error)
{
    struct buffer key;
    static const char *const range[] = {"0", "-1", "WITHSCORES", NULL};
    buffer_init(&key, KEY_MAX);
    campaigns_put_key(&key, campaign, "outreach");
    client_queue(client, "ZREVRANGE", buffer_text(&key), range);
    buffer_reset(&key);
    campaigns_put_key(&key, campaign, "done");
    client_queue(client, "HGETALL", buffer_text(&key), NULL);
    buffer_fini(&key);
    list->board = client_answer(client, REDIS_REPLY_ARRAY, error);
    list->marks =
        list->board != NULL ? client_answer(client, REDIS_REPLY_ARRAY, error) : NULL;
    return list->marks != NULL ? STATUS_OK : STATUS_IO;
}

static bool
has(const struct outreach_list *list, struct slice id)
{
    size_t i = 0;
    while (i < list->count && !slice_equal(list->people[i].id, id)) {
        i++;
    }
    return i < list->count;
}

// The people of the list, then those of the marks if they are wanted.
static enum status
add_people(struct outreach_list *list, bool has_others, struct error *error)
{
    const redisReply *board = list->board;
    const redisReply *marks = list->marks;
    size_t most = (board->elements + marks->elements) / 2;
    list->people = calloc(most + 1, sizeof *list->people);
    if (list->people == NULL) {
        return error_set(error, STATUS_NOMEM, "out of memory");
    }
    for (size_t i = 0; i + 1 < board->elements; i += 2) {
        struct slice id = client_text(board->element[i]);
        list->people[list->count++] = (struct outreach_person){
            .id = id,
            .score = client_text(board->element[i + 1]),
            .done = values_field(marks, id),
        };
    }
    for (size_t i = 0; has_others && i + 1 < marks->elements; i += 2) {
        struct slice id = client_text(marks->element[i]);
        if (!has(list, id)) {
            list->people[list->count++] = (struct outreach_person){
                .id = id, .done = client_text(marks->element[i + 1])};
        }
    }
    return STATUS_OK;
}

static enum status
pull_people(struct client *client, struct slice campaign, struct outreach_list *list,
            struct error *error)
{
    struct buffer head;
    enum status status = STATUS_OK;
    buffer_init(&head, KEY_MAX);
    campaigns_put_key(&head, campaign, "outreach:");
    for (size_t i = 0; i < list->count; i++) {
        ask(client, "HGETALL", buffer_text(&head), list->people[i].id);
        ask(client, "HMGET", SLICE_LIT("user:"), list->people[i].id);
    }
    buffer_fini(&head);
    for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
        struct outreach_person *person = &list->people[i];
        person->hash = client_answer(client, REDIS_REPLY_ARRAY, error);
        person->user = person->hash != NULL
                           ? client_answer(client, REDIS_REPLY_ARRAY, error)
                           : NULL;
        status = person->user != NULL ? STATUS_OK : STATUS_IO;
    }
    return status;
}

// Redis sorts members of equal score by their bytes; the list has the greatest `next`
// first among them.
static int
by_rank(const void *a, const void *b)
{
    const struct slice next = SLICE_LIT("next");
    const struct outreach_person *one = a;
    const struct outreach_person *other = b;
    if (slice_is_none(one->score) || slice_is_none(other->score)) {
        return slice_is_none(one->score) - slice_is_none(other->score);
    }
    const double values[][2] = {
        {values_number(one->score), values_number(other->score)},
        {values_number(values_field(one->hash, next)),
         values_number(values_field(other->hash, next))},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (values[i][0] != values[i][1]) {
            return values[i][0] > values[i][1] ? -1 : 1;
        }
    }
    return slice_compare(one->id, other->id);
}

static void
drop(struct outreach_person *person)
{
    freeReplyObject(person->user);
    freeReplyObject(person->hash);
}

enum status
outreach_list_pull(struct client *client, struct slice campaign, size_t rows,
                   struct outreach_list *ret_list, struct error *error)
{
    *ret_list = (struct outreach_list){0};
    enum status status = pull_keys(client, campaign, ret_list, error);
    if (status == STATUS_OK) {
        status = add_people(ret_list, rows == 0, error);
    }
    if (status == STATUS_OK) {
        status = pull_people(client, campaign, ret_list, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    qsort(ret_list->people, ret_list->count, sizeof *ret_list->people, by_rank);
    while (rows != 0 && ret_list->count > rows) {
        drop(&ret_list->people[--ret_list->count]);
    }
    return STATUS_OK;
}

void
outreach_list_fini(struct outreach_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        drop(&list->people[i]);
    }
    free(list->people);
    freeReplyObject(list->marks);
    freeReplyObject(list->board);
    *list = (struct outreach_list){0};
}

// ── who ────────────────────────────────────────────────────────────────────

struct slice
outreach_list_handle(const struct outreach_person *person)
{
    struct slice handle = values_at(person->user, 0);
    const char *colon =
        person->id.len != 0 ? memchr(person->id.ptr, ':', person->id.len) : NULL;
    const char *end = person->id.ptr + person->id.len;
    if (handle.len == 0 && colon != NULL && colon + 1 < end && colon[1] == '@') {
        return (struct slice){colon + 2, (size_t)(end - colon - 2)};
    }
    return handle;
}

void
outreach_list_put_who(struct buffer *out, const struct outreach_person *person)
{
    struct slice handle = outreach_list_handle(person);
    buffer_append(out, handle.len != 0 ? SLICE_LIT("@") : SLICE_LIT(""));
    buffer_append(out, handle.len != 0 ? handle : person->id);
}

void
outreach_list_put_json(struct buffer *json, size_t rank,
                       const struct outreach_person *person)
{
    static const char *const numbers[] = {"people", "acts",      "rate",   "next",
                                          "known",  "followers", "last_ms"};
    struct slice handle = outreach_list_handle(person);
    json_writer_open(json, '{');
    json_writer_put_u64(json, "rank", rank);
    json_writer_put_text(json, "id", person->id);
    values_put_json(json, SLICE_LIT("value"), person->score);
    values_put_json_text(json, SLICE_LIT("handle"),
                         handle.len != 0 ? handle : SLICE_NONE);
    values_put_json_text(json, SLICE_LIT("name"), values_at(person->user, 1));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct slice value = values_field(person->hash, slice_of(numbers[i]));
        if (!slice_is_none(value)) {
            values_put_json(json, slice_of(numbers[i]), value);
        }
    }
    json_writer_put_text(json, "why", values_field(person->hash, SLICE_LIT("why")));
    if (!slice_is_none(person->done)) {
        values_put_json(json, SLICE_LIT("done_ms"), person->done);
    }
    json_writer_close(json, '}');
}

static bool
is_same_handle(struct slice a, struct slice b)
{
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    bool is_same = slice_equal(text_fold(&arena, a), text_fold(&arena, b));
    arena_fini(&arena);
    return is_same;
}

// who: without '@'.
static bool
is_called(const struct outreach_person *person, const char *who)
{
    const char *colon = strchr(who, ':');
    struct slice network = {who, colon != NULL ? (size_t)(colon + 1 - who) : 0};
    struct slice handle = outreach_list_handle(person);
    return handle.len != 0 && (colon == NULL || slice_starts(person->id, network)) &&
           is_same_handle(handle, slice_of(colon != NULL ? colon + 1 : who));
}

static enum status
no_one(const struct outreach_list *list, const char *who, struct error *error)
{
    struct similar similar;
    similar_init(&similar, slice_of(who + (who[0] == '@')));
    for (size_t i = 0; i < list->count; i++) {
        similar_offer(&similar, outreach_list_handle(&list->people[i]));
    }
    if (slice_is_none(similar.nearest)) {
        return error_set(error, STATUS_RANGE, "no person of the list is \"%.*s\"",
                         SHOWN_MAX, who);
    }
    return error_set(error, STATUS_RANGE,
                     "no person of the list is \"%.*s\"; did you mean @%.*s?",
                     SHOWN_MAX, who, SLICE_ARG(similar.nearest));
}

enum status
outreach_list_find(const struct outreach_list *list, const char *who,
                   const struct outreach_person **ret_person, struct error *error)
{
    const struct outreach_person *found = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct outreach_person *person = &list->people[i];
        if (slice_equal(person->id, slice_of(who))) {
            *ret_person = person;
            return STATUS_OK;
        }
        if (who[0] != '@' || !is_called(person, who + 1)) {
            continue;
        }
        if (found != NULL) {
            return error_set(error, STATUS_RANGE,
                             "\"%.*s\" is more than one person: %.*s and %.*s; give "
                             "the id",
                             SHOWN_MAX, who, SLICE_ARG(found->id),
                             SLICE_ARG(person->id));
        }
        found = person;
    }
    if (found == NULL) {
        return no_one(list, who, error);
    }
    *ret_person = found;
    return STATUS_OK;
}
