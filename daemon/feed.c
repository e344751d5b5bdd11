#include "daemon/feed.h"

#include "daemon/clock.h"
#include "daemon/wall.h"
#include "pipeline/pipeline.h"
#include "sinks/redis_sink.h"

bool
feed_init(struct feed *feed, struct pipeline *pipeline, struct redis_sink *sink,
          enum decode_format format, struct error *error)
{
    *feed = (struct feed){
        .pipeline = pipeline,
        .sink = sink,
        .decoder = decoder_create(format, error),
        .last_time = USEC_NONE,
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

const struct post *
feed_next(const struct feed *feed)
{
    return feed->post_next < feed->post_count ? &feed->posts[feed->post_next] : NULL;
}

enum status
feed_push(struct feed *feed, usec wall)
{
    struct post dated;
    const struct post *post = &feed->posts[feed->post_next];
    if (feed->is_arrival || (feed->is_live && clock_standing()->step != 0)) {
        dated = *post;
        dated.time =
            feed->is_arrival ? wall : wall_date(clock_standing(), post->time, wall);
        post = &dated;
    }
    enum status status = pipeline_post(feed->pipeline, post, wall);
    if (status == STATUS_AGAIN) {
        redis_sink_hurry(feed->sink);
        return STATUS_AGAIN;
    }
    feed->refused += status != STATUS_OK;
    bool is_believable = post->time <= wall + USEC_PER_MIN;
    if (post_is_event(post) && is_believable && post->time > feed->last_time) {
        feed->last_time = post->time;
    }
    feed->post_next++;
    return STATUS_OK;
}
