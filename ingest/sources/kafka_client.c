#define _GNU_SOURCE // pipe2, explicit_bzero
#include "ingest/sources/kafka_client.h"

#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "ingest/frames/lines.h"
#include "ingest/sources/kafka_topic.h"
#include "ingest/sources/source_options.h"
#include "net/token_file.h"
#include "net/url.h"

enum {
    BROKERS_MAX = OPTION_TEXT_MAX + URL_TEXT_MAX,
    SETTLE_S = 1,
    TEXT_MAX = 64,
};

// Partitions that begin with what comes from now on, although their offset is not known
// yet.
struct starts {
    bool is_resumed;
    bool is_at_end[KAFKA_PARTITIONS_MAX];
};

struct kafka_client {
    struct kafka_client_setup setup;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    int wake[2]; // the library writes a byte when its queue is no longer empty
    struct event *woken;
    rd_kafka_message_t *message; // taken from the queue; released by the next call
    bool is_waiting;             // message is not passed on yet
    struct buffer data;
    struct starts starts;
    int assigned; // partitions, not passed on yet; 0: none
    bool has_failed;
    struct outcome outcome;
    char trouble[ERROR_TEXT_MAX];
};

// ── what went wrong ────────────────────────────────────────────────────────

static const struct {
    rd_kafka_resp_err_t code;
    enum reconnect_class class;
    const char *reason;
} faults[] = {
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RECONNECT_SERVER, "no_topic"},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RECONNECT_SERVER, "no_topic"},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, RECONNECT_FATAL, "no_topic"},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RECONNECT_FATAL, "not_permitted"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RECONNECT_FATAL, "not_permitted"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, RECONNECT_RATE, "login"},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RECONNECT_RATE, "login"},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RECONNECT_NETWORK, "connect"},
};

static void
fail(struct kafka_client *client, rd_kafka_resp_err_t code, const char *text)
{
    if (client->has_failed) {
        return;
    }
    struct outcome outcome = {
        .class = RECONNECT_SERVER, .not_before = USEC_NONE, .reason = "kafka"};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (faults[i].code == code) {
            outcome.class = faults[i].class;
            outcome.reason = faults[i].reason;
        }
    }
    (void)error_set(&outcome.error, STATUS_IO, "%s", text);
    client->has_failed = true;
    client->outcome = outcome;
}

static void
on_error(rd_kafka_t *consumer, int code, const char *text, void *context)
{
    struct kafka_client *client = context;
    (void)consumer;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        fail(client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
             client->trouble[0] != '\0' ? client->trouble : text);
    } else if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
        fail(client, RD_KAFKA_RESP_ERR__AUTHENTICATION, text);
    } else {
        snprintf(client->trouble, sizeof(client->trouble), "%s", text);
    }
}

// ── partitions ─────────────────────────────────────────────────────────────

static int64_t
start_of(struct kafka_client *client, int32_t partition)
{
    struct starts *starts = &client->starts;
    int64_t next = client->setup.offsets->next[partition];
    if (next >= 0) {
        return next;
    }
    if (starts->is_resumed && !starts->is_at_end[partition]) {
        return RD_KAFKA_OFFSET_BEGINNING;
    }
    starts->is_at_end[partition] = true;
    return RD_KAFKA_OFFSET_END;
}

static void
assign(struct kafka_client *client, rd_kafka_topic_partition_list_t *partitions)
{
    char text[ERROR_TEXT_MAX];
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *one = &partitions->elems[i];
        if (one->partition >= KAFKA_PARTITIONS_MAX) {
            snprintf(text, sizeof(text),
                     "the topic has more than %d partitions: that is not supported",
                     KAFKA_PARTITIONS_MAX);
            fail(client, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, text);
            return;
        }
        one->offset = start_of(client, one->partition);
    }
    client->starts.is_resumed = true;
    if (partitions->cnt == 0) {
        fail(client, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
             "the topic has no partitions");
        return;
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(client->consumer, partitions);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(client, code, rd_kafka_err2str(code));
    }
    client->assigned = partitions->cnt;
}

