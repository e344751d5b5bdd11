// Pages of a Mastodon timeline that fill a gap, of any bytes: the fill ends or gets on,
// every post lies within its page, and what jansson takes for an array of objects is
// cut into just these.
//
// The first byte says how: bit 0, whether the stream shows a post first; bit 1, whether
// it deletes one. The rest is pages, divided by bytes 0x1e; the text before the first
// of them is also tried as the address of a stream.
#include "ingest/json/json.h"
#include "ingest/json/json_split.h"
#include "ingest/sources/mastodon_backfill.h"
#include "ingest/sources/mastodon_timeline.h"
#include "ingest/sources/source.h"
#include "net/http_fetch.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define BEGUN (100 * USEC_PER_S)
#define MISSED (1700000000 * USEC_PER_S) // wall clock

enum { HEAD_BIT = 1, DELETE_BIT = 2, ID_BIT = 4, PAGE_END = 0x1e };

// Without anything behind it, so that the sanitizer sees who reads on.
static struct slice
copy_of(struct slice text, size_t padding)
{
    char *copy = calloc(text.len + padding + 1, 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, text.ptr, text.len);
    return (struct slice){copy, text.len};
}

static void
drop(struct slice copy)
{
    free((void *)(uintptr_t)copy.ptr);
}

// ── cutting ────────────────────────────────────────────────────────────────

static bool
is_array_of_objects(const json_t *value)
{
    size_t i;
    json_t *element;
    if (!json_is_array(value)) {
        return false;
    }
    json_array_foreach(value, i, element)
    {
        if (!json_is_object(element)) {
            return false;
        }
    }
    return true;
}

static void
check_split(struct slice text)
{
    static struct slice elements[MASTODON_BACKFILL_PAGE_MAX];
    size_t count = 0;
    bool is_good = json_split(text, elements, MASTODON_BACKFILL_PAGE_MAX, &count);
    for (size_t i = 0; is_good && i < count; i++) {
        const char *end = elements[i].ptr + elements[i].len;
        assert(elements[i].ptr >= text.ptr && end <= text.ptr + text.len);
        assert(elements[i].len != 0);
    }
    json_t *whole = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
    if (is_array_of_objects(whole) &&
        json_array_size(whole) <= MASTODON_BACKFILL_PAGE_MAX) {
        assert(is_good && count == json_array_size(whole));
        for (size_t i = 0; i < count; i++) {
            json_t *one =
                json_loadb(elements[i].ptr, elements[i].len, JSON_ALLOW_NUL, NULL);
            assert(json_equal(one, json_array_get(whole, i)));
            json_decref(one);
        }
    }
    json_decref(whole);
}

// ── filling ────────────────────────────────────────────────────────────────

static void
see(struct mastodon_backfill *fill, const char *event, const char *data)
{
    struct slice copy = copy_of(slice_of(data), JSON_PADDING);
    const struct source_message message = {slice_of(event), copy, false};
    if (mastodon_backfill_may_pass(fill, &message)) {
        mastodon_backfill_saw(fill, &message);
    }
    drop(copy);
}

static void
take_posts(struct mastodon_backfill *fill)
{
    struct slice post;
    size_t taken = 0;
    while (mastodon_backfill_next(fill, BEGUN, &post)) {
        static volatile unsigned char sum;
        for (size_t i = 0; i < post.len + JSON_PADDING; i++) {
            sum = (unsigned char)(sum + (unsigned char)post.ptr[i]);
        }
        mastodon_backfill_taken(fill);
        assert(++taken <= MASTODON_BACKFILL_PAGE_MAX);
    }
}

static void
take_page(struct mastodon_backfill *fill, struct slice page)
{
    char url[MASTODON_BACKFILL_URL_MAX];
    uint64_t position = fill->position;
    unsigned tries = fill->tries;
    mastodon_backfill_write_url(fill, url);
    assert(strlen(url) < MASTODON_BACKFILL_URL_MAX);
    struct slice body = copy_of(page, 0);
    const struct http_fetch_answer answer = {
        .status = 200, .body = body, .not_before = USEC_NONE};
    mastodon_backfill_answer(fill, &answer, BEGUN, BEGUN);
    drop(body);
    take_posts(fill);
    bool gets_on = fill->position > position || fill->tries > tries;
    assert(fill->phase == MASTODON_BACKFILL_OVER ||
           (fill->phase == MASTODON_BACKFILL_WAITING && gets_on));
}

static bool
next_page(struct slice *rest, struct slice *ret_page)
{
    if (rest->len == 0) {
        return false;
    }
    const char *end = memchr(rest->ptr, PAGE_END, rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    *ret_page = (struct slice){rest->ptr, len};
    len += end != NULL;
    *rest = (struct slice){rest->ptr + len, rest->len - len};
    return true;
}

// One for all inputs, since its JSON reader is dear to make; it has seen nothing.
static struct mastodon_backfill *
fresh_fill(void)
{
    static struct mastodon_backfill fill;
    static struct source_metrics metrics;
    static const char timeline[] = "https://harbour.example/api/v1/timelines/home?";
    if (fill.json == NULL &&
        mastodon_backfill_init(&fill, timeline, &metrics) != STATUS_OK) {
        abort();
    }
    fill.last = 0;
    return &fill;
}

// Refused for good, whatever was under way.
static void
give_up(struct mastodon_backfill *fill)
{
    char url[MASTODON_BACKFILL_URL_MAX];
    const struct http_fetch_answer refusal = {.status = 404, .not_before = USEC_NONE};
    if (fill->phase == MASTODON_BACKFILL_WAITING) {
        mastodon_backfill_write_url(fill, url);
        mastodon_backfill_answer(fill, &refusal, BEGUN, BEGUN);
    }
    assert(fill->phase == MASTODON_BACKFILL_OVER && !fill->is_due);
}

static void
fill_with(struct slice pages, unsigned how)
{
    struct mastodon_backfill *fill = fresh_fill();
    struct slice page;
    if ((how & ID_BIT) == 0) {
        see(fill, "update", "{\"id\":\"10\"}");
    }
    mastodon_backfill_suspend(fill);
    bool is_begun = mastodon_backfill_begin(fill, MISSED, BEGUN);
    assert(is_begun);
    if ((how & HEAD_BIT) != 0) {
        see(fill, "update", "{\"id\":\"55\"}");
    }
    if ((how & DELETE_BIT) != 0) {
        see(fill, "delete", "12");
    }
    while (fill->phase == MASTODON_BACKFILL_WAITING && next_page(&pages, &page)) {
        take_page(fill, page);
    }
    give_up(fill);
}

// ── addresses ──────────────────────────────────────────────────────────────

static void
check_address(struct slice text)
{
    char stream[OPTION_TEXT_MAX];
    char timeline[MASTODON_TIMELINE_MAX];
    size_t len = text.len < sizeof(stream) ? text.len : sizeof(stream) - 1;
    memcpy(stream, text.ptr, len);
    stream[len] = '\0';
    if (mastodon_timeline_of(stream, "https://api.example/", timeline)) {
        assert(strncmp(timeline, "https://api.example/api/v1/timelines/", 37) == 0);
        size_t end = strlen(timeline);
        assert(end < MASTODON_TIMELINE_MAX);
        assert(timeline[end - 1] == '?' || timeline[end - 1] == '&');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice page;
    if (size == 0) {
        return 0;
    }
    struct slice pages = {(const char *)data + 1, size - 1};
    fill_with(pages, data[0]);
    if (next_page(&pages, &page)) {
        struct slice copy = copy_of(page, 0);
        check_split(copy);
        check_address(copy);
        drop(copy);
    }
    return 0;
}
