// The sink and a real Redis on a private unix socket; the pipeline is a model.
#include "sinks/redis/redis_sink.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

#include <cmocka.h>

#include "base/option.h"
#include "net/clock.h"
#include "sinks/redis/redis_outbox.h"
#include "tests/oracle/sink_model.h"

enum { TEXT_MAX = 256, EVENTS_MAX = 16 };

struct world {
    char folder[80];
    char socket[88];
    pid_t server;
    redisContext *client;
    struct event_base *base;
    struct pipeline *model;
    struct redis_options options;
    struct redis_sink *sink;
    enum redis_event events[EVENTS_MAX];
    int event_count;
    int exit_code;
    int finished; // how often
    char failure[TEXT_MAX];
    struct redis_alerts alerts;
    const struct redis_alerts *used_alerts; // NULL: none
    int told;                               // alerts acknowledged
    int told_full; // of them, those that the third webhook had no room for
    uint64_t given;
    uint64_t full;
    char alert_id[WEBHOOK_ID_MAX];
    int waiting; // found in outboxes
    size_t waits_at;
    char waited[TEXT_MAX];
};

static void
nap(long milliseconds)
{
    struct timespec span = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&span, NULL);
}

static void
start_server(struct world *world)
{
    world->server = fork();
    if (world->server == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL) {
            _exit(127);
        }
        // The kernel kills it if this program is killed.
        execlp("setpriv", "setpriv", "--pdeathsig", "KILL", "redis-server", "--port",
               "0", "--unixsocket", world->socket, "--save", "", "--dir", world->folder,
               (char *)NULL);
        _exit(127);
    }
    for (int attempt = 0; attempt < 1500; attempt++) {
        world->client = redisConnectUnix(world->socket);
        if (world->client != NULL && world->client->err == 0) {
            return;
        }
        redisFree(world->client);
        world->client = NULL;
        if (waitpid(world->server, NULL, WNOHANG) != 0) {
            world->server = 0;
            return;
        }
        nap(20);
    }
}

static void
stop_server(struct world *world)
{
    if (world->client != NULL) {
        redisFree(world->client);
        world->client = NULL;
    }
    if (world->server > 0) {
        kill(world->server, SIGKILL);
        waitpid(world->server, NULL, 0);
        world->server = 0;
    }
    remove(world->socket);
}

static int
set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    signal(SIGPIPE, SIG_IGN);
    // A unix socket's path is short; the build folder's may not be.
    const char *place = getenv("TMPDIR");
    snprintf(world->folder, sizeof(world->folder), "%s/sink-XXXXXX",
             place != NULL && strlen(place) < 64 ? place : "/tmp");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->socket, sizeof(world->socket), "%s/r", world->folder);
    world->base = event_base_new();
    world->model = sink_model_create();
    option_presets(redis_options_rows, &world->options);
    world->options.flush = 20 * USEC_PER_MS;
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    redis_sink_destroy(&world->sink);
    stop_server(world);
    sink_model_destroy(&world->model);
    event_base_free(world->base);
    rmdir(world->folder);
    free(world);
    return 0;
}

static void
on_event(void *context, enum redis_event event, int exit_code,
         const struct error *error)
{
    struct world *world = context;
    assert_true(world->event_count < EVENTS_MAX);
    world->events[world->event_count++] = event;
    if (exit_code != 0) {
        world->exit_code = exit_code;
        snprintf(world->failure, sizeof(world->failure), "%.255s", error->text);
    }
}

static void
on_done(void *context, const struct error *error)
{
    struct world *world = context;
    world->finished++;
    if (error != NULL) {
        snprintf(world->failure, sizeof(world->failure), "%.255s", error->text);
    }
}

static void
on_alarm(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    *(bool *)context = true;
}

static void
run_for(struct world *world, usec span)
{
    bool is_over = false;
    struct timeval wait = {(time_t)(span / USEC_PER_S),
                           (suseconds_t)(span % USEC_PER_S)};
    event_base_once(world->base, -1, EV_TIMEOUT, on_alarm, &is_over, &wait);
    while (!is_over) {
        event_base_loop(world->base, EVLOOP_ONCE);
    }
}

// Until that holds, with a deadline of a minute for a busy machine.
static void
run_until(struct world *world, bool (*holds)(const struct world *world))
{
    for (int turn = 0; !holds(world); turn++) {
        assert_true(turn < 6000);
        run_for(world, 10 * USEC_PER_MS);
    }
}