static void
on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
             rd_kafka_topic_partition_list_t *partitions, void *context)
{
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assign(context, partitions);
    } else {
        (void)rd_kafka_assign(consumer, NULL);
    }
}

// ── options ────────────────────────────────────────────────────────────────

static void
list_brokers(const struct kafka_client_setup *setup, char text[BROKERS_MAX])
{
    struct slice rest = slice_of(setup->options->hosts);
    url_host_format(setup->url->host, setup->url->port, text);
    while (rest.len > 0) {
        struct url host = *setup->url;
        size_t used = strlen(text);
        if (url_parse_host(url_next_host(&rest), &host, NULL) == STATUS_OK) {
            char one[URL_TEXT_MAX];
            url_host_format(host.host, host.port, one);
            snprintf(text + used, BROKERS_MAX - used, ",%s", one);
        }
    }
}

static const char *
protocol_of(const struct kafka_client_setup *setup)
{
    bool has_login = setup->options->user[0] != '\0';
    return setup->url->is_tls ? (has_login ? "sasl_ssl" : "ssl")
                              : (has_login ? "sasl_plaintext" : "plaintext");
}

static enum status
set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char why[ERROR_TEXT_MAX];
    return rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK
               ? STATUS_OK
               : error_set(error, STATUS_RANGE, "%s", why);
}

static enum status
set_login(rd_kafka_conf_t *conf, const struct source_options *options,
          struct error *error)
{
    char password[TOKEN_FILE_LINE_MAX];
    if (options->user[0] == '\0') {
        return STATUS_OK;
    }
    enum status status =
        token_file_line("token_file", options->token_file, password, error);
    if (status == STATUS_OK) {
        status = set(conf, "sasl.password", password, error);
    }
    explicit_bzero(password, sizeof(password));
    if (status == STATUS_OK) {
        status = set(conf, "sasl.username", options->user, error);
    }
    return status == STATUS_OK ? set(conf, "sasl.mechanism", options->sasl, error)
                               : status;
}

static enum status
set_options(rd_kafka_conf_t *conf, const struct kafka_client_setup *setup,
            struct error *error)
{
    const struct source_options *options = setup->options;
    char brokers[BROKERS_MAX];
    char group[TEXT_MAX + SOURCE_NAME_MAX];
    char ahead[TEXT_MAX];
    char fetch[TEXT_MAX];
    char connect[TEXT_MAX];
    list_brokers(setup, brokers);
    snprintf(group, sizeof(group), "cascaded-%s-%016" PRIx64, options->name,
             setup->group);
    snprintf(ahead, sizeof(ahead), "%d", KAFKA_CLIENT_AHEAD / 1024);
    snprintf(fetch, sizeof(fetch), "%d", KAFKA_CLIENT_AHEAD);
    snprintf(connect, sizeof(connect), "%" PRId64,
             options->connect_timeout > USEC_PER_S
                 ? options->connect_timeout / USEC_PER_MS
                 : USEC_PER_S / USEC_PER_MS);
    const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"client.id", "cascaded"},
        {"bootstrap.servers", brokers},
        {"group.id", group},
        {"security.protocol", protocol_of(setup)},
        {"socket.connection.setup.timeout.ms", connect},
        {"socket.timeout.ms", "30000"},
        {"socket.keepalive.enable", "true"},
        {"queued.max.messages.kbytes", ahead},
        {"fetch.max.bytes", fetch},
        // Positions are stored with the counters only.
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        // A message that is gone is a gap, and not skipped silently.
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        // A full sink may take longer than the library expects of an application.
        {"max.poll.interval.ms", "86400000"},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && status == STATUS_OK; i++) {
        status = set(conf, rows[i].name, rows[i].value, error);
    }
    if (status == STATUS_OK && options->ca_file[0] != '\0') {
        status = set(conf, "ssl.ca.location", options->ca_file, error);
    }
    if (status == STATUS_OK && setup->url->is_tls) {
        status = set(conf, "ssl.endpoint.identification.algorithm", "https", error);
    }
    return status == STATUS_OK ? set_login(conf, options, error) : status;
}

