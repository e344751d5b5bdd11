// Fills a gap: requests what a Mastodon stream sent while there was no connection from
// the REST timeline that shows the same posts (mastodon_timeline.h).
//
//   idle ─begin─▶ waiting ─ask─▶ asking ─answer─▶ feeding ─▶ waiting … ─▶ over
//
// Pages come oldest first: each request is for the posts after the greatest id of the
// page before (`min_id`), until one is empty, or one that is not full reaches what the
// stream itself sends by now. Ids are an instance's own and grow with time, but a post
// from another instance has the id of the time at which it was written, so a fill
// begins MASTODON_BACKFILL_REWIND before the last id; known posts count nothing twice.
//
// During the fill the stream is held at its first post, so that all posts keep their
// order. Deletions before it pass, and are remembered in case a page still contains
// such a post. While the fill has to wait for longer than MASTODON_BACKFILL_HOLD the
// stream flows, and some posts come before older ones. Deletions and edits during the
// gap are lost: no timeline contains them.
//
// A page that cannot be read is requested again, MASTODON_BACKFILL_TRIES times in a
// row, and not before the time the server allows. A fill ends incomplete after
// MASTODON_BACKFILL_PAGES pages, when the server refuses permanently, or when the
// timeline does not reach back far enough. Ids that are not numbers, as of software
// other than Mastodon, have no such order: then nothing is filled.
//
// Before the first post there is no last id: then the fill begins at the id of the time
// from which posts are missing. It counts as complete only if a post was seen whose id
// contains a time, as Mastodon's do.
//
// Pure: time (monotonic unless noted) is an argument, the next deadline a result.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/backoff.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "ingest/sources/mastodon_timeline.h"

struct http_fetch_answer;
struct json;
struct source_message;
struct source_metrics;

#define MASTODON_BACKFILL_REWIND USEC_PER_MIN
// Before the first page: for posts that are not in the timeline yet.
#define MASTODON_BACKFILL_SETTLE USEC_PER_S
#define MASTODON_BACKFILL_PAUSE (250 * USEC_PER_MS)
#define MASTODON_BACKFILL_HOLD (5 * USEC_PER_S)

enum {
    MASTODON_BACKFILL_LIMIT = 40, // posts of a page, the most that Mastodon returns
    MASTODON_BACKFILL_PAGES = 250,
    MASTODON_BACKFILL_TRIES = 8,
    MASTODON_BACKFILL_KEPT = 400,     // posts that Mastodon keeps of a home or list
    MASTODON_BACKFILL_PAGE_MAX = 400, // a page with more posts is invalid
    MASTODON_BACKFILL_BODY_MAX = 8 << 20,
    MASTODON_BACKFILL_DELETED = 64, // the last ones are remembered
    MASTODON_BACKFILL_URL_MAX = MASTODON_TIMELINE_MAX + 64,
    MASTODON_BACKFILL_WHY_MAX = 20,
};

enum mastodon_backfill_phase {
    MASTODON_BACKFILL_IDLE,
    MASTODON_BACKFILL_WAITING, // until next_at
    MASTODON_BACKFILL_ASKING,
    MASTODON_BACKFILL_FEEDING,
    MASTODON_BACKFILL_OVER, // why contains the result; otherwise idle
};

struct mastodon_backfill {
    const char *timeline;
    struct source_metrics *metrics;
    struct json *json;
    struct arena arena;
    struct buffer page;
    enum mastodon_backfill_phase phase;
    usec next_at;
    bool is_flowing;                     // a long wait
    char why[MASTODON_BACKFILL_WHY_MAX]; // a word for the ledger; empty: all came
    bool is_due;                         // there is a gap that is not filled yet
    bool is_guessed;      // `last` is made from a time, and no post has shown that ids
                          // contain one
    bool has_strange_ids; // there was one that is not a number
    uint64_t last; // every post up to this id was taken, except in the due gap; 0: none
    uint64_t live; // the greatest id taken from the stream while due
    uint64_t from; // `last` when the fill began
    uint64_t position;
    uint64_t head;    // of the first post of the stream; 0: none yet
    bool is_anchored; // `from`, or an older one, was returned again
    uint64_t came;
    unsigned pages;
    unsigned tries; // in a row
    struct backoff backoff;
    usec not_before;
    size_t count; // of the current page
    size_t left;
    struct slice posts[MASTODON_BACKFILL_PAGE_MAX]; // newest first; point into page
    uint64_t ids[MASTODON_BACKFILL_PAGE_MAX];       // 0: it has none
    uint64_t deleted[MASTODON_BACKFILL_DELETED];
    uint64_t deleted_count;
};

// Keeps timeline (see mastodon_timeline_of) and metrics. NOMEM.
enum status mastodon_backfill_init(struct mastodon_backfill *fill, const char *timeline,
                                   struct source_metrics *metrics) MUST_USE;
void mastodon_backfill_fini(struct mastodon_backfill *fill);

// The stream ended, or no process was connected since `last`: posts may be missing from
// now on. Ends a fill in progress, which continues from its last page.
void mastodon_backfill_suspend(struct mastodon_backfill *fill);
// The stream is connected. missed_from: the beginning of the gap (wall clock), or
// USEC_NONE. False if there is nothing to fill, or no id to start at.
bool mastodon_backfill_begin(struct mastodon_backfill *fill, usec missed_from,
                             usec now);

// A word for the ledger if no gap can be filled because ids are not numbers; else "".
const char *mastodon_backfill_hindrance(const struct mastodon_backfill *fill);

// Call at next_at: writes the URL of the page to request.
void mastodon_backfill_write_url(struct mastodon_backfill *fill,
                                 char url[MASTODON_BACKFILL_URL_MAX]);
// Borrows answer. wall: the time of the answer's not_before.
void mastodon_backfill_answer(struct mastodon_backfill *fill,
                              const struct http_fetch_answer *answer, usec now,
                              usec wall);
// The next post of the current page, the same until it is taken; it has JSON_PADDING
// readable bytes behind it. False at the end of the page.
bool mastodon_backfill_next(struct mastodon_backfill *fill, usec now,
                            struct slice *ret_post);
void mastodon_backfill_taken(struct mastodon_backfill *fill);

// True if a message of the stream may be passed to the owner now.
bool mastodon_backfill_may_pass(struct mastodon_backfill *fill,
                                const struct source_message *message);
// The owner took it.
void mastodon_backfill_saw(struct mastodon_backfill *fill,
                           const struct source_message *message);