static bool
has_finished(const struct world *world)
{
    return world->finished != 0;
}

static bool
has_failed(const struct world *world)
{
    return world->exit_code != 0;
}

static bool
has_lost_redis(const struct world *world)
{
    return sink_model_counts(world->model)->losses != 0;
}

static bool
has_tried_5_times(const struct world *world)
{
    return redis_sink_metrics(world->sink)->connects_failed >= 5;
}

static bool
has_been_refused(const struct world *world)
{
    return redis_sink_metrics(world->sink)->transactions_refused != 0;
}

static void
create_sink(struct world *world, usec give_up)
{
    snprintf(world->options.url, sizeof(world->options.url), "unix:%s", world->socket);
    const struct redis_sink_setup setup = {
        .base = world->base,
        .options = &world->options,
        .pipeline = world->model,
        .version = "test",
        .give_up = give_up,
        .on_event = on_event,
        .alerts = world->used_alerts,
        .context = world,
    };
    struct error error = {.code = STATUS_OK};
    if (redis_sink_create(&setup, &world->sink, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    redis_sink_start(world->sink);
}

static void
begin(struct world *world)
{
    start_server(world);
    if (world->server == 0 || world->client == NULL) {
        print_message("redis-server is not installed\n");
        skip();
    }
    create_sink(world, 0);
}

static void
finish(struct world *world)
{
    int before = world->finished;
    redis_sink_finish(world->sink, 10 * USEC_PER_S, on_done, world);
    while (world->finished == before) {
        event_base_loop(world->base, EVLOOP_ONCE);
    }
    assert_string_equal(world->failure, "");
}

// The answer to one command as text; NULL for nil.
static const char *
ask(struct world *world, const char *command, const char *key)
{
    static char text[TEXT_MAX];
    redisReply *reply = redisCommand(world->client, command, key);
    assert_non_null(reply);
    bool is_nil = reply->type == REDIS_REPLY_NIL;
    if (reply->type == REDIS_REPLY_INTEGER) {
        snprintf(text, sizeof(text), "%lld", reply->integer);
    } else if (!is_nil) {
        snprintf(text, sizeof(text), "%s", reply->str);
    }
    freeReplyObject(reply);
    return is_nil ? NULL : text;
}

static void
set_posts(struct world *world, size_t users, const char *value)
{
    for (size_t i = 0; i < users; i++) {
        char name[32];
        snprintf(name, sizeof(name), "x:%zu", i);
        sink_model_set(world->model, CHANGE_USER, slice_of(name), SLICE_LIT("posts:1h"),
                       slice_of(value));
    }
}

static void
everything_pulled_is_acknowledged_when_finished(void **state)
{
    struct world *world = *state;
    begin(world);
    set_posts(world, 9000, "1");
    finish(world);
    const struct sink_model_counts *counts = sink_model_counts(world->model);
    assert_int_equal(counts->pulled, 9000);
    assert_int_equal(counts->written, 9000);
    assert_int_equal(counts->in_flight, 0);
    assert_int_equal(counts->losses, 0);
    assert_string_equal(ask(world, "HGET %s posts:1h", "cascaded:user:x:8999"), "1");
    const struct redis_metrics *metrics = redis_sink_metrics(world->sink);
    assert_int_equal(metrics->changes, 9000);
    assert_true(metrics->transactions >= 9000 / (REDIS_BATCH_COMMANDS / 2));
    assert_true(redis_sink_is_up(world->sink));
}

static void
at_most_two_transactions_are_in_flight(void **state)
{
    struct world *world = *state;
    begin(world);
    set_posts(world, 20000, "1");
    size_t most = 0;
    redis_sink_finish(world->sink, 10 * USEC_PER_S, on_done, world);
    while (world->finished == 0) {
        event_base_loop(world->base, EVLOOP_ONCE);
        size_t now = sink_model_counts(world->model)->in_flight;
        most = now > most ? now : most;
    }
    // A fresh user is two commands, HSET and EXPIRE, of more than 100 bytes in all.
    enum { LEAST = 100, BATCH = REDIS_BATCH_BYTES / LEAST };
    assert_true(most > BATCH);
    assert_true(most <= 2 * BATCH);
}

static void
a_transaction_fits_in_the_cache_of_a_processor(void **state)
{
    struct world *world = *state;
    begin(world);
    set_posts(world, 20000, "1");
    finish(world);
    const struct redis_metrics *metrics = redis_sink_metrics(world->sink);
    assert_true(metrics->bytes_sent / metrics->transactions < 70000);
}

static void
a_cursor_set_all_the_time_is_still_written(void **state)
{
    struct world *world = *state;
    begin(world);
    char text[16] = "";
    for (int turn = 0; ask(world, "HGET %s pos", "cascaded:cursor:src") == NULL;
         turn++) {
        assert_true(turn < 10000);
        snprintf(text, sizeof(text), "%d", turn);
        const struct change_field field = {SLICE_LIT("pos"), slice_of(text)};
        assert_int_equal(
            redis_sink_set_cursor(world->sink, SLICE_LIT("src"), &field, 1), STATUS_OK);
        run_for(world, 5 * USEC_PER_MS);
    }
    finish(world);
    assert_string_equal(ask(world, "HGET %s pos", "cascaded:cursor:src"), text);
}

static void
gaps_are_written_and_removed_beside_cursors(void **state)
{
    struct world *world = *state;
    begin(world);
    const struct change_field field = {SLICE_LIT("1"), SLICE_LIT("{}")};
    const struct slice name = SLICE_LIT("src");
    assert_int_equal(redis_sink_set_cursor(world->sink, name, &field, 1), STATUS_OK);
    assert_int_equal(redis_sink_set_gaps(world->sink, name, &field, 1), STATUS_OK);
    finish(world);
    assert_string_equal(ask(world, "HGET %s 1", "cascaded:gaps:src"), "{}");
    assert_string_equal(ask(world, "HGET %s 1", "cascaded:cursor:src"), "{}");
    assert_int_equal(redis_sink_set_gaps(world->sink, name, NULL, 0), STATUS_OK);
    finish(world);
    assert_null(ask(world, "HGET %s 1", "cascaded:gaps:src"));
    assert_string_equal(ask(world, "HGET %s 1", "cascaded:cursor:src"), "{}");
}

static void
meta_contains_the_lag_of_live_streams(void **state)
{
    struct world *world = *state;
    begin(world);
    redis_sink_set_streams(world->sink, 1500 * USEC_PER_MS, false);
    finish(world);
    assert_string_equal(ask(world, "HGET %s lag_ms", "cascaded:meta"), "1500");
    assert_string_equal(ask(world, "HGET %s complete", "cascaded:meta"), "0");
}

static void
meta_is_kept_fresh_when_nothing_changes(void **state)
{
    struct world *world = *state;
    const struct changes_meta meta = {
        .clock = USEC_PER_S, .posts = 3, .is_complete = true};
    sink_model_set_meta(world->model, &meta);
    begin(world);
    finish(world);
    uint64_t flushes = redis_sink_metrics(world->sink)->flushes;
    char first[TEXT_MAX];
    strcpy(first, ask(world, "HGET %s as_of_ms", "cascaded:meta"));
    for (int turn = 0; strtoull(ask(world, "HGET %s as_of_ms", "cascaded:meta"), NULL,
                                10) <= strtoull(first, NULL, 10);
         turn++) {
        assert_true(turn < 3000);
        run_for(world, 20 * USEC_PER_MS);
    }
    assert_string_equal(ask(world, "HGET %s posts", "cascaded:meta"), "3");
    assert_string_equal(ask(world, "HGET %s clock_ms", "cascaded:meta"), "1000");
    assert_string_equal(ask(world, "HGET %s complete", "cascaded:meta"), "1");
    // It ages by about one flush in a second, not one in 20 ms.
    assert_true(redis_sink_metrics(world->sink)->flushes - flushes < 6);
}

static void
a_change_arrives_within_the_flush_and_50_ms(void **state)
{
    struct world *world = *state;
    begin(world);
    finish(world);
    // Not every time, since the machine may be busy.
    for (int turn = 0, in_time = 0; in_time < 5; turn++) {
        assert_true(turn < 200);
        char text[16];
        snprintf(text, sizeof(text), "%d", turn);
        set_posts(world, 1, text);
        run_for(world, world->options.flush + 50 * USEC_PER_MS);
        const char *found = ask(world, "HGET %s posts:1h", "cascaded:user:x:0");
        in_time += found != NULL && strcmp(found, text) == 0;
    }
}

static void
finishing_without_redis_fails_at_the_deadline(void **state)
{
    struct world *world = *state;
    create_sink(world, 0);
    set_posts(world, 1, "1");
    redis_sink_finish(world->sink, 100 * USEC_PER_MS, on_done, world);
    run_until(world, has_finished);
    assert_non_null(strstr(world->failure, "No such file or directory"));
    assert_int_equal(world->event_count, 1);
    assert_int_equal(world->events[0], REDIS_EVENT_LOST);
    assert_false(redis_sink_is_up(world->sink));
    // It may be tried again.
    world->finished = 0;
    redis_sink_finish(world->sink, 1, on_done, world);
    run_until(world, has_finished);
    assert_int_equal(world->finished, 1);
}

static void
attempts_to_connect_are_50_ms_apart_doubling_to_2_s(void **state)
{
    struct world *world = *state;
    usec start = clock_monotonic();
    create_sink(world, 0);
    run_until(world, has_tried_5_times);
    // At 0, 50, 150, 350 and 750 ms. A busy machine is late; each timer may be some ms
    // early, since the event loop reads a coarse clock.
    assert_true(clock_monotonic() - start >= 700 * USEC_PER_MS);
}

static void
a_first_start_gives_up_with_69(void **state)
{
    struct world *world = *state;
    create_sink(world, 200 * USEC_PER_MS);
    run_until(world, has_failed);
    assert_int_equal(world->exit_code, 69);
    assert_non_null(strstr(world->failure, "start it or set redis.url"));
    assert_int_equal(world->events[world->event_count - 1], REDIS_EVENT_FATAL);
    redis_sink_finish(world->sink, 10 * USEC_PER_S, on_done, world);
    run_until(world, has_finished);
}

static void
what_was_in_flight_comes_again_after_a_loss(void **state)
{
    struct world *world = *state;
    begin(world);
    set_posts(world, 30000, "1");
    while (sink_model_counts(world->model)->in_flight == 0) {
        event_base_loop(world->base, EVLOOP_ONCE);
    }
    stop_server(world);
    run_until(world, has_lost_redis);
    assert_int_equal(sink_model_counts(world->model)->in_flight, 0);
    assert_int_equal(sink_model_counts(world->model)->losses, 1);
    start_server(world);
    finish(world);
    assert_string_equal(ask(world, "DBSIZE%s", ""), "30003");
    assert_int_equal(world->events[world->event_count - 1], REDIS_EVENT_RECOVERED);
}

static void
a_bad_option_is_refused_at_creation(void **state)
{
    struct world *world = *state;
    const struct redis_sink_setup setup = {
        .base = world->base,
        .options = &world->options,
        .pipeline = world->model,
        .version = "test",
    };
    struct error error = {.code = STATUS_OK};
    strcpy(world->options.url, "localhost:6379");
    assert_int_equal(redis_sink_create(&setup, &world->sink, &error), STATUS_PARSE);
    assert_non_null(strstr(error.text, "redis.url: "));
    assert_null(world->sink);
    error = (struct error){.code = STATUS_OK};
    strcpy(world->options.url, "rediss://localhost");
    strcpy(world->options.ca_file, "Makefile-that-is-not-there");
    assert_int_equal(redis_sink_create(&setup, &world->sink, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "redis.ca_file: cannot read that file"));
}

// ── alerts ─────────────────────────────────────────────────────────────────

static uint64_t
wanted(void *context, struct slice rule)
{
    (void)context;
    return slice_equal(rule, SLICE_LIT("viral")) ? 7 : 0;
}

static void
on_alert(void *context, const struct redis_alert *alert)
{
    struct world *world = context;
    world->told++;
    world->given = alert->given;
    world->full = alert->full;
    world->told_full += (alert->full & 4) != 0;
    snprintf(world->alert_id, sizeof(world->alert_id), "%.*s", SLICE_ARG(alert->id));
    assert_true(slice_starts(alert->json, SLICE_LIT("{\"id\":\"viral:x:12:")));
    assert_int_equal(alert->json.ptr[alert->json.len - 1], '}');
}

static void
on_waiting(void *context, size_t endpoint, struct slice id, struct slice value)
{
    struct world *world = context;
    assert_true(endpoint < world->alerts.endpoint_count);
    assert_int_equal(id.len, 36);
    world->waiting++;
    world->waits_at = endpoint;
    snprintf(world->waited, sizeof(world->waited), "%.*s", SLICE_ARG(value));
}

// Three webhooks; the outbox of the second never has room.
static void
begin_alerts(struct world *world)
{
    world->alerts = (struct redis_alerts){
        .keep = 100,
        .endpoints = {{"ops", 10}, {"none", 0}, {"more", 10}},
        .endpoint_count = 3,
        .wanted = wanted,
        .on_alert = on_alert,
        .on_waiting = on_waiting,
        .context = world,
    };
    world->used_alerts = &world->alerts;
    begin(world);
}

static void
raise_alert(struct world *world, const char *id)
{
    sink_model_set(world->model, CHANGE_ALERT, slice_of(id), SLICE_LIT("size"),
                   SLICE_LIT("104"));
}

#define HEAD "{\"id\":\"viral:x:12:1\",\"rule\":\"viral\",\"level\":1,"

static void
an_alert_is_claimed_published_and_given_to_each_outbox(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    finish(world);
    redisContext *ear = redisConnectUnix(world->socket);
    freeReplyObject(redisCommand(ear, "SUBSCRIBE cascaded:alerts"));
    raise_alert(world, "viral:x:12:1");
    finish(world);
    assert_int_equal(world->told, 1);
    assert_int_equal(world->given, 5);
    assert_int_equal(world->full, 2);
    redisReply *heard = NULL;
    assert_int_equal(redisGetReply(ear, (void **)&heard), REDIS_OK);
    assert_non_null(strstr(heard->element[2]->str, HEAD));
    freeReplyObject(heard);
    redisFree(ear);
    redisReply *range = redisCommand(world->client, "XRANGE cascaded:alerts - +");
    assert_int_equal(range->elements, 1);
    const redisReply *entry = range->element[0]->element[1];
    assert_string_equal(entry->element[0]->str, "json");
    assert_non_null(strstr(entry->element[1]->str, HEAD));
    freeReplyObject(range);
    assert_string_equal(ask(world, "GET %s", "cascaded:alert:viral:x:12:1"),
                        world->alert_id);
    assert_string_equal(ask(world, "TTL %s", "cascaded:alert:viral:x:12:1"), "864000");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:ops"), "1");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:none"), "0");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:more"), "1");
    assert_string_equal(ask(world, "TTL %s", "cascaded:outbox:ops"), "432000");
}

