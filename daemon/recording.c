#include "daemon/recording.h"

#include <inttypes.h>

#include "base/hash.h"
#include "base/log.h"
#include "ingest/decode/decode_words.h"
#include "pipeline/pipeline.h"

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
recording_find_campaigns(struct recording *recording,
                         const struct campaign_words *words)
{
    decoder_find_campaigns(recording->again, words);
    decoder_find_campaigns(recording->feed.decoder, words);
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
    return (struct date){post->time, hash_known(post->author.id)};
}

// True if its date can be compared with others.
static bool
is_dated(const struct post *post, usec wall)
{
    return post_is_event(post) && post_time_is_believable(post->time, wall);
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

// Stashes the current message, whose first posts are counted. False when there is no
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

// Makes the oldest message of the stash the current one.
static void
take_out(struct recording *recording)
{
    const struct stash_message *message = stash_at(&recording->stash, 0);
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
    if (dates->count < DATES_LOOK && post_time_is_believable(date.time, wall)) {
        dates->seen[dates->count++] = date;
    }
}

// The dates after the current post, and its own if it has one.
static void
collect(struct recording *recording, usec wall, struct dates_case *dates)
{
    const struct feed *feed = &recording->feed;
    struct stash *stash = &recording->stash;
    for (size_t i = feed->post_next; i < feed->post_count; i++) {
        if (post_is_event(&feed->posts[i])) {
            add_date(dates, date_of(&feed->posts[i]), wall);
        }
    }
    for (size_t i = recording->is_stashed ? 1 : 0; i < stash->count; i++) {
        const struct stash_message *message = stash_at(stash, i);
        for (size_t k = 0; k < message->date_count; k++) {
            add_date(dates, message->dates[k], wall);
        }
    }
}

static enum dates_verdict
ask(struct recording *recording, usec wall, bool is_last, usec *ret_time)
{
    struct dates_case dates = {
        .clock = pipeline_clock(recording->feed.pipeline),
        .leapt = recording->leapt,
        .before = recording->dates.dated,
        .has_refused = recording->dates.moved != 0,
        .is_last = is_last || recording->is_last || stash_is_full(&recording->stash),
        .recent = &recording->recent,
    };
    collect(recording, wall, &dates);
    if (dates.count == 0) { // all are implausible
        *ret_time = USEC_NONE;
        return dates.is_last ? DATES_BELIEVED : DATES_OPEN;
    }
    if (recording->doubted <= dates.seen[0].time + DATES_LEAP) {
        dates.unconfirmed = recording->unconfirmed;
    }
    return dates_judge(&dates, ret_time);
}

static void
note_verdict(struct recording *recording, const struct post *post,
             enum dates_verdict verdict, usec time)
{
    usec clock = pipeline_clock(recording->feed.pipeline);
    if (verdict == DATES_BELIEVED) {
        usec leap = clock != 0 ? post->time - clock : 0;
        recording->leapt = leap > recording->leapt ? leap : recording->leapt;
        recording->unconfirmed = 0;
        return;
    }
    recording->feed.instead = time;
    recording->is_refused = true;
    recording->dates.moved += time <= post->time;
    recording->dates.old += time > post->time;
    if (verdict == DATES_UNCONFIRMED) {
        bool is_later = recording->doubted <= post->time + DATES_LEAP;
        recording->unconfirmed = is_later ? recording->unconfirmed + 1 : 1;
        recording->doubted = post->time;
    }
}

// True if its date has to be judged, or replaced because it is implausible.
static bool
is_in_question(struct recording *recording, const struct post *post, usec wall)
{
    usec clock = pipeline_clock(recording->feed.pipeline);
    if (!post_is_event(post)) {
        return false;
    }
    if (clock == 0) {
        return true;
    }
    if (post_time_is_believable(post->time, wall) && post->time <= clock + DATES_LEAP) {
        bool is_older = post->time <= clock - DATES_LEAP;
        recording->unconfirmed = is_older ? recording->unconfirmed : 0;
        return false;
    }
    return post_time_is_believable(post->time, wall);
}

// False when it has to wait.
static bool
judge(struct recording *recording, const struct post *post, usec wall)
{
    recording->feed.instead = USEC_NONE;
    recording->is_refused = false;
    if (!is_in_question(recording, post, wall)) {
        return true;
    }
    usec time;
    enum dates_verdict verdict = ask(recording, wall, false, &time);
    if (verdict == DATES_OPEN) {
        if (recording->is_stashed || put_away(recording)) {
            return false;
        }
        verdict = ask(recording, wall, true, &time);
    }
    if (is_dated(post, wall)) {
        note_verdict(recording, post, verdict, time);
    } else {
        recording->feed.instead = time;
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
note_date(struct recording *recording, struct date date, usec wall)
{
    struct recording_dates *dates = &recording->dates;
    enum date_fault fault = date_faults_find(date.time, wall);
    if (fault != DATE_FAULT_COUNT) {
        dates->faults[fault]++;
        return;
    }
    if (!recording->is_in_run && recording->last != USEC_NONE &&
        date.time != recording->last) {
        dates->steps++;
        dates->backward += date.time < recording->last;
    }
    recording->is_in_run = true;
    recording->last = date.time;
    dates_remember(&recording->recent, date);
}

enum status
recording_push(struct recording *recording, usec wall)
{
    const struct post *post = &recording->feed.posts[recording->feed.post_next];
    bool is_event = post_is_event(post);
    // The posts of one message come in order, whatever order the message has.
    recording->is_in_run &= is_event && recording->feed.post_next != 0;
    struct date date = date_of(post);
    enum status status = feed_push(&recording->feed, wall);
    if (status != STATUS_AGAIN) {
        recording->is_judged = false;
        recording->dates.dated += is_event;
        if (is_event && !recording->is_refused) {
            note_date(recording, date, wall);
        }
    }
    return status;
}

// Among times in a finer unit a few look like multiples of a coarser unit by chance.
static void
join(uint64_t *faults, enum date_fault fine, enum date_fault coarse)
{
    if (faults[fine] != 0) {
        faults[fine] += faults[coarse];
        faults[coarse] = 0;
    }
}

static void
report_faults(const struct recording_dates *dates)
{
    uint64_t faults[DATE_FAULT_COUNT];
    uint64_t sum = 0;
    for (size_t i = 0; i < DATE_FAULT_COUNT; i++) {
        faults[i] = dates->faults[i];
        sum += faults[i];
    }
    join(faults, DATE_FAULT_MILLISECONDS, DATE_FAULT_SECONDS);
    join(faults, DATE_FAULT_NANOSECONDS, DATE_FAULT_MICROSECONDS);
    for (enum date_fault i = 0; i < DATE_FAULT_COUNT; i++) {
        const struct date_fault_text *text = date_faults_text(i);
        if (faults[i] != 0) {
            log_warn("time_refused",
                     "%" PRIu64 " of %" PRIu64 " posts %s %s and are %s%s", faults[i],
                     dates->dated, text->many, text->what,
                     sum == dates->dated
                         ? "counted in every window, because no post has a date"
                         : "counted at the time of the posts around them",
                     text->advice);
        }
    }
}

static void
report_share(uint64_t count, uint64_t dated, const char *what)
{
    if (count != 0) {
        log_warn("time_refused", "%" PRIu64 " of %" PRIu64 " posts %s", count, dated,
                 what);
    }
}

void
recording_report(const struct recording *recording, uint64_t late)
{
    const struct recording_dates *dates = &recording->dates;
    report_faults(dates);
    report_share(
        dates->moved, dates->dated,
        "are dated later than the posts around them and are counted at the time of "
        "those posts");
    report_share(
        dates->old, dates->dated,
        "are dated far earlier than all the others and are counted at the time of "
        "those");
    if (dates->steps != 0 && 2 * dates->backward > dates->steps) {
        log_warn(
            "posts_late",
            "time runs backwards in %" PRIu64 " of %" PRIu64
            " steps from message to message, and %" PRIu64
            " posts are in no window because they arrived too late: influence, "
            "cascades and alerts depend on the order; sort the messages by time, "
            "the oldest first (if the newest is first: tac FILE > SORTED; if FILE is "
            "one array: jq -c '.[]' FILE | tac > SORTED)",
            dates->backward, dates->steps, late);
    } else if (late != 0) {
        log_warn("posts_late",
                 "%" PRIu64 " of %" PRIu64
                 " posts are in no window because they arrived too late, after posts "
                 "that are newer by more than the longest window; sort the posts by "
                 "time, the oldest first",
                 late, dates->dated);
    }
}