// ── the queue ──────────────────────────────────────────────────────────────

static void
on_woken(evutil_socket_t wake, short what, void *context)
{
    struct kafka_client *client = context;
    char bytes[TEXT_MAX];
    (void)what;
    while (read(wake, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
    }
    client->setup.on_ready(client->setup.context);
}

void
kafka_client_continue(struct kafka_client *client)
{
    event_active(client->woken, EV_READ, 0);
}

void
kafka_client_assign_again(struct kafka_client *client)
{
    rd_kafka_topic_partition_list_t *partitions = NULL;
    rd_kafka_resp_err_t code = rd_kafka_assignment(client->consumer, &partitions);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(client, code, rd_kafka_err2str(code));
        return;
    }
    assign(client, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
}

const char *
kafka_client_trouble(const struct kafka_client *client)
{
    return client->trouble;
}

static void
release(struct kafka_client *client)
{
    if (client->message != NULL) {
        rd_kafka_message_destroy(client->message);
        client->message = NULL;
    }
    client->is_waiting = false;
}

static void
read_value(struct kafka_client *client, struct kafka_event *event)
{
    const rd_kafka_message_t *message = client->message;
    rd_kafka_timestamp_type_t type;
    int64_t time = rd_kafka_message_timestamp(message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time > 0 &&
        time < INT64_MAX / USEC_PER_MS) {
        event->time = time * USEC_PER_MS;
    }
    if (message->payload == NULL || message->len == 0) {
        return;
    }
    event->is_too_long = message->len > LINES_MAX;
    if (event->is_too_long) {
        return;
    }
    buffer_reset(&client->data);
    char *bytes = buffer_extend(&client->data, message->len + LINES_PADDING);
    if (bytes == NULL) {
        // The message is read again after the next connection.
        fail(client, RD_KAFKA_RESP_ERR_UNKNOWN, "no memory for a message");
        event->kind = KAFKA_FAILED;
        return;
    }
    memcpy(bytes, message->payload, message->len);
    memset(bytes + message->len, 0, LINES_PADDING);
    event->data = (struct slice){bytes, message->len};
}

static struct kafka_event
event_of(struct kafka_client *client)
{
    const rd_kafka_message_t *message = client->message;
    struct kafka_event event = {.kind = KAFKA_MESSAGE,
                                .partition = message->partition,
                                .offset = message->offset,
                                .time = USEC_NONE,
                                .data = SLICE_NONE};
    bool has_partition =
        message->partition >= 0 && message->partition < KAFKA_PARTITIONS_MAX;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && has_partition) {
        read_value(client, &event);
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && has_partition) {
        event.kind = KAFKA_END;
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && has_partition) {
        event.kind = KAFKA_OFFSET_GONE;
    } else {
        fail(client, message->err, rd_kafka_message_errstr(message));
        event.kind = KAFKA_FAILED;
    }
    return event;
}

struct kafka_event
kafka_client_next(struct kafka_client *client, struct outcome *ret_outcome)
{
    struct kafka_event event = {.kind = KAFKA_NOTHING, .time = USEC_NONE};
    if (!client->is_waiting) {
        release(client);
        // May call on_error and on_rebalance, too.
        client->message = rd_kafka_consumer_poll(client->consumer, 0);
        client->is_waiting = client->message != NULL;
    }
    if (client->assigned > 0 && !client->has_failed) {
        event.kind = KAFKA_ASSIGNED;
        event.count = client->assigned;
        client->assigned = 0;
    } else if (client->has_failed) {
        event.kind = KAFKA_FAILED;
    } else if (client->is_waiting) {
        client->is_waiting = false;
        event = event_of(client);
    }
    if (event.kind == KAFKA_FAILED) {
        *ret_outcome = client->outcome;
    }
    return event;
}

// ── life ───────────────────────────────────────────────────────────────────