static void
an_alert_that_comes_again_changes_nothing_and_is_found_waiting(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    world->alerts.endpoint_count = 1;
    raise_alert(world, "viral:x:12:1");
    finish(world);
    redis_sink_destroy(&world->sink);
    create_sink(world, 0);
    raise_alert(world, "viral:x:12:3");
    finish(world);
    assert_string_equal(ask(world, "XLEN %s", "cascaded:alerts"), "2");
    assert_int_equal(world->told, 2);
    assert_int_equal(redis_sink_metrics(world->sink)->alerts, 1);
    assert_int_equal(redis_sink_metrics(world->sink)->alerts_known, 1);
    assert_int_equal(world->waiting, 1);
    assert_non_null(strstr(world->waited, "0 0 " HEAD));
}

static void
what_waits_for_a_webhook_that_comes_later_is_found_once(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    raise_alert(world, "viral:x:12:1");
    finish(world);
    redis_sink_destroy(&world->sink);
    world->alerts.endpoint_count = 1;
    create_sink(world, 0);
    finish(world);
    assert_int_equal(world->waiting, 1);
    assert_int_equal(world->waits_at, 0);
    world->alerts.endpoint_count = 3; // the second has nothing
    while (world->waiting == 1) {
        event_base_loop(world->base, EVLOOP_ONCE);
    }
    assert_int_equal(world->waits_at, 2);
    assert_non_null(strstr(world->waited, "0 0 " HEAD));
    finish(world);
    assert_int_equal(world->waiting, 2);
    // A new connection reads all of them.
    ask(world, "CLIENT KILL TYPE %s SKIPME yes", "normal");
    while (redis_sink_is_up(world->sink)) {
        event_base_loop(world->base, EVLOOP_ONCE);
    }
    finish(world);
    assert_int_equal(world->waiting, 4);
}

