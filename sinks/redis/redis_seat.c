#include "sinks/redis/redis_seat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/clock.h"
#include "net/timer.h"
#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_conn.h"
#include "sinks/redis/redis_keys.h"
#include "sinks/redis/redis_metrics.h"
#include "sinks/redis/redis_watch.h"

// KEYS: beat, epoch, owner. ARGV: the beat as read, our name. Returns the epoch, or 0
// if the beat has changed. If it was run before and its answer was lost, it changes
// nothing.
static const char take_script[] =
    "local e=redis.call('get',KEYS[2])\n"
    "if e and redis.call('get',KEYS[3])==ARGV[2] then return tonumber(e) end\n"
    "if (redis.call('get',KEYS[1]) or '')~=ARGV[1] then return 0 end\n"
    "if e and not string.match(e,'^%d+$') then redis.call('del',KEYS[2]) end\n"
    "e=redis.call('incr',KEYS[2])\n"
    "redis.call('set',KEYS[3],ARGV[2])\n"
    "redis.call('set',KEYS[1],e..' 0 0')\n"
    "return e\n";

// KEYS: owner, beat. ARGV: our name, the beat. Returns 1; 0 if another process has the
// prefix; -1 if Redis lost who has it.
static const char beat_script[] = "local o=redis.call('get',KEYS[1])\n"
                                  "if not o then return -1 end\n"
                                  "if o~=ARGV[1] then return 0 end\n"
                                  "redis.call('set',KEYS[2],ARGV[2])\n"
                                  "return 1\n";

enum seat_ask { ASK_NOTHING, ASK_LOOK, ASK_TAKE, ASK_BEAT, ASK_FREE };

struct redis_seat {
    struct redis_seat_setup setup;
    struct redis_conn *conn;
    struct redis_metrics metrics; // of the connection; not published
    struct redis_keys keys;
    struct timer next;     // look or beat
    struct timer deadline; // of the release
    struct redis_watch watch;
    enum seat_ask asked; // whose answer is to come
    bool is_up;
    bool has_taken;     // we have it
    bool is_over;       // lost or released
    bool is_freeing;    // it is to be released
    bool is_taking;     // a take was sent, and its answer was lost
    bool is_watched;    // WATCHED was reported
    bool is_troubled;   // TROUBLE was
    bool is_announcing; // ANNOUNCED is to follow
    uint64_t count;     // of beats
    usec silence;       // as announced
    // The answer under way.
    enum redis_item_type type;
    int64_t number;
    char text[REDIS_ANSWER_TEXT_MAX];
};

static void
tell(struct redis_seat *seat, enum redis_seat_event event)
{
    seat->setup.on_event(seat->setup.context, event, REDIS_ERROR_NONE, NULL);
}

static void
trouble(struct redis_seat *seat, enum redis_error_kind kind, const char *text)
{
    struct error error = {.code = STATUS_OK};
    bool was_troubled = seat->is_troubled;
    seat->is_troubled = true;
    redis_watch_lost(&seat->watch);
    if (!was_troubled) {
        error_set(&error, STATUS_IO, "Redis at %s: %s", redis_conn_address(seat->conn),
                  text);
        seat->setup.on_event(seat->setup.context, REDIS_SEAT_TROUBLE, kind, &error);
    }
}

static struct slice
key_of(const struct redis_seat *seat, enum redis_key_kind kind)
{
    return seat->keys.head[kind];
}

// ── asking ─────────────────────────────────────────────────────────────────

static void
look(struct redis_seat *seat)
{
    const struct slice words[] = {SLICE_LIT("GET"), key_of(seat, REDIS_KEY_BEAT)};
    redis_conn_command(seat->conn, sizeof(words) / sizeof(words[0]), words);
}

