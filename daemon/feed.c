#include "daemon/feed.h"

#include "base/log.h"
#include "daemon/date_faults.h"
#include "daemon/clock_steps.h"
#include "daemon/handover.h"
#include "daemon/wall_clock.h"
#include "pipeline/pipeline.h"
#include "sinks/redis/redis_claims.h"
#include "sinks/redis/redis_sink.h"

// clang-format off
#define AT(member) offsetof(struct feed_metrics, member)
const struct metric feed_metric_rows[] = {
    {"cascaded_input_received_total", NULL, METRIC_COUNTER, AT(received),
     "Posts, deletions and other messages received; the sum of the outcomes and of those queued"},
    {"cascaded_input_total", "outcome=\"used\"", METRIC_COUNTER, AT(used),
     "What became of them: posts counted, and deletions, new handles and accounts that are gone"},
    {"cascaded_input_total", "outcome=\"duplicate\"", METRIC_COUNTER, AT(duplicate),
     "What became of them: received before"},
    {"cascaded_input_total", "outcome=\"rejected\"", METRIC_COUNTER, AT(rejected),
     "What became of them: cannot be used, or a capacity is reached"},
    {"cascaded_input_total", "outcome=\"control\"", METRIC_COUNTER, AT(control),
     "What became of them: not about posts"},
    {"cascaded_input_queued", NULL, METRIC_GAUGE, AT(queued),
     "Posts received and not yet counted, because Redis is behind"},
    METRIC_END,
};
#undef AT
// clang-format on

bool
feed_init(struct feed *feed, struct pipeline *pipeline, struct redis_sink *sink,
          enum decode_format format, struct error *error)
{
    *feed = (struct feed){
        .pipeline = pipeline,
        .sink = sink,
        .decoder = decoder_create(format, error),
        .last_time = USEC_NONE,
        .instead = USEC_NONE,
    };
    entry_reader_init(&feed->reader);
    return feed->decoder != NULL;
}

void
feed_fini(struct feed *feed)
{
    entry_reader_fini(&feed->reader);
    decoder_destroy(&feed->decoder);
}

// Posts that are left of the last message are read again with it.
static void
drop_posts(struct feed *feed)
{
    feed->received -= feed->post_count - feed->post_next;
    feed->post_next = 0;
    feed->post_count = 0;
}

enum status
feed_read_entry(struct feed *feed, struct slice bytes, uint32_t order,
                struct entry_head *ret_head)
{
    struct entry_content entry;
    drop_posts(feed);
    enum status status = entry_read(&feed->reader, bytes, order, &entry);
    if (status != STATUS_OK) {
        bool is_refused = status != STATUS_NOMEM; // otherwise it comes again
        feed->received += is_refused;
        feed->refused += is_refused;
        return status;
    }
    feed->posts = entry.posts;
    feed->walls = entry.walls;
    feed->post_count = entry.count;
    feed->received += entry.count;
    *ret_head = entry.head;
    return STATUS_OK;
}

void
feed_skip(struct feed *feed, size_t count)
{
    size_t left = feed->post_count - feed->post_next;
    size_t skipped = count < left ? count : left;
    feed->post_next += skipped;
    feed->received -= skipped;
}

enum decode_reason
feed_read(struct feed *feed, struct slice event, struct slice data)
{
    enum decode_reason reason = DECODE_REASON_NONE;
    drop_posts(feed);
    enum decode_result result = decoder_read_event(
        feed->decoder, event, data, &feed->posts, &feed->post_count, &reason);
    if (result != DECODE_POSTS) {
        feed->post_count = 0;
    }
    feed->received += feed->post_count;
    for (size_t i = 0; i < feed->post_count; i++) {
        enum post_kind kind = feed->posts[i].kind;
        feed->returned_controls += kind == POST_RENAMED || kind == POST_WITHDRAWN;
    }
    return result == DECODE_REFUSED ? reason : DECODE_REASON_NONE;
}