static void
many_alerts_leave_with_few_scripts_and_one_is_not_doubled(void **state)
{
    enum { MANY = 200, FEW = 20 };
    struct world *world = *state;
    begin_alerts(world);
    world->alerts.keep = 10 * MANY;
    world->alerts.endpoints[0].room = MANY;
    world->alerts.endpoints[2].room = MANY - FEW;
    finish(world);
    ask(world, "SET cascaded:alert:viral:x:12:%s known", "77");
    for (int i = 0; i < MANY; i++) {
        char id[32];
        snprintf(id, sizeof(id), "viral:x:12:%d", i);
        raise_alert(world, id);
    }
    finish(world);
    assert_int_equal(world->told, MANY - 1);
    assert_int_equal(world->told_full, FEW - 1);
    assert_int_equal(redis_sink_metrics(world->sink)->alerts_known, 1);
    assert_string_equal(ask(world, "XLEN %s", "cascaded:alerts"), "199");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:ops"), "199");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:none"), "0");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:more"), "180");
    assert_true(redis_sink_metrics(world->sink)->commands < MANY / 2);
}

static void
the_stream_is_capped(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    world->alerts.endpoint_count = 0;
    for (int i = 0; i < 500; i++) {
        char id[32];
        snprintf(id, sizeof(id), "viral:x:12:%d", i);
        raise_alert(world, id);
    }
    finish(world);
    assert_int_equal(world->told, 500);
    int length = atoi(ask(world, "XLEN %s", "cascaded:alerts"));
    assert_true(length >= 100 && length < 300);
}

