// Drives the Redis sink and its webhooks by hand: things to write come from stdin, what happens goes to
// stdout.
//
//   sink_drive KEY=VALUE...      options; also give_up=SPAN, alerts.stdout=true and
//                                webhook.NAME.KEY=VALUE, webhook by webhook
//
// One command a line; words are separated by one space, %XX stands for a byte:
//   user|cascade ID FIELD VALUE     set a field; without VALUE: remove it
//   board NAME MEMBER SCORE         set an entry; 0 removes it
//   alert ID FIELD VALUE            an alert of the rule "viral"
//   drop user|cascade ID            remove the whole
//   handle ID KEY                   the user's handle key
//   bulk COUNT VALUE                set "posts:1h" of the users b0, b1, … to VALUE
//   cursor SOURCE FIELD VALUE
//   finish SPAN                     answers "done" or "failed TEXT"
//   metrics                         answers "metric NAME VALUE" lines, those of
//                                   webhooks as "metric NAME{webhook} VALUE"
//   quit
// Events come as "event NAME EXIT_CODE TEXT". End of input: quit.
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/option.h"
#include "daemon/alert_delivery.h"
#include "net/http_client.h"
#include "sinks/redis/redis_sink.h"
#include "sinks/webhook/webhook.h"
#include "tests/oracle/sink_model.h"

enum { WORDS_MAX = 4, WEBHOOKS_MAX = 4 };

struct drive {
    struct event_base *base;
    struct pipeline *model;
    struct redis_sink *sink;
    struct alert_delivery_options alert_delivery_options;
    struct webhook_options webhooks[WEBHOOKS_MAX];
    size_t webhook_count;
    struct http_client *client;
    struct alert_delivery *delivery;
};

static const char *const event_names[] = {
    [REDIS_EVENT_READY] = "READY",     [REDIS_EVENT_LOST] = "LOST",
    [REDIS_EVENT_TROUBLE] = "TROUBLE", [REDIS_EVENT_RECOVERED] = "RECOVERED",
    [REDIS_EVENT_REWRITE] = "REWRITE", [REDIS_EVENT_REPAIRED] = "REPAIRED",
    [REDIS_EVENT_ADVICE] = "ADVICE",   [REDIS_EVENT_FENCED] = "FENCED",
    [REDIS_EVENT_FATAL] = "FATAL",
};

static void
on_event(void *context, enum redis_event event, int exit_code,
         const struct error *error)
{
    (void)context;
    printf("event %s %d %s\n", event_names[event], exit_code,
           error != NULL ? error->text : "");
    fflush(stdout);
}

static void
on_done(void *context, const struct error *error)
{
    (void)context;
    if (error != NULL) {
        printf("failed %s\n", error->text);
    } else {
        printf("done\n");
    }
    fflush(stdout);
}

static struct slice
decode(char *text)
{
    char *out = text;
    const char *at = text;
    while (*at != '\0') {
        unsigned byte;
        if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) {
            *out++ = (char)byte;
            at += 3;
        } else {
            *out++ = *at++;
        }
    }
    return (struct slice){text, (size_t)(out - text)};
}

static void
set_bulk(struct drive *drive, const struct slice *words)
{
    unsigned long count = strtoul(words[1].ptr, NULL, 10);
    for (unsigned long i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "b%lu", i);
        sink_model_set(drive->model, CHANGE_USER, slice_of(name), SLICE_LIT("posts:1h"),
                       words[2]);
    }
}

static void
print_metrics(const struct drive *drive)
{
    const struct redis_metrics *metrics = redis_sink_metrics(drive->sink);
    for (const struct metric *row = redis_report_metric_rows; row->name != NULL;
         row++) {
        printf("metric %s%s%s%s %" PRIu64 "\n", row->name,
               row->labels != NULL ? "{" : "", row->labels != NULL ? row->labels : "",
               row->labels != NULL ? "}" : "", metric_value(row, metrics));
    }
    for (size_t i = 0; i < alert_delivery_count(drive->delivery); i++) {
        for (const struct metric *row = webhook_metric_rows; row->name != NULL; row++) {
            printf("metric %s{%s} %" PRIu64 "\n", row->name,
                   alert_delivery_name(drive->delivery, i),
                   metric_value(row, alert_delivery_metrics(drive->delivery, i)));
        }
    }
    printf("metric is_full %d\n", redis_sink_is_full(drive->sink));
    printf("end\n");
    fflush(stdout);
}

static enum change_kind
kind_of(struct slice word)
{
    return slice_equal(word, SLICE_LIT("user"))      ? CHANGE_USER
           : slice_equal(word, SLICE_LIT("cascade")) ? CHANGE_CASCADE
           : slice_equal(word, SLICE_LIT("alert"))   ? CHANGE_ALERT
                                                     : CHANGE_BOARD;
}

static void
finish(struct drive *drive, struct slice span)
{
    usec within = 0;
    if (usec_parse_duration(span, &within) == STATUS_OK) {
        redis_sink_finish(drive->sink, within, on_done, drive);
    }
}

static void
obey(struct drive *drive, const struct slice *words)
{
    struct slice verb = words[0];
    if (slice_equal(verb, SLICE_LIT("quit"))) {
        event_base_loopbreak(drive->base);
    } else if (slice_equal(verb, SLICE_LIT("finish"))) {
        finish(drive, words[1]);
    } else if (slice_equal(verb, SLICE_LIT("metrics"))) {
        print_metrics(drive);
    } else if (slice_equal(verb, SLICE_LIT("bulk"))) {
        set_bulk(drive, words);
    } else if (slice_equal(verb, SLICE_LIT("drop"))) {
        sink_model_drop(drive->model, kind_of(words[1]), words[2]);
    } else if (slice_equal(verb, SLICE_LIT("handle"))) {
        sink_model_set_handle(drive->model, words[1], words[2]);
    } else if (slice_equal(verb, SLICE_LIT("cursor"))) {
        const struct change_field field = {words[2], words[3]};
        if (redis_sink_set_cursor(drive->sink, words[1], &field, 1) != STATUS_OK) {
            printf("failed cursor\n");
        }
    } else {
        sink_model_set(drive->model, kind_of(verb), words[1], words[2], words[3]);
    }
}

