#include "daemon/feed.h"

#include "base/log.h"
#include "daemon/date_faults.h"
#include "daemon/clock_steps.h"
#include "daemon/wall_clock.h"
#include "pipeline/pipeline.h"
#include "sinks/redis/redis_claims.h"
#include "sinks/redis/redis_sink.h"

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
    return feed->decoder != NULL;
}

void
feed_fini(struct feed *feed)
{
    decoder_destroy(&feed->decoder);
}

enum decode_reason
feed_read(struct feed *feed, struct slice event, struct slice data)
{
    enum decode_reason reason = DECODE_REASON_NONE;
    feed->post_next = 0;
    feed->post_count = 0;
    enum decode_result result = decoder_read_event(
        feed->decoder, event, data, &feed->posts, &feed->post_count, &reason);
    if (result != DECODE_POSTS) {
        feed->post_count = 0;
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

enum status
feed_push(struct feed *feed, usec wall)
{
    if (feed->is_arrival) {
        feed->instead = wall;
    } else if (feed->is_live) {
        feed->instead = wall_clock_state()->step == 0
                            ? USEC_NONE
                            : clock_steps_date(wall_clock_state(),
                                               feed->posts[feed->post_next].time, wall);
    }
    const struct post *post = feed_next(feed);
    report_time(feed, post, wall);
    enum status status = pipeline_post(feed->pipeline, post, wall);
    if (status == STATUS_AGAIN && feed->sink != NULL && !feed->is_live) {
        redis_claims_render(feed->sink); // it may have waited for the texts of alerts
        status = pipeline_post(feed->pipeline, post, wall);
    }
    if (status == STATUS_AGAIN) {
        if (feed->sink != NULL) {
            redis_sink_hurry(feed->sink);
        }
        return STATUS_AGAIN;
    }
    feed->refused += status != STATUS_OK;
    bool is_believable = post->time <= wall + USEC_PER_MIN;
    if (post_is_event(post) && is_believable && post->time > feed->last_time) {
        feed->last_time = post->time;
    }
    feed->post_next++;
    feed->instead = USEC_NONE;
    return STATUS_OK;
}
