#include "ingest/sources/mastodon_backfill.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ingest/json/json.h"
#include "ingest/json/json_split.h"
#include "ingest/sources/source.h"
#include "net/http_fetch.h"

// Ids since 2016: milliseconds of Unix time, then 16 bits that distinguish them.
enum { ID_BITS = 16, ID_ARENA = 4096, STATUS_MESSAGE_MAX = 1 << 20 };
#define ID_MS_MIN UINT64_C(1451606400000)
#define ID_MS_MAX UINT64_C(4102444800000)

#define TRY_FIRST USEC_PER_S
#define TRY_MAX USEC_PER_MIN
#define RATE_MIN USEC_PER_MIN         // after a 429 that does not say how long
#define RETRY_AFTER_MAX USEC_PER_HOUR // asked to wait longer, the fill is given up

struct place {
    struct slice id;
};

static const struct json_field place_fields[] = {
    {"id", JSON_ID, offsetof(struct place, id), NULL, 0},
    JSON_FIELD_END,
};
static const struct json_table place_table = {place_fields, sizeof(struct place)};
static const struct json_table *const tables[] = {&place_table};

enum status
mastodon_backfill_init(struct mastodon_backfill *fill, const char *timeline,
                       struct source_metrics *metrics)
{
    *fill = (struct mastodon_backfill){
        .timeline = timeline,
        .metrics = metrics,
        .json = json_create(tables, 1, STATUS_MESSAGE_MAX),
        .backoff = {.first = TRY_FIRST, .most = TRY_MAX},
        .not_before = USEC_NONE,
    };
    arena_init(&fill->arena, ID_ARENA);
    buffer_init(&fill->page, MASTODON_BACKFILL_BODY_MAX + JSON_PADDING);
    return fill->json != NULL ? STATUS_OK : STATUS_NOMEM;
}

void
mastodon_backfill_fini(struct mastodon_backfill *fill)
{
    json_destroy(&fill->json);
    arena_fini(&fill->arena);
    buffer_fini(&fill->page);
}

// ── ids ────────────────────────────────────────────────────────────────────

static uint64_t
parse_id(struct slice text)
{
    uint64_t id = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(id, 10, &id) ||
            __builtin_add_overflow(id, digit, &id)) {
            return 0;
        }
    }
    return id;
}

// 0: not a number, unlike those of Mastodon.
static uint64_t
id_of(struct mastodon_backfill *fill, struct slice post)
{
    struct place place;
    arena_reset(&fill->arena);
    bool is_good = json_open(fill->json, post) == JSON_OK &&
                   json_read(fill->json, &place_table, &place, &fill->arena) == JSON_OK;
    return is_good ? parse_id(place.id) : 0;
}

static uint64_t
greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool
has_time(uint64_t id)
{
    uint64_t ms = id >> ID_BITS;
    return ms >= ID_MS_MIN && ms < ID_MS_MAX;
}

// At least one less, so that the last one is returned again.
static uint64_t
rewound(uint64_t id)
{
    uint64_t less = (uint64_t)(MASTODON_BACKFILL_REWIND / USEC_PER_MS) << ID_BITS;
    return has_time(id) ? id - less : id - 1;
}

// The id of a post of that time.
static uint64_t
id_at(usec time)
{
    return (uint64_t)(time / USEC_PER_MS) << ID_BITS;
}

static bool
is_deleted(const struct mastodon_backfill *fill, uint64_t id)
{
    size_t known = fill->deleted_count < MASTODON_BACKFILL_DELETED
                       ? (size_t)fill->deleted_count
                       : MASTODON_BACKFILL_DELETED;
    for (size_t i = 0; i < known; i++) {
        if (fill->deleted[i] == id) {
            return true;
        }
    }
    return false;
}

// ── states ─────────────────────────────────────────────────────────────────

static void
wait_until(struct mastodon_backfill *fill, usec at, usec now)
{
    fill->phase = MASTODON_BACKFILL_WAITING;
    fill->next_at = at > fill->not_before ? at : fill->not_before;
    fill->is_flowing = fill->next_at - now > MASTODON_BACKFILL_HOLD;
}

