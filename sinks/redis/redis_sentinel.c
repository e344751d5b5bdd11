#include "sinks/redis/redis_sentinel.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/crypto.h>

#include "base/decimal.h"
#include "net/timer.h"
#include "sinks/redis/redis_dial.h"
#include "sinks/redis/redis_reader.h"
#include "sinks/redis/redis_stream.h"

enum { REFUSAL_MAX = 160, VALUE_MAX = 96 };

// The replies of one Sentinel; the last one only to verify.
enum reply { REPLY_LOGIN, REPLY_ADDRESS, REPLY_STATE };

// Of the last reply, fields and values in turn.
struct sentinel_state {
    char field[VALUE_MAX];
    char flags[VALUE_MAX];
    char run_id[VALUE_MAX];
    uint64_t epoch;
};

// Of all Sentinels that have answered, to verify.
struct sentinel_verdict {
    uint64_t epoch; // the greatest
    bool is_agreed; // one of that epoch names the server
    bool is_other;  // one of that epoch names another one
    struct error error;
};

struct redis_sentinel {
    struct redis_sentinel_setup setup;
    struct redis_dial *dial;
    struct redis_url asked; // the current Sentinel
    size_t next;            // the next one to ask
    size_t left;            // to ask in this round
    struct timer deadline;  // of the current one
    struct bufferevent *stream;
    struct redis_reader *reader;

    // The answer
    char host[REDIS_URL_HOST_MAX];
    char port[8];
    char refusal[REFUSAL_MAX];
    bool is_unknown; // the Sentinel does not know the name
    bool is_answered;
    enum reply reply; // the next one
    struct sentinel_state state;

    bool is_verifying;
    struct redis_sentinel_claim claim;
    struct redis_url claimed;
    struct sentinel_verdict verdict;

    char why[ERROR_TEXT_MAX]; // each Sentinel that failed in this round
};

static void ask_next(struct redis_sentinel *sentinel);

static void
hang_up(struct redis_sentinel *sentinel)
{
    redis_dial_cancel(sentinel->dial);
    timer_stop(&sentinel->deadline);
    if (sentinel->stream != NULL) {
        bufferevent_free(sentinel->stream);
        sentinel->stream = NULL;
    }
    redis_reader_destroy(&sentinel->reader);
}

static void
give_view(struct redis_sentinel *sentinel, enum redis_sentinel_view view,
          const struct error *error)
{
    hang_up(sentinel);
    sentinel->claim.on_done(sentinel->claim.context, view, error);
}

// Each Sentinel was asked once.
static void
end_round(struct redis_sentinel *sentinel)
{
    const struct sentinel_verdict *verdict = &sentinel->verdict;
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO, "%s", sentinel->why);
    if (!sentinel->is_verifying) {
        sentinel->setup.on_done(sentinel->setup.context, NULL, &error);
    } else if (verdict->is_other) {
        give_view(sentinel, REDIS_SENTINEL_OTHER, &verdict->error);
    } else if (verdict->is_agreed) {
        give_view(sentinel, REDIS_SENTINEL_AGREED, NULL);
    } else {
        give_view(sentinel, REDIS_SENTINEL_UNSURE, &error);
    }
}

static void
go_on(struct redis_sentinel *sentinel)
{
    hang_up(sentinel);
    if (sentinel->left != 0) {
        ask_next(sentinel);
    } else {
        end_round(sentinel);
    }
}

static void
fail(struct redis_sentinel *sentinel, const char *text)
{
    char address[REDIS_URL_TEXT_MAX];
    size_t length = strlen(sentinel->why);
    redis_url_format(&sentinel->asked, address);
    const char *host = strstr(address, "//") + 2;
    snprintf(sentinel->why + length, sizeof(sentinel->why) - length,
             "%sSentinel %s: %s", length != 0 ? ", " : "", host, text);
    go_on(sentinel);
}

