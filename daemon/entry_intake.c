#include "daemon/entry_intake.h"

#include "base/log.h"
#include "daemon/feed.h"
#include "ingest/text/campaign_words.h"
#include "pipeline/fold/rewind.h"
#include "pipeline/pipeline.h"

#define SKEW USEC_PER_MIN // between the clocks of ingest processes

void
entry_intake_init(struct entry_intake *intake, struct pipeline *pipeline,
                  const struct campaign_words *campaigns)
{
    *intake = (struct entry_intake){
        .pipeline = pipeline, .campaigns = campaigns, .head = {.wall = USEC_NONE}};
}

static uint32_t
order_of(struct entry_intake *intake, const struct entry_head *head)
{
    bool differs = head->campaigns != intake->campaigns->hash;
    if (differs && !intake->differs) {
        log_warn("campaigns_differ",
                 "the campaigns of the ingest process are others than those of this "
                 "worker: no post is in a campaign until both have the same");
    }
    intake->differs = differs;
    return differs ? 0 : intake->campaigns->order;
}

// The clock of the ingest process may have been stepped, or it may be on another host.
static void
follow_step(struct entry_intake *intake, usec wall)
{
    if (wall < pipeline_clock(intake->pipeline) - SKEW) {
        log_warn("clock_followed",
                 "the clock of the ingest process was stepped back and is followed: "
                 "`complete` is 0 until the step has left the windows");
        pipeline_step(intake->pipeline, wall);
    }
}

static const char *
fault_of(enum status status)
{
    return status == STATUS_RANGE
               ? "it is of another version of cascaded: counting waits until this "
                 "worker is of that version"
           : status == STATUS_NOMEM ? "no memory; it is tried again"
                                    : "it is damaged; its posts are missing";
}

static void
report(struct entry_intake *intake, enum status status)
{
    uint64_t bit = (uint64_t)1 << status;
    if ((intake->logged_statuses & bit) == 0) {
        intake->logged_statuses |= bit;
        log_error("entry_refused",
                  "an entry of the ingest process cannot be used: %s (the first of its "
                  "kind)",
                  fault_of(status));
    }
}

// STATUS_RANGE only if it is of another version.
static enum status
read_entry(struct entry_intake *intake, struct feed *feed, struct slice bytes,
           struct entry_head *ret_head)
{
    if (entry_is_of_another_version(bytes)) {
        return STATUS_RANGE;
    }
    enum status status = entry_read_head(bytes, ret_head);
    uint32_t order = status == STATUS_OK ? order_of(intake, ret_head) : 0;
    status = feed_read_entry(feed, bytes, order, ret_head);
    return status == STATUS_RANGE ? STATUS_PARSE : status;
}

// False: there is no room for all of them.
static bool
push_posts(struct entry_intake *intake, struct feed *feed, uint64_t id, usec wall)
{
    size_t counted = intake->begun == id ? intake->counted : 0;
    feed_skip(feed, counted);
    for (; feed_next(feed) != NULL; counted++) {
        if (feed_push(feed, wall) == STATUS_AGAIN) {
            intake->begun = id;
            intake->counted = counted;
            return false;
        }
    }
    intake->counted = 0;
    return true;
}

enum status
entry_intake_take(struct entry_intake *intake, struct feed *feed, uint64_t id,
                  struct slice bytes)
{
    struct entry_head head;
    enum status status = read_entry(intake, feed, bytes, &head);
    if (status != STATUS_OK) {
        report(intake, status);
        return status == STATUS_PARSE ? STATUS_PARSE : STATUS_AGAIN;
    }
    follow_step(intake, head.wall);
    if (!push_posts(intake, feed, id, head.wall)) {
        return STATUS_AGAIN;
    }
    pipeline_advance(intake->pipeline, head.wall);
    intake->head = head;
    return STATUS_OK;
}

bool
entry_intake_is_complete(const struct entry_intake *intake)
{
    return intake->head.wall == USEC_NONE || intake->head.is_complete;
}

usec
entry_intake_lag(const struct entry_intake *intake, usec wall)
{
    if (intake->head.wall == USEC_NONE) {
        return 0;
    }
    usec late = wall > intake->head.wall ? wall - intake->head.wall : 0;
    return late + intake->head.lag;
}
