// Drives one source by hand: what it calls back with goes to stdout, one line each.
//
//   source_drive KEY=VALUE...   options of a source; also
//       refuse_after=N refuse_for=SPAN   after N messages there is no room for a while
//       run=SPAN                         how long (10s); SIGTERM ends it before
//
//   state NAME TEXT
//   gap FROM TO REASON RECOVERED    in ms; TO is - while it is open
//   message EVENT BYTES HASH DATA   DATA: its first 80 bytes, control bytes as '.'
//   metric NAME VALUE               at the end
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <event2/event.h>

#include "base/option.h"
#include "ingest/sources/source.h"
#include "ingest/sources/source_open.h"
#include "ingest/sources/source_options.h"
#include "net/http_client.h"

enum { SHOWN_MAX = 80 };

struct drive {
    struct event_base *base;
    struct source *source;
    struct event *room;
    uint64_t taken;
    uint64_t refuse_after;
    usec refuse_for;
    bool has_refused;
    struct event *turn; // ends the turn of the loop
    size_t turn_bytes;  // of messages in this turn
    size_t turn_most;   // in any
};

static usec
clock_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * USEC_PER_S + now.tv_nsec / 1000;
}

static usec
wall(void)
{
    return clock_of(CLOCK_REALTIME);
}

static usec
monotonic(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

static struct timeval
timeval_of(usec span)
{
    return (struct timeval){span / USEC_PER_S, span % USEC_PER_S};
}

// FNV-1a
static uint64_t
hash_of(struct slice data)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < data.len; i++) {
        hash = (hash ^ (unsigned char)data.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void
on_turn(evutil_socket_t fd, short what, void *context)
{
    struct drive *drive = context;
    (void)fd;
    (void)what;
    drive->turn_bytes = 0;
}

static void
note_turn(struct drive *drive, size_t bytes)
{
    struct timeval now = {0, 0};
    if (drive->turn_bytes == 0) {
        evtimer_add(drive->turn, &now);
    }
    drive->turn_bytes += bytes;
    drive->turn_most =
        drive->turn_bytes > drive->turn_most ? drive->turn_bytes : drive->turn_most;
}

static bool
on_message(void *context, const struct source_message *message)
{
    struct drive *drive = context;
    note_turn(drive, message->data.len);
    if (drive->refuse_for > 0 && !drive->has_refused &&
        drive->taken == drive->refuse_after) {
        struct timeval delay = timeval_of(drive->refuse_for);
        drive->has_refused = true;
        evtimer_add(drive->room, &delay);
        printf("refused\n");
        fflush(stdout);
        return false;
    }
    drive->taken++;
    char shown[SHOWN_MAX + 1] = "";
    size_t len = message->data.len < SHOWN_MAX ? message->data.len : SHOWN_MAX;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)message->data.ptr[i];
        shown[i] = byte < ' ' || byte > '~' ? '.' : (char)byte;
    }
    bool has_event = message->event.len > 0;
    printf("message %.*s %zu %016" PRIx64 " %s\n",
           has_event ? (int)message->event.len : 1,
           has_event ? message->event.ptr : "-", message->data.len,
           hash_of(message->data), shown);
    fflush(stdout);
    return true;
}

static void
on_state(void *context, enum source_state state, const struct error *error)
{
    (void)context;
    printf("state %s %s\n", source_state_name(state), error != NULL ? error->text : "");
    fflush(stdout);
}

static void
on_gap(void *context, const struct source_gap *gap)
{
    (void)context;
    char to[32] = "-";
    if (gap->to != USEC_NONE) {
        snprintf(to, sizeof(to), "%" PRId64, gap->to / USEC_PER_MS);
    }
    printf("gap %" PRId64 " %s %s %d\n", gap->from / USEC_PER_MS, to, gap->reason,
           gap->is_recovered);
    fflush(stdout);
}

static void
on_room(evutil_socket_t fd, short what, void *context)
{
    struct drive *drive = context;
    (void)fd;
    (void)what;
    source_resume(drive->source);
}

static void
on_signal(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    event_base_loopexit(context, NULL);
}

static bool
set_own(struct drive *drive, const char *key, const char *value, usec *run)
{
    if (strcmp(key, "refuse_after") == 0) {
        drive->refuse_after = strtoull(value, NULL, 10);
        return true;
    }
    usec *span = strcmp(key, "run") == 0          ? run
                 : strcmp(key, "refuse_for") == 0 ? &drive->refuse_for
                                                  : NULL;
    return span != NULL && usec_parse_duration(slice_of(value), span) == STATUS_OK;
}

static bool
read_options(int argc, char **argv, struct drive *drive, struct source_options *options,
             usec *run)
{
    option_presets(source_option_rows, options);
    for (int i = 1; i < argc; i++) {
        struct error error = {.code = STATUS_OK};
        char *value = strchr(argv[i], '=');
        if (value == NULL) {
            return false;
        }
        *value++ = '\0';
        bool is_good = set_own(drive, argv[i], value, run);
        const struct option *row = option_find(source_option_rows, slice_of(argv[i]));
        if (row != NULL) {
            is_good = option_set(row, options, slice_of(value), &error) == STATUS_OK;
        }
        if (!is_good) {
            fprintf(stderr, "%s: %s\n", argv[i], error.text);
            return false;
        }
    }
    return true;
}

static void
print_metrics(const struct source *source)
{
    for (const struct metric *row = source_metric_rows; row->name != NULL; row++) {
        printf("metric %s%s%s%s %" PRIu64 "\n", row->name,
               row->labels != NULL ? "{" : "", row->labels != NULL ? row->labels : "",
               row->labels != NULL ? "}" : "",
               metric_value(row, source_metrics_of(source)));
    }
}

int
main(int argc, char **argv)
{
    struct source_options options = {.name = "drive"};
    struct drive drive = {.base = NULL};
    struct error error = {.code = STATUS_OK};
    usec run = 10 * USEC_PER_S;
    if (!read_options(argc, argv, &drive, &options, &run)) {
        return 64;
    }
    if (source_options_check(&options, &error) != STATUS_OK) {
        printf("refused %s\n", error.text);
        return 78;
    }
    signal(SIGPIPE, SIG_IGN);
    drive.base = event_base_new();
    drive.room = evtimer_new(drive.base, on_room, &drive);
    drive.turn = evtimer_new(drive.base, on_turn, &drive);
    struct event *term = evsignal_new(drive.base, SIGTERM, on_signal, drive.base);
    event_add(term, NULL);
    struct source_setup setup = {
        .base = drive.base,
        .options = &options,
        .missed_from = USEC_NONE,
        .callbacks = {on_message, on_state, on_gap, &drive},
        .wall = wall,
        .monotonic = monotonic,
        .seed = 20261122,
    };
    int code = 0;
    if (http_client_create(drive.base, &setup.client, &error) != STATUS_OK ||
        source_open(&setup, &drive.source, &error) != STATUS_OK) {
        printf("failed %s\n", error.text);
        code = 78;
    } else {
        struct timeval most = timeval_of(run);
        source_start(drive.source);
        event_base_loopexit(drive.base, &most);
        event_base_dispatch(drive.base);
        print_metrics(drive.source);
        printf("metric most_in_a_turn %zu\n", drive.turn_most);
    }
    source_destroy(&drive.source);
    http_client_destroy(&setup.client);
    event_free(term);
    event_free(drive.turn);
    event_free(drive.room);
    event_base_free(drive.base);
    return code;
}