// Of what the Sentinel knows about the master.
static void
take_state(struct sentinel_state *state, const struct redis_item *item)
{
    if (item->depth != 1 || item->type != REDIS_ITEM_STRING) {
        return;
    }
    if (item->index % 2 == 0) {
        redis_reader_print(item->text, state->field, sizeof(state->field));
    } else if (strcmp(state->field, "flags") == 0) {
        redis_reader_print(item->text, state->flags, sizeof(state->flags));
    } else if (strcmp(state->field, "runid") == 0) {
        redis_reader_print(item->text, state->run_id, sizeof(state->run_id));
    } else if (strcmp(state->field, "config-epoch") == 0) {
        (void)decimal_parse_whole(item->text, &state->epoch);
    }
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct redis_sentinel *sentinel = context;
    sentinel->is_answered = true;
    if (sentinel->reply == REPLY_STATE) {
        // Without the right to ask for it, the address has to do.
        take_state(&sentinel->state, item);
    } else if (item->type == REDIS_ITEM_ERROR) {
        redis_reader_print(item->text, sentinel->refusal, sizeof(sentinel->refusal));
    } else if (item->type == REDIS_ITEM_NIL) {
        sentinel->is_unknown = true;
    } else if (item->depth == 1 && item->type == REDIS_ITEM_STRING) {
        if (item->index == 0) {
            redis_reader_print(item->text, sentinel->host, sizeof(sentinel->host));
        } else if (item->index == 1) {
            redis_reader_print(item->text, sentinel->port, sizeof(sentinel->port));
        }
    }
}

static void
fail_over(struct redis_sentinel *sentinel)
{
    char address[REDIS_URL_TEXT_MAX];
    struct error error = {.code = STATUS_OK};
    redis_url_format(&sentinel->claimed, address);
    error_set(&error, STATUS_IO, "the Sentinels may be replacing the master %s",
              address);
    give_view(sentinel, REDIS_SENTINEL_UNSURE, &error);
}

// Adds the answer of one Sentinel to the verdict, or ends the round.
static void
judge(struct redis_sentinel *sentinel, const struct redis_url *master)
{
    const struct sentinel_state *state = &sentinel->state;
    const struct redis_url *claimed = &sentinel->claimed;
    struct sentinel_verdict *verdict = &sentinel->verdict;
    char name[REDIS_URL_TEXT_MAX];
    char was[REDIS_URL_TEXT_MAX];
    bool is_at =
        strcmp(master->host, claimed->host) == 0 && master->port == claimed->port;
    bool is_run =
        state->run_id[0] != '\0' && strcmp(state->run_id, sentinel->claim.run_id) == 0;
    if (strstr(state->flags, "failover_in_progress") != NULL ||
        ((is_at || is_run) && strstr(state->flags, "o_down") != NULL)) {
        fail_over(sentinel);
        return;
    }
    if (state->epoch > verdict->epoch) {
        *verdict = (struct sentinel_verdict){.epoch = state->epoch};
    }
    if (state->epoch == verdict->epoch) {
        bool is_same = is_at || is_run;
        verdict->is_agreed = verdict->is_agreed || is_same;
        verdict->is_other = verdict->is_other || !is_same;
        if (!is_same) {
            error_set(&verdict->error, STATUS_IO,
                      "the Sentinels name %s as the master instead of %s",
                      redis_url_format(master, name), redis_url_format(claimed, was));
        }
    }
    go_on(sentinel);
}