// Consumers whose threads are ending.
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t change;
    unsigned count;
} ending = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void
count_ending(int change)
{
    (void)pthread_mutex_lock(&ending.mutex);
    ending.count += (unsigned)change;
    (void)pthread_cond_broadcast(&ending.change);
    (void)pthread_mutex_unlock(&ending.mutex);
}

static void *
destroy_consumer(void *consumer)
{
    rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    count_ending(-1);
    return NULL;
}

// The library waits for its threads, one of which may be waiting for a name server.
static void
end_consumer(rd_kafka_t *consumer)
{
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    count_ending(1);
    // Signals are for the thread of the loop.
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, destroy_consumer, consumer) == 0) {
        (void)pthread_detach(thread);
    } else {
        (void)destroy_consumer(consumer);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
kafka_client_settle(void)
{
    struct timespec until;
    int code = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SETTLE_S;
    (void)pthread_mutex_lock(&ending.mutex);
    while (ending.count > 0 && code == 0) {
        code = pthread_cond_timedwait(&ending.change, &ending.mutex, &until);
    }
    (void)pthread_mutex_unlock(&ending.mutex);
}

void
kafka_client_close(struct kafka_client **client)
{
    struct kafka_client *old = *client;
    if (old == NULL) {
        return;
    }
    release(old);
    if (old->queue != NULL) {
        rd_kafka_queue_io_event_enable(old->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(old->queue);
    }
    if (old->consumer != NULL) {
        end_consumer(old->consumer);
    }
    if (old->woken != NULL) {
        event_free(old->woken);
    }
    for (size_t i = 0; i < 2; i++) {
        if (old->wake[i] >= 0) {
            close(old->wake[i]);
        }
    }
    buffer_fini(&old->data);
    free(old);
    *client = NULL;
}

static enum status
create_consumer(struct kafka_client *client, struct error *error)
{
    char why[ERROR_TEXT_MAX];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum status status = set_options(conf, &client->setup, error);
    if (status != STATUS_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_log_cb(conf, NULL); // on_error has what matters
    client->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (client->consumer == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set(error, STATUS_RANGE, "%s", why);
    }
    (void)rd_kafka_poll_set_consumer(client->consumer);
    client->queue = rd_kafka_queue_get_consumer(client->consumer);
    rd_kafka_queue_io_event_enable(client->queue, client->wake[1], "!", 1);
    return STATUS_OK;
}

static enum status
subscribe(struct kafka_client *client, struct error *error)
{
    char topic[KAFKA_TOPIC_MAX];
    enum status status = kafka_topic_of(client->setup.url, topic, error);
    if (status != STATUS_OK) {
        return status;
    }
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(client->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? STATUS_OK
               : error_set(error, STATUS_RANGE, "%s", rd_kafka_err2str(code));
}

static enum status
create_wake(struct kafka_client *client, struct error *error)
{
    if (pipe2(client->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        client->wake[0] = -1;
        client->wake[1] = -1;
        return error_set(error, STATUS_IO, "no pipe for a source: too many open files");
    }
    client->woken = event_new(client->setup.base, client->wake[0], EV_READ | EV_PERSIST,
                              on_woken, client);
    if (client->woken == NULL || event_add(client->woken, NULL) != 0) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    return STATUS_OK;
}

enum status
kafka_client_open(const struct kafka_client_setup *setup,
                  struct kafka_client **ret_client, struct error *error)
{
    struct kafka_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    client->setup = *setup;
    client->wake[0] = -1;
    client->wake[1] = -1;
    buffer_init(&client->data, LINES_MAX + LINES_PADDING);
    client->starts.is_resumed = setup->is_resumed;
    enum status status = create_wake(client, error);
    if (status == STATUS_OK) {
        status = create_consumer(client, error);
    }
    if (status == STATUS_OK) {
        status = subscribe(client, error);
    }
    if (status != STATUS_OK) {
        kafka_client_close(&client);
        return status;
    }
    *ret_client = client;
    return STATUS_OK;
}
