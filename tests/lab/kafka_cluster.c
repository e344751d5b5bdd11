// A Kafka cluster in this process: the mock cluster of librdkafka, driven by lines on
// standard input. Prints the addresses of its brokers, then "ok" after each line:
//
//     topic NAME PARTITIONS      creates a topic
//     send NAME PARTITION TEXT   appends a message; without TEXT one that has no value
//     fill NAME PARTITION N      appends N messages of 64 KiB, so that old ones go
//     error NAME CODE            answers for the topic with an error of the protocol; 0: none
//     down, up                   all brokers refuse connections; or accept them again
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKERS = 2, LINE_BYTES = 4 << 20, FILL_BYTES = 1 << 16, FLUSH_MS = 60000 };

struct cluster {
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *mock;
};

static void
must(int is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "kafka_cluster: %s\n", what);
        exit(1);
    }
}

static void
send_message(const struct cluster *cluster, const char *topic, int partition,
             const char *value, size_t size)
{
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(size_t)value, size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(cluster->producer, parts, sizeof(parts) / sizeof(parts[0]));
    must(error == NULL, error != NULL ? rd_kafka_error_string(error) : "");
}

static void
fill(const struct cluster *cluster, const char *topic, int partition, int count)
{
    static char value[FILL_BYTES];
    memset(value, ' ', sizeof(value));
    for (int i = 0; i < count; i++) {
        send_message(cluster, topic, partition, value, sizeof(value));
    }
}

static void
set_brokers(const struct cluster *cluster, int is_up)
{
    for (int broker = 1; broker <= BROKERS; broker++) {
        rd_kafka_resp_err_t code =
            is_up ? rd_kafka_mock_broker_set_up(cluster->mock, broker)
                  : rd_kafka_mock_broker_set_down(cluster->mock, broker);
        must(code == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(code));
    }
}

static void
obey(const struct cluster *cluster, char *line)
{
    char topic[256];
    int number = 0;
    int count = 0;
    int used = 0;
    if (sscanf(line, "topic %255s %d", topic, &number) == 2) {
        rd_kafka_resp_err_t code =
            rd_kafka_mock_topic_create(cluster->mock, topic, number, 1);
        must(code == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(code));
    } else if (sscanf(line, "error %255s %d", topic, &number) == 2) {
        rd_kafka_mock_topic_set_error(cluster->mock, topic,
                                      (rd_kafka_resp_err_t)number);
    } else if (sscanf(line, "fill %255s %d %d", topic, &number, &count) == 3) {
        fill(cluster, topic, number, count);
    } else if (sscanf(line, "send %255s %d%n", topic, &number, &used) == 2) {
        const char *value = line[used] == ' ' ? line + used + 1 : NULL;
        send_message(cluster, topic, number, value, value == NULL ? 0 : strlen(value));
    } else {
        must(strcmp(line, "down") == 0 || strcmp(line, "up") == 0, line);
        set_brokers(cluster, strcmp(line, "up") == 0);
    }
    must(rd_kafka_flush(cluster->producer, FLUSH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR,
         "a message was not written");
}

int
main(void)
{
    static char line[LINE_BYTES];
    char why[512];
    struct cluster cluster;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    must(rd_kafka_conf_set(conf, "message.max.bytes", "4194304", why, sizeof(why)) ==
             RD_KAFKA_CONF_OK,
         why);
    cluster.producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    must(cluster.producer != NULL, why);
    cluster.mock = rd_kafka_mock_cluster_new(cluster.producer, BROKERS);
    must(cluster.mock != NULL, "there is no mock cluster");
    const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster.mock);
    must(rd_kafka_brokers_add(cluster.producer, brokers) == BROKERS, "no brokers");
    printf("%s\n", brokers);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        obey(&cluster, line);
        printf("ok\n");
        fflush(stdout);
    }
    rd_kafka_mock_cluster_destroy(cluster.mock);
    rd_kafka_destroy(cluster.producer);
    return 0;
}
