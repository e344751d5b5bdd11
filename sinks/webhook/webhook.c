#include "sinks/webhook/webhook.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/person_text.h"
#include "base/table.h"
#include "sinks/webhook/webhook_sign.h"

enum {
    VALUE_MAX = 32 << 20,
    GONE = 410,
    TOO_MANY = 429,
    BAD_GATEWAY = 502,
    GATEWAY_TIMEOUT = 504,
    JITTER = 10, // a tenth
};

#define LATER_MAX (24 * USEC_PER_HOUR) // whatever the value of Retry-After
#define HOLD_FIRST (5 * USEC_PER_S)
#define HOLD_MAX (5 * USEC_PER_MIN)
#define AT(member) offsetof(struct webhook_metrics, member)

// clang-format off
const struct metric webhook_metric_rows[] = {
    {"cascaded_webhook_sent_total", NULL, METRIC_COUNTER, AT(sent),
     "Alerts that the webhook acknowledged"},
    {"cascaded_webhook_attempts_failed_total", NULL, METRIC_COUNTER, AT(failed),
     "Attempts to send that failed"},
    {"cascaded_webhook_addresses_refused_total", NULL, METRIC_COUNTER, AT(refused),
     "Attempts refused because the address is private and allow_private is not set"},
    {"cascaded_webhook_given_up_total", NULL, METRIC_COUNTER, AT(given_up),
     "Alerts discarded after the last attempt"},
    {"cascaded_webhook_dropped_total", NULL, METRIC_COUNTER, AT(dropped),
     "Alerts dropped because the queue was full, or because they waited when the webhook answered 410"},
    {"cascaded_webhook_pending", NULL, METRIC_GAUGE, AT(pending),
     "Alerts that wait to be acknowledged"},
    {"cascaded_webhook_disabled", NULL, METRIC_GAUGE, AT(is_stopped),
     "1 once the webhook answered 410, until its section changes or the process starts again"},
    METRIC_END,
};
// clang-format on

struct waiting {
    char id[WEBHOOK_ID_MAX];
    char *json;
    size_t json_len;
    uint64_t number; // order of arrival
    unsigned attempts;
    bool is_forgotten; // to be removed when the answer comes
    usec due;
};

struct webhook {
    struct webhook_calls calls;
    void *context;
    struct webhook_metrics metrics; // pending: how many of `waiting`
    struct buffer value;
    uint64_t next_number;
    uint64_t sending; // number of the message in progress
    bool is_busy;
    struct backoff holds;
    usec held_until;
    bool is_failing; // logged, as the two below
    bool has_given_up;
    bool is_full;
    bool has_invalid;            // it was reported
    uint64_t done[WEBHOOK_DONE]; // hashes of ids
    size_t done_count;           // in total
    size_t room;
    struct table index; // of `waiting`, by id
    struct waiting waiting[];
};

usec
webhook_delay(unsigned attempt, uint32_t chance)
{
    static const usec delays[WEBHOOK_ATTEMPTS] = {
        0,
        5 * USEC_PER_S,
        5 * USEC_PER_MIN,
        30 * USEC_PER_MIN,
        2 * USEC_PER_HOUR,
        5 * USEC_PER_HOUR,
        10 * USEC_PER_HOUR,
        14 * USEC_PER_HOUR,
        20 * USEC_PER_HOUR,
        24 * USEC_PER_HOUR,
    };
    assert(attempt >= 1 && attempt <= WEBHOOK_ATTEMPTS);
    usec delay = delays[attempt - 1];
    uint64_t most_ms = (uint64_t)(delay / JITTER / USEC_PER_MS);
    return delay + (usec)(most_ms * chance / UINT32_MAX) * USEC_PER_MS;
}

enum status
webhook_create(const struct webhook_calls *calls, void *context, size_t room,
               struct webhook **ret_webhook)
{
    struct webhook *webhook =
        calloc(1, sizeof(*webhook) + room * sizeof(webhook->waiting[0]));
    if (webhook == NULL) {
        return STATUS_NOMEM;
    }
    if (!table_init(&webhook->index, (uint32_t)room)) {
        free(webhook);
        return STATUS_NOMEM;
    }
    webhook->calls = *calls;
    webhook->context = context;
    webhook->room = room;
    webhook->holds = (struct backoff){.first = HOLD_FIRST, .most = HOLD_MAX};
    buffer_init(&webhook->value, VALUE_MAX);
    *ret_webhook = webhook;
    return STATUS_OK;
}