static void
on_line(struct drive *drive, char *line)
{
    struct slice words[WORDS_MAX] = {SLICE_NONE};
    for (size_t i = 0; i < WORDS_MAX && line != NULL; i++) {
        char *space = strchr(line, ' ');
        if (space != NULL) {
            *space++ = '\0';
        }
        words[i] = decode(line);
        line = space;
    }
    obey(drive, words);
}

static void
on_input(struct bufferevent *input, void *context)
{
    struct drive *drive = context;
    char *line;
    while ((line = evbuffer_readln(bufferevent_get_input(input), NULL,
                                   EVBUFFER_EOL_LF)) != NULL) {
        on_line(drive, line);
        free(line);
    }
}

static void
on_input_event(struct bufferevent *input, short what, void *context)
{
    struct drive *drive = context;
    (void)input;
    (void)what;
    event_base_loopbreak(drive->base);
}

static enum status
set_option(const struct option *rows, void *base, const char *name, const char *value,
           struct error *error)
{
    const struct option *row = option_find(rows, slice_of(name));
    return row != NULL ? option_set(row, base, slice_of(value), error) : STATUS_PARSE;
}

// name: "NAME.KEY".
static enum status
set_webhook(struct drive *drive, char *name, const char *value, struct error *error)
{
    char *key = strrchr(name, '.');
    if (key == NULL) {
        return STATUS_PARSE;
    }
    *key++ = '\0';
    struct webhook_options *last = &drive->webhooks[drive->webhook_count];
    if (drive->webhook_count == 0 || strcmp(last[-1].name, name) != 0) {
        option_presets(webhook_options_rows, last);
        snprintf(last->name, sizeof(last->name), "%s", name);
        drive->webhook_count++;
    } else {
        last--;
    }
    return set_option(webhook_options_rows, last, key, value, error);
}

static int
read_options(int argc, char **argv, struct drive *drive, struct redis_options *options,
             usec *give_up)
{
    option_presets(redis_options_rows, options);
    option_presets(alert_delivery_option_rows, &drive->alert_delivery_options);
    for (int i = 1; i < argc; i++) {
        struct error error = {.code = STATUS_OK};
        char *value = strchr(argv[i], '=');
        if (value == NULL) {
            return 64;
        }
        *value++ = '\0';
        enum status status;
        if (strcmp(argv[i], "give_up") == 0) {
            status = usec_parse_duration(slice_of(value), give_up);
        } else if (strncmp(argv[i], "webhook.", 8) == 0) {
            status = set_webhook(drive, argv[i] + 8, value, &error);
        } else if (strncmp(argv[i], "alerts.", 7) == 0) {
            status = set_option(alert_delivery_option_rows,
                                &drive->alert_delivery_options, argv[i], value, &error);
        } else {
            status = set_option(redis_options_rows, options, argv[i], value, &error);
        }
        if (status != STATUS_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], error.text);
            return 78;
        }
    }
    return 0;
}

static enum status
create_deliver(struct drive *drive, struct error *error)
{
    enum status status = http_client_create(drive->base, &drive->client, error);
    const struct alert_delivery_setup setup = {
        .base = drive->base,
        .client = drive->client,
        .options = &drive->alert_delivery_options,
        .webhooks = drive->webhooks,
        .webhook_count = drive->webhook_count,
    };
    return status == STATUS_OK ? alert_delivery_create(&setup, &drive->delivery, error)
                               : status;
}

static void
run(struct drive *drive)
{
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    struct bufferevent *input = bufferevent_socket_new(drive->base, STDIN_FILENO, 0);
    bufferevent_setcb(input, on_input, NULL, on_input_event, drive);
    bufferevent_enable(input, EV_READ);
    alert_delivery_attach(drive->delivery, drive->sink);
    redis_sink_start(drive->sink);
    event_base_dispatch(drive->base);
    bufferevent_free(input);
}

int
main(int argc, char **argv)
{
    static struct drive drive;
    struct redis_options options;
    struct error error = {.code = STATUS_OK};
    struct redis_sink_setup setup = {
        .options = &options,
        .version = "drive",
        .on_event = on_event,
        .context = &drive,
    };
    int code = read_options(argc, argv, &drive, &options, &setup.give_up);
    if (code != 0) {
        return code;
    }
    signal(SIGPIPE, SIG_IGN);
    drive.base = event_base_new();
    drive.model = sink_model_create();
    setup.base = drive.base;
    setup.pipeline = drive.model;
    enum status status = create_deliver(&drive, &error);
    if (status == STATUS_OK) {
        setup.alerts = alert_delivery_alerts(drive.delivery);
        status = redis_sink_create(&setup, &drive.sink, &error);
    }
    if (status != STATUS_OK) {
        printf("failed %s\n", error.text);
        code = 78;
    } else {
        run(&drive);
    }
    alert_delivery_destroy(&drive.delivery);
    http_client_destroy(&drive.client);
    redis_sink_destroy(&drive.sink);
    sink_model_destroy(&drive.model);
    event_base_free(drive.base);
    return code;
}