static void
finish(struct mastodon_backfill *fill, const char *why)
{
    if (fill->is_guessed) {
        fill->last = 0;
        fill->is_guessed = false;
    }
    snprintf(fill->why, sizeof(fill->why), "%s", why);
    fill->phase = MASTODON_BACKFILL_OVER;
    fill->is_due = false;
    fill->last = greater(fill->last, fill->live);
    fill->live = 0;
    fill->pages = 0;
    fill->tries = 0;
    fill->not_before = USEC_NONE;
    backoff_reset(&fill->backoff);
}

// Mastodon drops the oldest posts of a home or list: posts between are then lost.
static void
finish_whole(struct mastodon_backfill *fill)
{
    bool is_cut = !fill->is_anchored && fill->came >= MASTODON_BACKFILL_KEPT;
    finish(fill, is_cut ? "fill_cut" : "");
}

static void
try_again(struct mastodon_backfill *fill, const char *why, usec least, usec now)
{
    fill->metrics->fill_failures++;
    if (++fill->tries >= MASTODON_BACKFILL_TRIES || least > RETRY_AFTER_MAX) {
        finish(fill, why);
        return;
    }
    usec wait = backoff_next(&fill->backoff);
    fill->not_before = now + (wait > least ? wait : least);
    wait_until(fill, now, now);
}

void
mastodon_backfill_suspend(struct mastodon_backfill *fill)
{
    fill->phase = MASTODON_BACKFILL_IDLE;
    fill->is_due = fill->last != 0;
    fill->left = 0;
}

bool
mastodon_backfill_begin(struct mastodon_backfill *fill, usec missed_from, usec now)
{
    if (fill->last == 0 && !fill->has_strange_ids && missed_from > 0 &&
        has_time(id_at(missed_from))) {
        fill->last = id_at(missed_from);
        fill->is_guessed = true;
        fill->is_due = true;
    }
    if (!fill->is_due) {
        return false;
    }
    fill->from = fill->last;
    fill->position = rewound(fill->last);
    fill->head = 0;
    fill->is_anchored = false;
    fill->came = 0;
    fill->deleted_count = 0;
    wait_until(fill, now + MASTODON_BACKFILL_SETTLE, now);
    return true;
}

const char *
mastodon_backfill_hindrance(const struct mastodon_backfill *fill)
{
    bool has_id = fill->last != 0 && !fill->is_guessed;
    return !has_id && fill->has_strange_ids ? "fill_ids" : "";
}

void
mastodon_backfill_write_url(struct mastodon_backfill *fill,
                            char url[MASTODON_BACKFILL_URL_MAX])
{
    snprintf(url, MASTODON_BACKFILL_URL_MAX, "%smin_id=%" PRIu64 "&limit=%d",
             fill->timeline, fill->position, MASTODON_BACKFILL_LIMIT);
    fill->metrics->fill_requests++;
    fill->is_flowing = false;
    fill->phase = MASTODON_BACKFILL_ASKING;
}

// ── pages ──────────────────────────────────────────────────────────────────

static void
note_refused(struct mastodon_backfill *fill, const struct http_fetch_answer *answer,
             usec now, usec wall)
{
    char why[MASTODON_BACKFILL_WHY_MAX] = "fill_network";
    long status = answer->status;
    usec least = answer->not_before != USEC_NONE ? answer->not_before - wall : 0;
    if (status != 0) {
        snprintf(why, sizeof(why), "fill_http_%ld", status % 1000);
    }
    if (status == 429 && answer->not_before == USEC_NONE) {
        least = RATE_MIN;
    }
    // 206: Mastodon is still building the home timeline.
    bool heals = status == 0 || status == 206 || status == 408 || status == 420 ||
                 status == 425 || status == 429 || status >= 500;
    if (heals) {
        try_again(fill, why, least, now);
    } else {
        fill->metrics->fill_failures++;
        finish(fill, why);
    }
}

static bool
read_page(struct mastodon_backfill *fill, struct slice body)
{
    static const char padding[JSON_PADDING] = {0};
    buffer_reset(&fill->page);
    buffer_append(&fill->page, body);
    buffer_append(&fill->page, (struct slice){padding, sizeof(padding)});
    struct slice text = {fill->page.bytes, body.len};
    if (fill->page.is_failed ||
        !json_split(text, fill->posts, MASTODON_BACKFILL_PAGE_MAX, &fill->count)) {
        return false;
    }
    for (size_t i = 0; i < fill->count; i++) {
        fill->ids[i] = id_of(fill, fill->posts[i]);
    }
    return true;
}