void
webhook_destroy(struct webhook **webhook)
{
    struct webhook *old = *webhook;
    if (old == NULL) {
        return;
    }
    for (size_t i = 0; i < old->metrics.pending; i++) {
        free(old->waiting[i].json);
    }
    buffer_fini(&old->value);
    table_fini(&old->index);
    free(old);
    *webhook = NULL;
}

// ── the queue ──────────────────────────────────────────────────────────────

static struct waiting *
find(struct webhook *webhook, struct slice id)
{
    struct table_walk walk = table_walk(&webhook->index, hash_known(id));
    uint32_t place;
    while ((place = table_next(&webhook->index, &walk)) != TABLE_NONE) {
        if (slice_equal(slice_of(webhook->waiting[place].id), id)) {
            return &webhook->waiting[place];
        }
    }
    return NULL;
}

static struct waiting *
find_number(struct webhook *webhook, uint64_t number)
{
    for (size_t i = 0; i < webhook->metrics.pending; i++) {
        if (webhook->waiting[i].number == number) {
            return &webhook->waiting[i];
        }
    }
    return NULL;
}

// NULL: there is no room, or no memory.
static struct waiting *
put(struct webhook *webhook, struct slice id, struct slice json)
{
    if (webhook->metrics.pending == webhook->room || id.len >= WEBHOOK_ID_MAX) {
        return NULL;
    }
    char *copy = malloc(json.len + 1);
    if (copy == NULL) {
        return NULL;
    }
    uint32_t place = (uint32_t)webhook->metrics.pending++;
    (void)table_add(&webhook->index, hash_known(id), place); // it has room as well
    struct waiting *waiting = &webhook->waiting[place];
    *waiting = (struct waiting){
        .json = copy,
        .json_len = json.len,
        .number = ++webhook->next_number,
    };
    memcpy(waiting->id, id.ptr, id.len);
    memcpy(copy, json.ptr, json.len);
    return waiting;
}

static uint64_t
hash_of(struct slice id)
{
    static const struct hash_key key = {0x776562686f6f6b73, 0x646f6e656c697374};
    return hash_slice(&key, id);
}

static bool
is_done(const struct webhook *webhook, struct slice id)
{
    uint64_t hash = hash_of(id);
    for (size_t i = 0; i < WEBHOOK_DONE && i < webhook->done_count; i++) {
        if (webhook->done[i] == hash) {
            return true;
        }
    }
    return false;
}

static void
unlist(struct webhook *webhook, const struct waiting *waiting)
{
    table_remove(&webhook->index, hash_known(slice_of(waiting->id)),
                 (uint32_t)(waiting - webhook->waiting));
}

// The last one takes its place.
static void
take_out(struct webhook *webhook, struct waiting *waiting)
{
    struct waiting *last = &webhook->waiting[webhook->metrics.pending - 1];
    webhook->done[webhook->done_count++ % WEBHOOK_DONE] =
        hash_of(slice_of(waiting->id));
    webhook->calls.drop(webhook->context, slice_of(waiting->id));
    free(waiting->json);
    unlist(webhook, waiting);
    if (last != waiting) {
        unlist(webhook, last);
        *waiting = *last;
        (void)table_add(&webhook->index, hash_known(slice_of(waiting->id)),
                        (uint32_t)(waiting - webhook->waiting));
    }
    webhook->metrics.pending--;
    webhook->is_full = false;
}

void
webhook_refuse(struct webhook *webhook)
{
    webhook->metrics.dropped++;
    if (!webhook->is_full && webhook->metrics.is_stopped == 0) {
        webhook->is_full = true;
        webhook->calls.report(webhook->context, WEBHOOK_EVENT_FULL, "");
    }
}

void
webhook_add(struct webhook *webhook, struct slice id, struct slice json, usec now)
{
    if (find(webhook, id) != NULL) {
        return;
    }
    struct waiting *waiting =
        webhook->metrics.is_stopped == 0 ? put(webhook, id, json) : NULL;
    if (waiting != NULL) {
        waiting->due = now;
        return;
    }
    webhook->calls.drop(webhook->context, id);
    webhook_refuse(webhook);
}

