#include "daemon/recording.h"

#include <inttypes.h>

#include "base/hash.h"
#include "base/log.h"
#include "pipeline/pipeline.h"

static const struct hash_key key = {0, 0};

bool
recording_init(struct recording *recording, struct pipeline *pipeline,
               struct redis_sink *sink, enum decode_format format, struct error *error)
{
    *recording = (struct recording){.last = USEC_NONE};
    recording->again = decoder_create(format, error);
    return feed_init(&recording->feed, pipeline, sink, format, error) &&
           recording->again != NULL;
}

void
recording_fini(struct recording *recording)
{
    stash_fini(&recording->stash);
    decoder_destroy(&recording->again);
    feed_fini(&recording->feed);
}

// ── the stash ──────────────────────────────────────────────────────────────

static struct date
date_of(const struct post *post)
{
    return (struct date){post->time, hash_slice(&key, post->author.id)};
}

// Whether its date can say anything about others.
static bool
is_dated(const struct post *post, usec wall)
{
    return post_is_event(post) && pipeline_is_believable(post->time, wall);
}

enum decode_reason
recording_read(struct recording *recording, struct slice event, struct slice data)
{
    recording->is_last = false;
    if (recording->stash.count == 0) {
        recording->event = event;
        recording->data = data;
        recording->is_judged = false;
        return feed_read(&recording->feed, event, data);
    }
    const struct post *posts;
    size_t count;
    enum decode_reason reason;
    enum decode_result result = decoder_read_event(recording->feed.decoder, event, data,
                                                   &posts, &count, &reason);
    if (result != DECODE_POSTS) {
        return result == DECODE_REFUSED ? reason : DECODE_REASON_NONE;
    }
    if (!stash_add(&recording->stash, event, data)) {
        return DECODE_REASON_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_dated(&posts[i], INT64_MAX / 2)) {
            stash_add_date(&recording->stash, date_of(&posts[i]));
        }
    }
    return DECODE_REASON_NONE;
}

// The message at hand, whose first posts are through, waits. False when there is no
// memory.
static bool
put_away(struct recording *recording)
{
    if (!stash_add(&recording->stash, recording->event, recording->data)) {
        return false;
    }
    recording->skip = recording->feed.post_next;
    recording->feed.post_count = 0;
    return true;
}

// The oldest message of the stash is at hand.
static void
take_out(struct recording *recording)
{
    const struct stash_message *message = &recording->stash.messages[0];
    struct feed *feed = &recording->feed;
    enum decode_reason reason;
    recording->is_stashed = true;
    recording->is_judged = false;
    feed->post_count = 0;
    if (decoder_read_event(recording->again, slice_of(message->event),
                           (struct slice){message->bytes, message->len}, &feed->posts,
                           &feed->post_count, &reason) != DECODE_POSTS) {
        feed->post_count = 0;
    }
    feed->post_next = recording->skip;
    recording->skip = 0;
}

// ── judging ────────────────────────────────────────────────────────────────

static void
add_date(struct dates_case *dates, struct date date, usec wall)
{
    if (dates->count < DATES_LOOK && pipeline_is_believable(date.time, wall)) {
        dates->seen[dates->count++] = date;
    }
}

static struct dates_case
case_of(const struct recording *recording, usec wall)
{
    const struct feed *feed = &recording->feed;
    const struct stash *stash = &recording->stash;
    struct dates_case dates = {
        .clock = pipeline_clock(feed->pipeline),
        .leapt = recording->leapt,
        .before = recording->dates.dated,
        .backward = recording->backward,
        .is_last = recording->is_last || stash_is_full(stash),
    };
    for (size_t i = feed->post_next; i < feed->post_count; i++) {
        if (post_is_event(&feed->posts[i])) {
            add_date(&dates, date_of(&feed->posts[i]), wall);
        }
    }
    for (size_t i = recording->is_stashed ? 1 : 0; i < stash->count; i++) {
        for (size_t k = 0; k < stash->messages[i].date_count; k++) {
            add_date(&dates, stash->messages[i].dates[k], wall);
        }
    }
    return dates;
}