static void
take_answer(struct redis_sentinel *sentinel)
{
    struct redis_url master;
    char text[REFUSAL_MAX + 128];
    if (sentinel->refusal[0] != '\0') {
        snprintf(text, sizeof(text), "it refuses: %s%s", sentinel->refusal,
                 strncmp(sentinel->refusal, "NOAUTH", 6) == 0
                     ? " (set redis.sentinel_password_file)"
                     : "");
        fail(sentinel, text);
    } else if (sentinel->is_unknown) {
        snprintf(text, sizeof(text), "it has no master \"%s\"",
                 sentinel->setup.target->url.name);
        fail(sentinel, text);
    } else if (redis_url_of_host(slice_of(sentinel->host), slice_of(sentinel->port),
                                 &master) != STATUS_OK) {
        fail(sentinel, "it is not a Sentinel, or its answer contains no address");
    } else {
        master.kind = sentinel->asked.kind;
        if (sentinel->is_verifying) {
            judge(sentinel, &master);
            return;
        }
        hang_up(sentinel);
        sentinel->setup.on_done(sentinel->setup.context, &master, NULL);
    }
}

// A reply is complete. True: no other one matters.
static bool
is_last_reply(struct redis_sentinel *sentinel)
{
    enum reply last = sentinel->is_verifying ? REPLY_STATE : REPLY_ADDRESS;
    if (sentinel->reply == last || sentinel->refusal[0] != '\0') {
        return true;
    }
    sentinel->reply++;
    return false;
}

static void
on_readable(struct bufferevent *stream, void *context)
{
    struct redis_sentinel *sentinel = context;
    char bytes[1024];
    size_t size;
    while ((size = bufferevent_read(stream, bytes, sizeof(bytes))) != 0) {
        struct error error = {.code = STATUS_OK};
        enum status status =
            redis_reader_feed(sentinel->reader, (struct slice){bytes, size}, &error);
        while (status == STATUS_OK) {
            status = redis_reader_next(sentinel->reader, &error);
            if (status == STATUS_OK && is_last_reply(sentinel)) {
                take_answer(sentinel);
                return;
            }
        }
        if (status != STATUS_AGAIN) {
            fail(sentinel, "Redis protocol error");
            return;
        }
    }
}

static void
on_stream_event(struct bufferevent *stream, short what, void *context)
{
    char text[REDIS_TLS_TEXT_MAX];
    struct redis_sentinel *sentinel = context;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        bool is_answered = sentinel->is_answered || sentinel->setup.tls == NULL;
        fail(sentinel, redis_stream_why_closed(stream, what, is_answered, text));
    }
}

static void
on_deadline(void *context)
{
    fail(context, "no answer");
}

static void
add_command(struct redis_sentinel *sentinel, size_t count, const struct slice *words)
{
    struct evbuffer *output = bufferevent_get_output(sentinel->stream);
    evbuffer_add_printf(output, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++) {
        evbuffer_add_printf(output, "$%zu\r\n", words[i].len);
        evbuffer_add(output, words[i].ptr, words[i].len);
        evbuffer_add(output, "\r\n", 2);
    }
}

static enum status
log_in(struct redis_sentinel *sentinel, struct error *error)
{
    char password[REDIS_URL_SECRET_MAX];
    const struct redis_target *target = sentinel->setup.target;
    const char *user = target->sentinel_user;
    enum status status = redis_target_sentinel_password(target, password, error);
    if (status == STATUS_OK && password[0] != '\0') {
        sentinel->reply = REPLY_LOGIN;
        const struct slice words[] = {SLICE_LIT("AUTH"), slice_of(user),
                                      slice_of(password)};
        const struct slice without[] = {words[0], words[2]};
        add_command(sentinel, user[0] != '\0' ? 3 : 2,
                    user[0] != '\0' ? words : without);
    }
    OPENSSL_cleanse(password, sizeof(password));
    return status;
}