// A recording counts such dates and reports them at its end; a live source has none.
static void
report_time(struct feed *feed, const struct post *post, usec wall)
{
    if (feed->has_reported_time || !feed->is_live || !post_is_event(post)) {
        return;
    }
    enum date_fault fault = date_faults_find(post->time, wall);
    if (fault == DATE_FAULT_COUNT) {
        return;
    }
    const struct date_fault_text *text = date_faults_text(fault);
    feed->has_reported_time = true;
    log_warn("time_refused",
             "a post %s %s; it counts at the clock (the first of its kind)%s",
             text->one, text->what, text->advice);
}

const struct post *
feed_next(struct feed *feed)
{
    if (feed->post_next == feed->post_count) {
        return NULL;
    }
    const struct post *post = &feed->posts[feed->post_next];
    if (feed->instead == USEC_NONE) {
        return post;
    }
    feed->dated = *post;
    feed->dated.time = feed->instead;
    return &feed->dated;
}

// To the pipeline or the handover.
static enum status
pass_on(struct feed *feed, const struct post *post, usec wall)
{
    return feed->handover != NULL ? handover_add(feed->handover, post, wall)
                                  : pipeline_post(feed->pipeline, post, wall);
}

enum status
feed_push(struct feed *feed, usec wall)
{
    if (feed->walls != NULL) {
        wall = feed->walls[feed->post_next];
    }
    // A post may be newer than the last tick; it would count at the tick.
    if (feed->is_live && feed->posts[feed->post_next].time > wall) {
        wall = wall_clock_read();
    }
    if (feed->is_arrival) {
        feed->instead = wall;
    } else if (feed->is_live) {
        feed->instead = wall_clock_state()->step == 0
                            ? USEC_NONE
                            : clock_steps_date(wall_clock_state(),
                                               feed->posts[feed->post_next].time, wall);
    }
    bool is_current = feed->is_live || feed->walls != NULL;
    const struct post *post = feed_next(feed);
    report_time(feed, post, wall);
    uint64_t duplicates = pipeline_duplicates(feed->pipeline);
    enum status status = pass_on(feed, post, wall);
    if (status == STATUS_AGAIN && feed->sink != NULL && !is_current) {
        redis_claims_render(feed->sink); // it may have waited for the texts of alerts
        status = pipeline_post(feed->pipeline, post, wall);
    }
    if (status == STATUS_AGAIN) {
        if (feed->sink != NULL) {
            redis_sink_hurry(feed->sink);
        }
        return STATUS_AGAIN;
    }
    bool is_duplicate = pipeline_duplicates(feed->pipeline) != duplicates;
    bool is_used = status == STATUS_OK && !is_duplicate;
    feed->refused += status != STATUS_OK;
    feed->duplicates += status == STATUS_OK && is_duplicate;
    feed->used += is_used;
    if (is_used && is_current && feed->sink != NULL && post_is_event(post)) {
        redis_sink_note_post(feed->sink, post->time);
    }
    bool is_believable = post->time <= wall + USEC_PER_MIN;
    if (post_is_event(post) && is_believable && post->time > feed->last_time) {
        feed->last_time = post->time;
    }
    feed->post_next++;
    feed->instead = USEC_NONE;
    return STATUS_OK;
}

void
feed_metrics(const struct feed *feed, struct feed_metrics *ret_metrics)
{
    const struct decode_metrics *decode = decoder_metrics(feed->decoder);
    uint64_t control = 0;
    uint64_t rejected = 0;
    for (size_t i = 0; i < DECODE_CONTROL_COUNT; i++) {
        control += decode->control[i];
    }
    control -= feed->returned_controls;
    for (size_t i = 0; i < DECODE_REASON_COUNT; i++) {
        rejected += decode->refused[i];
    }
    *ret_metrics = (struct feed_metrics){
        .received = feed->received + rejected + control,
        .used = feed->used,
        .duplicate = feed->duplicates,
        .rejected = feed->refused + rejected,
        .control = control,
        .queued = feed->post_count - feed->post_next,
    };
}