// False when it has to wait.
static bool
judge(struct recording *recording, const struct post *post, usec wall)
{
    usec clock = pipeline_clock(recording->feed.pipeline);
    recording->feed.instead = USEC_NONE;
    if (!is_dated(post, wall) || post->time <= clock + DATES_LEAP) {
        return true;
    }
    struct dates_case dates = case_of(recording, wall);
    enum dates_verdict verdict = dates_judge(&dates);
    if (verdict == DATES_OPEN) {
        if (recording->is_stashed || put_away(recording)) {
            return false;
        }
        dates.is_last = true;
        verdict = dates_judge(&dates);
    }
    if (verdict == DATES_REFUSED) {
        recording->feed.instead = dates_instead(&dates);
        recording->dates.moved++;
    } else if (clock != 0 && post->time - clock > recording->leapt) {
        recording->leapt = post->time - clock;
    }
    return true;
}

const struct post *
recording_next(struct recording *recording, usec wall)
{
    for (;;) {
        const struct post *post = feed_next(&recording->feed);
        if (post != NULL && (recording->is_judged || judge(recording, post, wall))) {
            recording->is_judged = true;
            return feed_next(&recording->feed);
        }
        if (post != NULL && recording->is_stashed) {
            return NULL; // more messages are needed
        }
        if (recording->is_stashed) {
            stash_drop(&recording->stash);
            recording->is_stashed = false;
        }
        if (recording->stash.count == 0) {
            return NULL;
        }
        take_out(recording);
    }
}

bool
recording_is_settled(const struct recording *recording)
{
    return recording->stash.count == 0;
}

void
recording_end(struct recording *recording)
{
    recording->is_last = true;
}

// ── counting ───────────────────────────────────────────────────────────────

static void
note_date(struct recording *recording, usec time, usec wall)
{
    struct recording_dates *dates = &recording->dates;
    if (!pipeline_is_believable(time, wall)) {
        bool is_seconds = feed_is_seconds(time, wall);
        dates->seconds += is_seconds;
        dates->future += time > wall;
        dates->early += !is_seconds && time <= wall;
        return;
    }
    if (recording->last != USEC_NONE && time != recording->last) {
        dates->steps++;
        dates->backward += time < recording->last;
        recording->backward += time < recording->last - DATES_LEAP;
    }
    recording->last = time;
}

enum status
recording_push(struct recording *recording, usec wall)
{
    const struct post *post = &recording->feed.posts[recording->feed.post_next];
    bool is_event = post_is_event(post);
    usec time = post->time;
    bool is_moved = recording->feed.instead != USEC_NONE;
    enum status status = feed_push(&recording->feed, wall);
    if (status != STATUS_AGAIN) {
        recording->is_judged = false;
        recording->dates.dated += is_event;
        if (is_event && !is_moved) {
            note_date(recording, time, wall);
        }
    }
    return status;
}

static void
tell(uint64_t count, uint64_t dated, const char *what)
{
    if (count != 0) {
        log_warn("%" PRIu64 " of %" PRIu64 " posts %s", count, dated, what);
    }
}

void
recording_tell(const struct recording *recording, uint64_t late)
{
    const struct recording_dates *dates = &recording->dates;
    tell(dates->seconds, dates->dated,
         "have a time that looks like seconds and are counted at the time of the posts "
         "before them; give milliseconds or RFC 3339");
    tell(dates->early, dates->dated,
         "are dated before 2006 and are counted at the time of the posts before them");
    tell(
        dates->future, dates->dated,
        "are dated in the future and are counted at the time of the posts before them");
    tell(dates->moved, dates->dated,
         "are dated later than the posts around them and are counted at the time of "
         "those");
    if (dates->steps != 0 && 2 * dates->backward > dates->steps) {
        log_warn("time runs backwards in %" PRIu64 " of %" PRIu64 " steps from post to "
                 "post, and %" PRIu64 " posts are in no window because they came too "
                 "late: influence, cascades and alerts depend on the order; sort the "
                 "posts by time, the oldest first (newest first: tac FILE > "
                 "SORTED)",
                 dates->backward, dates->steps, late);
    } else if (late != 0) {
        log_warn("%" PRIu64 " of %" PRIu64 " posts are in no window because they came "
                 "too late, after posts that are newer by more than the longest "
                 "window; sort the posts by time, the oldest first",
                 late, dates->dated);
    }
}