// Without memory nothing is sent, and the deadline passes.
static void
send_question(struct redis_sentinel *sentinel, evutil_socket_t fd)
{
    struct error error = {.code = STATUS_OK};
    const struct slice name = slice_of(sentinel->setup.target->url.name);
    const struct slice question[] = {SLICE_LIT("SENTINEL"),
                                     SLICE_LIT("GET-MASTER-ADDR-BY-NAME"), name};
    const struct slice state[] = {SLICE_LIT("SENTINEL"), SLICE_LIT("MASTER"), name};
    sentinel->stream = redis_stream_open(sentinel->setup.base, fd, sentinel->setup.tls,
                                         &sentinel->asked);
    if (sentinel->stream != NULL) {
        sentinel->reader = redis_reader_create(on_item, sentinel);
    }
    if (sentinel->reader == NULL) {
        fail(sentinel, "no memory for a connection");
        return;
    }
    bufferevent_setcb(sentinel->stream, on_readable, NULL, on_stream_event, sentinel);
    if (log_in(sentinel, &error) != STATUS_OK) {
        fail(sentinel, error.text);
        return;
    }
    add_command(sentinel, 3, question);
    if (sentinel->is_verifying) {
        add_command(sentinel, 3, state);
    }
    bufferevent_enable(sentinel->stream, EV_READ | EV_WRITE);
}

static void
on_dialed(void *context, evutil_socket_t fd, const struct error *error)
{
    struct redis_sentinel *sentinel = context;
    if (fd < 0) {
        fail(sentinel, error->text);
    } else {
        send_question(sentinel, fd);
    }
}

static void
ask_next(struct redis_sentinel *sentinel)
{
    const struct redis_url *url = &sentinel->setup.target->url;
    sentinel->asked = redis_url_of_index(url, sentinel->next);
    usec span = sentinel->setup.timeout / (usec)url->host_count;
    sentinel->left--;
    sentinel->next = (sentinel->next + 1) % url->host_count;
    sentinel->host[0] = '\0';
    sentinel->port[0] = '\0';
    sentinel->refusal[0] = '\0';
    sentinel->is_unknown = false;
    sentinel->is_answered = false;
    sentinel->reply = REPLY_ADDRESS;
    sentinel->state = (struct sentinel_state){.epoch = 0};
    timer_set(&sentinel->deadline, span);
    redis_dial_start(sentinel->dial);
}

struct redis_sentinel *
redis_sentinel_create(const struct redis_sentinel_setup *setup)
{
    struct redis_sentinel *sentinel = calloc(1, sizeof(*sentinel));
    if (sentinel == NULL) {
        return NULL;
    }
    sentinel->setup = *setup;
    bool has_timer = timer_init(&sentinel->deadline, setup->base, on_deadline,
                                sentinel) == STATUS_OK;
    sentinel->dial =
        redis_dial_create(setup->base, &sentinel->asked, on_dialed, sentinel);
    if (!has_timer || sentinel->dial == NULL) {
        redis_sentinel_destroy(&sentinel);
    }
    return sentinel;
}

void
redis_sentinel_destroy(struct redis_sentinel **sentinel)
{
    struct redis_sentinel *old = *sentinel;
    if (old == NULL) {
        return;
    }
    if (old->dial != NULL) {
        hang_up(old);
    }
    redis_dial_destroy(&old->dial);
    timer_fini(&old->deadline);
    free(old);
    *sentinel = NULL;
}

static void
begin_round(struct redis_sentinel *sentinel)
{
    redis_sentinel_cancel(sentinel);
    sentinel->left = sentinel->setup.target->url.host_count;
    sentinel->why[0] = '\0';
    ask_next(sentinel);
}

void
redis_sentinel_start(struct redis_sentinel *sentinel)
{
    sentinel->is_verifying = false;
    begin_round(sentinel);
}

void
redis_sentinel_verify(struct redis_sentinel *sentinel,
                      const struct redis_sentinel_claim *claim)
{
    sentinel->is_verifying = true;
    sentinel->claim = *claim;
    sentinel->claimed = *claim->server;
    sentinel->verdict = (struct sentinel_verdict){.epoch = 0};
    begin_round(sentinel);
}

void
redis_sentinel_cancel(struct redis_sentinel *sentinel)
{
    hang_up(sentinel);
}