static uint64_t
greatest_of_page(const struct mastodon_backfill *fill)
{
    uint64_t greatest = 0;
    for (size_t i = 0; i < fill->count; i++) {
        greatest = greater(greatest, fill->ids[i]);
    }
    return greatest;
}

// The id of a post shows whether a guessed one is of the same kind.
static void
confirm(struct mastodon_backfill *fill, uint64_t id)
{
    fill->is_guessed = fill->is_guessed && !has_time(id);
}

void
mastodon_backfill_answer(struct mastodon_backfill *fill,
                         const struct http_fetch_answer *answer, usec now, usec wall)
{
    if (answer->status != 200) {
        note_refused(fill, answer, now, wall);
        return;
    }
    if (!read_page(fill, answer->body)) {
        try_again(fill, "fill_garbage", 0, now);
        return;
    }
    confirm(fill, fill->count != 0 ? greatest_of_page(fill) : fill->head);
    if (fill->is_guessed) {
        fill->metrics->fill_failures += fill->count != 0;
        finish(fill, "fill_ids");
    } else if (fill->count == 0) {
        finish_whole(fill);
    } else if (greatest_of_page(fill) <= fill->position) {
        // The answer is not what was requested: the fill would never end.
        fill->metrics->fill_failures++;
        finish(fill, "fill_order");
    } else {
        fill->phase = MASTODON_BACKFILL_FEEDING;
        fill->left = fill->count;
        fill->tries = 0;
        backoff_reset(&fill->backoff);
    }
}

static void
end_page(struct mastodon_backfill *fill, usec now)
{
    fill->position = greatest_of_page(fill);
    fill->last = greater(fill->last, fill->position);
    bool is_end = fill->count < MASTODON_BACKFILL_LIMIT && fill->head != 0 &&
                  fill->position >= fill->head;
    if (is_end) {
        finish_whole(fill);
    } else if (++fill->pages >= MASTODON_BACKFILL_PAGES) {
        finish(fill, "fill_pages");
    } else {
        wait_until(fill, now + MASTODON_BACKFILL_PAUSE, now);
    }
}

bool
mastodon_backfill_next(struct mastodon_backfill *fill, usec now, struct slice *ret_post)
{
    if (fill->phase != MASTODON_BACKFILL_FEEDING) {
        return false;
    }
    while (fill->left > 0 && is_deleted(fill, fill->ids[fill->left - 1])) {
        fill->left--;
    }
    if (fill->left == 0) {
        end_page(fill, now);
        return false;
    }
    *ret_post = fill->posts[fill->left - 1];
    return true;
}

void
mastodon_backfill_taken(struct mastodon_backfill *fill)
{
    // The owner may have stopped the source from within the post.
    if (fill->left == 0) {
        return;
    }
    uint64_t id = fill->ids[--fill->left];
    fill->is_anchored = fill->is_anchored || (id != 0 && id <= fill->from);
    fill->came++;
    fill->metrics->fill_messages++;
}

// ── the stream during a fill ───────────────────────────────────────────────

static bool
is_post(const struct source_message *message)
{
    return slice_equal(message->event, SLICE_LIT("update"));
}

static bool
is_under_way(const struct mastodon_backfill *fill)
{
    return fill->phase != MASTODON_BACKFILL_IDLE &&
           fill->phase != MASTODON_BACKFILL_OVER;
}

bool
mastodon_backfill_may_pass(struct mastodon_backfill *fill,
                           const struct source_message *message)
{
    if (!is_under_way(fill) || !is_post(message)) {
        return true;
    }
    if (fill->head == 0) {
        fill->head = id_of(fill, message->data);
    }
    return fill->head == 0 || fill->is_flowing;
}

void
mastodon_backfill_saw(struct mastodon_backfill *fill,
                      const struct source_message *message)
{
    if (is_post(message)) {
        uint64_t *to = fill->is_due ? &fill->live : &fill->last;
        uint64_t id = id_of(fill, message->data);
        *to = greater(*to, id);
        fill->has_strange_ids = fill->has_strange_ids || id == 0;
    } else if (is_under_way(fill) && slice_equal(message->event, SLICE_LIT("delete"))) {
        fill->deleted[fill->deleted_count++ % MASTODON_BACKFILL_DELETED] =
            parse_id(message->data);
    }
}