static void
take(struct redis_seat *seat)
{
    const struct slice words[] = {SLICE_LIT("EVAL"),
                                  slice_of(take_script),
                                  SLICE_LIT("3"),
                                  key_of(seat, REDIS_KEY_BEAT),
                                  key_of(seat, REDIS_KEY_EPOCH),
                                  key_of(seat, REDIS_KEY_OWNER),
                                  slice_of(seat->watch.beat),
                                  slice_of(seat->setup.tenure->token)};
    redis_conn_command(seat->conn, sizeof(words) / sizeof(words[0]), words);
}

static void
put_beat(struct redis_seat *seat, const char *beat)
{
    const struct slice words[] = {SLICE_LIT("EVAL"),
                                  slice_of(beat_script),
                                  SLICE_LIT("2"),
                                  key_of(seat, REDIS_KEY_OWNER),
                                  key_of(seat, REDIS_KEY_BEAT),
                                  slice_of(seat->setup.tenure->token),
                                  slice_of(beat)};
    redis_conn_command(seat->conn, sizeof(words) / sizeof(words[0]), words);
}

static void
beat(struct redis_seat *seat)
{
    char text[REDIS_BEAT_MAX];
    snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %" PRId64,
             seat->setup.tenure->epoch, ++seat->count, seat->silence / USEC_PER_MS);
    put_beat(seat, text);
}

static void
ask(struct redis_seat *seat, enum seat_ask what)
{
    if (!seat->is_up || seat->is_over || seat->asked != ASK_NOTHING) {
        return;
    }
    seat->asked = what;
    seat->text[0] = '\0';
    switch (what) {
    case ASK_NOTHING:
        break;
    case ASK_LOOK:
        look(seat);
        break;
    case ASK_TAKE:
        take(seat);
        break;
    case ASK_BEAT:
        beat(seat);
        break;
    case ASK_FREE:
        put_beat(seat, REDIS_WATCH_FREE);
        break;
    }
}

static void
on_next(void *context)
{
    struct redis_seat *seat = context;
    timer_set(&seat->next, seat->has_taken ? REDIS_SEAT_BEAT : REDIS_SEAT_LOOK);
    ask(seat, seat->is_freeing  ? ASK_FREE
              : seat->has_taken ? ASK_BEAT
              : seat->is_taking ? ASK_TAKE
                                : ASK_LOOK);
}

// ── answers ────────────────────────────────────────────────────────────────

static void
end(struct redis_seat *seat, enum redis_seat_event event)
{
    if (!seat->is_over) {
        seat->is_over = true;
        timer_stop(&seat->next);
        timer_stop(&seat->deadline);
        redis_conn_stop(seat->conn);
        tell(seat, event);
    }
}

static void
looked(struct redis_seat *seat)
{
    if (redis_watch_look(&seat->watch, slice_of(seat->text), clock_monotonic())) {
        ask(seat, ASK_TAKE);
    } else if (!seat->is_watched) {
        seat->is_watched = true;
        tell(seat, REDIS_SEAT_WATCHED);
    }
}

static void
taken(struct redis_seat *seat)
{
    seat->is_taking = false;
    if (seat->number > 0) {
        seat->has_taken = true;
        seat->setup.tenure->epoch = (uint64_t)seat->number;
        tell(seat, REDIS_SEAT_TAKEN);
    }
}

static void
beaten(struct redis_seat *seat, enum seat_ask asked)
{
    if (seat->number == 0) {
        end(seat, asked == ASK_FREE ? REDIS_SEAT_RELEASED : REDIS_SEAT_LOST);
    } else if (asked == ASK_FREE) {
        end(seat, REDIS_SEAT_RELEASED);
    } else if (seat->is_announcing && seat->number > 0) {
        seat->is_announcing = false;
        tell(seat, REDIS_SEAT_ANNOUNCED);
    }
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct redis_seat *seat = context;
    seat->type = item->type;
    seat->number = item->number;
    redis_reader_print(item->text, seat->text, sizeof(seat->text));
}