// A number of at most 15 digits (ms: still a usec) and the space after it; moves *text.
static bool
read_number(struct slice *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t i = 0;
    for (; i < text->len && i < 15 && text->ptr[i] >= '0' && text->ptr[i] <= '9'; i++) {
        number = number * 10 + (uint64_t)(text->ptr[i] - '0');
    }
    if (i == 0 || i == text->len || text->ptr[i] != ' ') {
        return false;
    }
    *text = (struct slice){text->ptr + i + 1, text->len - i - 1};
    *ret_number = number;
    return true;
}

// It is sent as a header.
static bool
is_id(struct slice id)
{
    bool is_good = id.len != 0 && id.len < WEBHOOK_ID_MAX;
    for (size_t i = 0; i < id.len && is_good; i++) {
        is_good = id.ptr[i] > ' ' && id.ptr[i] < 0x7f;
    }
    return is_good;
}

// Another program wrote it.
static void
drop_invalid(struct webhook *webhook, struct slice id)
{
    webhook->calls.drop(webhook->context, id);
    webhook->metrics.dropped++;
    if (!webhook->has_invalid) {
        webhook->has_invalid = true;
        webhook->calls.report(webhook->context, WEBHOOK_EVENT_INVALID, "");
    }
}

void
webhook_restore(struct webhook *webhook, struct slice id, struct slice value, usec now)
{
    uint64_t attempts;
    uint64_t due_ms;
    if (find(webhook, id) != NULL) {
        return;
    }
    if (is_done(webhook, id)) {
        webhook->calls.drop(webhook->context, id);
        return;
    }
    struct slice json = value;
    if (!is_id(id) || !read_number(&json, &attempts) || !read_number(&json, &due_ms) ||
        attempts >= WEBHOOK_ATTEMPTS || json.len == 0) {
        drop_invalid(webhook, id);
        return;
    }
    struct waiting *waiting =
        webhook->metrics.is_stopped == 0 ? put(webhook, id, json) : NULL;
    if (waiting == NULL) {
        webhook->calls.drop(webhook->context, id);
        webhook_refuse(webhook);
        return;
    }
    usec due = (usec)due_ms * USEC_PER_MS;
    usec latest = now + webhook_delay(WEBHOOK_ATTEMPTS, UINT32_MAX);
    waiting->attempts = (unsigned)attempts;
    waiting->due = due < latest ? due : latest; // the clock was set back
}

size_t
webhook_forget(struct webhook *webhook, const struct person_text *person)
{
    size_t count = 0;
    for (size_t i = webhook->metrics.pending; i-- != 0;) {
        struct waiting *waiting = &webhook->waiting[i];
        const struct slice json = {waiting->json, waiting->json_len};
        if (waiting->is_forgotten || !person_text_is_in(person, json)) {
            continue;
        }
        count++;
        if (webhook->is_busy && waiting->number == webhook->sending) {
            waiting->is_forgotten = true;
        } else {
            take_out(webhook, waiting);
        }
    }
    return count;
}

// ── sending ────────────────────────────────────────────────────────────────

static struct waiting *
first_due(struct webhook *webhook)
{
    struct waiting *first = NULL;
    for (size_t i = 0; i < webhook->metrics.pending; i++) {
        struct waiting *other = &webhook->waiting[i];
        if (first == NULL || other->due < first->due ||
            (other->due == first->due && other->number < first->number)) {
            first = other;
        }
    }
    return first;
}

usec
webhook_tick(struct webhook *webhook, usec now)
{
    struct waiting *first = webhook->is_busy ? NULL : first_due(webhook);
    if (first == NULL) {
        return USEC_NONE;
    }
    usec due = first->due > webhook->held_until ? first->due : webhook->held_until;
    if (due > now) {
        return due;
    }
    webhook->is_busy = true;
    webhook->sending = first->number;
    webhook->calls.send(webhook->context, slice_of(first->id),
                        (struct slice){first->json, first->json_len});
    return USEC_NONE;
}

void
webhook_stepped(struct webhook *webhook, usec step)
{
    for (size_t i = 0; i < webhook->metrics.pending; i++) {
        webhook->waiting[i].due += step;
    }
    webhook->held_until += webhook->held_until != 0 ? step : 0;
}

static void
succeed(struct webhook *webhook, struct waiting *waiting)
{
    webhook->metrics.sent++;
    take_out(webhook, waiting);
    backoff_reset(&webhook->holds);
    webhook->has_given_up = false;
    if (webhook->is_failing) {
        webhook->is_failing = false;
        webhook->calls.report(webhook->context, WEBHOOK_EVENT_RECOVERED, "");
    }
}