static void
keys_of_another_type_are_replaced(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    ask(world, "SET %s x", "cascaded:alerts");
    ask(world, "SET %s x", "cascaded:outbox:more");
    raise_alert(world, "viral:x:12:1");
    finish(world);
    assert_string_equal(ask(world, "XLEN %s", "cascaded:alerts"), "1");
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:more"), "1");
    assert_int_equal(world->given, 5);
    assert_int_equal(world->full, 2);
    assert_int_equal(redis_sink_metrics(world->sink)->keys_repaired, 1);
}

static void
an_alert_that_redis_refuses_keeps_no_claim_and_comes_again(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    finish(world);
    ask(world, "ACL SETUSER %s -xadd", "default");
    raise_alert(world, "viral:x:12:1");
    run_until(world, has_been_refused);
    assert_int_equal(world->told, 0);
    assert_null(ask(world, "GET %s", "cascaded:alert:viral:x:12:1"));
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:ops"), "0");
    ask(world, "ACL SETUSER %s +xadd", "default");
    finish(world);
    assert_int_equal(world->told, 1);
    assert_string_equal(ask(world, "XLEN %s", "cascaded:alerts"), "1");
}

static void
what_is_acknowledged_while_redis_is_away_is_not_found_again(void **state)
{
    struct world *world = *state;
    begin_alerts(world);
    world->alerts.endpoint_count = 1;
    raise_alert(world, "viral:x:12:1");
    raise_alert(world, "viral:x:12:3");
    finish(world);
    ask(world, "CLIENT KILL TYPE %s SKIPME yes", "normal");
    redis_outbox_drop(world->sink, 0, slice_of(world->alert_id));
    while (redis_sink_is_up(world->sink)) {
        event_base_loop(world->base, EVLOOP_ONCE);
    }
    redis_outbox_keep(world->sink, 0, slice_of(world->alert_id), SLICE_LIT("1 1 {}"));
    finish(world);
    assert_int_equal(world->waiting, 1);
    assert_string_equal(ask(world, "HLEN %s", "cascaded:outbox:ops"), "1");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(everything_pulled_is_acknowledged_when_finished),
        TEST(at_most_two_transactions_are_in_flight),
        TEST(a_transaction_fits_in_the_cache_of_a_processor),
        TEST(a_cursor_set_all_the_time_is_still_written),
        TEST(gaps_are_written_and_removed_beside_cursors),
        TEST(meta_contains_the_lag_of_live_streams),
        TEST(meta_is_kept_fresh_when_nothing_changes),
        TEST(a_change_arrives_within_the_flush_and_50_ms),
        TEST(finishing_without_redis_fails_at_the_deadline),
        TEST(attempts_to_connect_are_50_ms_apart_doubling_to_2_s),
        TEST(a_first_start_gives_up_with_69),
        TEST(what_was_in_flight_comes_again_after_a_loss),
        TEST(a_bad_option_is_refused_at_creation),
        TEST(an_alert_is_claimed_published_and_given_to_each_outbox),
        TEST(an_alert_that_comes_again_changes_nothing_and_is_found_waiting),
        TEST(what_waits_for_a_webhook_that_comes_later_is_found_once),
        TEST(many_alerts_leave_with_few_scripts_and_one_is_not_doubled),
        TEST(the_stream_is_capped),
        TEST(keys_of_another_type_are_replaced),
        TEST(an_alert_that_redis_refuses_keeps_no_claim_and_comes_again),
        TEST(what_is_acknowledged_while_redis_is_away_is_not_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