static void
refused(struct redis_seat *seat)
{
    enum redis_error_kind kind = redis_error_kind_of(slice_of(seat->text));
    struct error error = {.code = STATUS_OK};
    if (redis_error_kind_row(kind)->action != REDIS_ACTION_RETRY) {
        // The slot may have moved: of a cluster, that is nothing for the operator.
        bool is_cluster = redis_conn_asks_cluster(seat->conn);
        error_set(&error, STATUS_IO, "%s", seat->text);
        redis_conn_drop(seat->conn, is_cluster ? REDIS_ERROR_NONE : kind, &error);
    } else {
        trouble(seat, kind, seat->text);
    }
}

static void
on_reply(void *context)
{
    struct redis_seat *seat = context;
    enum seat_ask asked = seat->asked;
    seat->asked = ASK_NOTHING;
    if (seat->type == REDIS_ITEM_ERROR) {
        refused(seat);
        return;
    }
    redis_conn_healthy(seat->conn);
    if (seat->is_troubled) {
        seat->is_troubled = false;
        tell(seat, REDIS_SEAT_WELL);
    }
    if (seat->is_freeing && asked != ASK_FREE) {
        ask(seat, ASK_FREE);
    } else if (asked == ASK_LOOK) {
        looked(seat);
    } else if (asked == ASK_TAKE) {
        taken(seat);
    } else {
        beaten(seat, asked);
    }
}

// ── the connection ─────────────────────────────────────────────────────────

static void
on_up(void *context)
{
    struct redis_seat *seat = context;
    seat->is_up = true;
    on_next(seat);
}

static void
on_down(void *context, enum redis_error_kind kind, const struct error *error)
{
    struct redis_seat *seat = context;
    seat->is_taking = seat->is_taking || seat->asked == ASK_TAKE;
    seat->is_up = false;
    seat->asked = ASK_NOTHING;
    trouble(seat, kind, error->text);
}

static void
on_deadline(void *context)
{
    end(context, REDIS_SEAT_RELEASED);
}

enum status
redis_seat_create(const struct redis_seat_setup *setup, struct redis_seat **ret_seat,
                  struct error *error)
{
    static const struct redis_conn_calls calls = {on_up, on_down, on_item, on_reply};
    struct redis_seat *seat = calloc(1, sizeof(*seat));
    if (seat == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a connection to Redis");
    }
    seat->setup = *setup;
    seat->watch.takeover = setup->takeover;
    seat->has_taken = setup->tenure->epoch != 0;
    redis_keys_init(&seat->keys, setup->options->prefix);
    const struct redis_conn_setup conn = {.base = setup->base,
                                          .options = setup->options,
                                          .calls = &calls,
                                          .context = seat,
                                          .metrics = &seat->metrics};
    enum status status = redis_conn_create(&conn, &seat->conn, error);
    if (status == STATUS_OK &&
        (timer_init(&seat->next, setup->base, on_next, seat) != STATUS_OK ||
         timer_init(&seat->deadline, setup->base, on_deadline, seat) != STATUS_OK)) {
        status = error_set(error, STATUS_NOMEM, "no memory for a timer");
    }
    if (status != STATUS_OK) {
        redis_seat_destroy(&seat);
        return status;
    }
    *ret_seat = seat;
    return STATUS_OK;
}

void
redis_seat_destroy(struct redis_seat **seat)
{
    if (*seat != NULL) {
        redis_conn_destroy(&(*seat)->conn);
        timer_fini(&(*seat)->deadline);
        timer_fini(&(*seat)->next);
        free(*seat);
        *seat = NULL;
    }
}

void
redis_seat_start(struct redis_seat *seat)
{
    redis_conn_start(seat->conn);
}

void
redis_seat_announce(struct redis_seat *seat, usec silence)
{
    seat->silence = silence;
    seat->is_announcing = true;
    timer_set(&seat->next, 0);
}

void
redis_seat_release(struct redis_seat *seat, usec within)
{
    seat->is_freeing = true;
    timer_set(&seat->deadline, seat->is_up ? within : 0);
    timer_set(&seat->next, 0);
}