static void
stop(struct webhook *webhook)
{
    webhook->metrics.is_stopped = 1;
    webhook->metrics.dropped += webhook->metrics.pending;
    while (webhook->metrics.pending != 0) {
        take_out(webhook, &webhook->waiting[0]);
    }
    webhook->calls.report(webhook->context, WEBHOOK_EVENT_GONE, "");
}

static void
remember(struct webhook *webhook, const struct waiting *waiting)
{
    struct buffer *value = &webhook->value;
    buffer_reset(value);
    buffer_append_u64(value, waiting->attempts);
    buffer_append_byte(value, ' ');
    buffer_append_i64(value, usec_floor_div(waiting->due, USEC_PER_MS));
    buffer_append_byte(value, ' ');
    buffer_append(value, (struct slice){waiting->json, waiting->json_len});
    if (!value->is_failed) {
        webhook->calls.keep(webhook->context, slice_of(waiting->id),
                            buffer_text(value));
    }
}

void
webhook_keep(struct webhook *webhook)
{
    for (size_t i = 0; i < webhook->metrics.pending; i++) {
        remember(webhook, &webhook->waiting[i]);
    }
}

bool
webhook_send_again(struct webhook *webhook, struct slice id, struct slice json,
                   usec now)
{
    struct waiting *waiting = find(webhook, id);
    if (waiting == NULL && webhook->metrics.is_stopped == 0) {
        waiting = put(webhook, id, json);
    }
    if (waiting != NULL) {
        waiting->due = now;
        remember(webhook, waiting);
    }
    return waiting != NULL;
}

static void
hold(struct webhook *webhook, const struct webhook_answer *answer, usec now)
{
    bool is_throttled = answer->status == TOO_MANY || answer->status == BAD_GATEWAY ||
                        answer->status == GATEWAY_TIMEOUT;
    if (is_throttled) {
        webhook->held_until = now + backoff_next(&webhook->holds);
    }
    if (answer->not_before != USEC_NONE && answer->not_before > webhook->held_until) {
        usec latest = now + LATER_MAX;
        webhook->held_until = answer->not_before < latest ? answer->not_before : latest;
    }
}

static void
fail(struct webhook *webhook, struct waiting *waiting,
     const struct webhook_answer *answer, usec now)
{
    webhook->metrics.failed++;
    webhook->metrics.refused += answer->is_refused;
    if (waiting->is_forgotten) {
        take_out(webhook, waiting);
        return;
    }
    waiting->attempts++;
    if (!webhook->is_failing) {
        webhook->is_failing = true;
        webhook->calls.report(webhook->context, WEBHOOK_EVENT_FAILING, answer->why);
    }
    hold(webhook, answer, now);
    if (waiting->attempts < WEBHOOK_ATTEMPTS) {
        waiting->due = now + webhook_delay(waiting->attempts + 1,
                                           webhook->calls.chance(webhook->context));
        remember(webhook, waiting);
        return;
    }
    webhook->metrics.given_up++;
    take_out(webhook, waiting);
    if (!webhook->has_given_up) {
        webhook->has_given_up = true;
        webhook->calls.report(webhook->context, WEBHOOK_EVENT_GIVEN_UP, answer->why);
    }
}

void
webhook_answered(struct webhook *webhook, const struct webhook_answer *answer, usec now)
{
    assert(webhook->is_busy);
    struct waiting *waiting = find_number(webhook, webhook->sending);
    assert(waiting != NULL);
    webhook->is_busy = false;
    if (answer->status >= 200 && answer->status < 300) {
        succeed(webhook, waiting);
    } else if (answer->status == GONE) {
        webhook->metrics.failed++;
        stop(webhook);
    } else {
        fail(webhook, waiting, answer, now);
    }
}

void
webhook_resume(struct webhook *webhook)
{
    webhook->metrics.is_stopped = 0;
    webhook->held_until = 0;
    backoff_reset(&webhook->holds);
}

bool
webhook_is_stopped(const struct webhook *webhook)
{
    return webhook->metrics.is_stopped != 0;
}

bool
webhook_is_busy(const struct webhook *webhook)
{
    return webhook->is_busy;
}

const struct webhook_metrics *
webhook_metrics(const struct webhook *webhook)
{
    return &webhook->metrics;
}
