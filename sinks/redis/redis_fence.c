#include "sinks/redis/redis_fence.h"

#include <string.h>
#include <sysexits.h>

#include "sinks/redis/redis_inside.h"

bool
redis_fence_init(struct redis_fence *fence, const struct redis_tenure *tenure)
{
    fence->is_unknown = true;
    if (tenure == NULL) {
        return redis_tenure_name(fence->token);
    }
    fence->epoch = tenure->epoch;
    memcpy(fence->token, tenure->token, sizeof(fence->token));
    return true;
}

static struct slice
epoch_key(const struct redis_sink *sink)
{
    return sink->keys.head[REDIS_KEY_EPOCH];
}

enum redis_phase
redis_fence_greet(struct redis_sink *sink)
{
    const struct slice info[] = {SLICE_LIT("INFO")};
    const struct slice watch[] = {SLICE_LIT("WATCH"), epoch_key(sink)};
    const struct slice get_epoch[] = {SLICE_LIT("GET"), epoch_key(sink)};
    const struct slice get_owner[] = {SLICE_LIT("GET"),
                                      sink->keys.head[REDIS_KEY_OWNER]};
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_GREET, 0);
    redis_conn_command(sink->conn, 1, info);
    redis_conn_command(sink->conn, 2, watch);
    redis_conn_command(sink->conn, 2, get_epoch);
    redis_conn_command(sink->conn, 2, get_owner);
    return REDIS_PHASE_STAY;
}

// sink->answer still is the answer to GREET.
enum redis_phase
redis_fence_claim(struct redis_sink *sink)
{
    struct redis_batch *batch = &sink->flush.batches[0];
    struct redis_name epoch = redis_keys_name(&sink->keys, REDIS_KEY_EPOCH, SLICE_NONE);
    redis_batch_begin(batch);
    if (sink->answer.is_epoch_bad) {
        redis_batch_unlink(batch, epoch);
    }
    redis_batch_set(batch, redis_keys_name(&sink->keys, REDIS_KEY_OWNER, SLICE_NONE),
                    slice_of(sink->fence.token));
    redis_batch_incr(batch, epoch);
    sink->fence.is_claim_open = true;
    return redis_tools_send(sink, batch);
}

static enum redis_phase
yield(struct redis_sink *sink, uint64_t epoch)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO,
              "another daemon took over the Redis keys \"%s\" (its epoch is %llu, this "
              "daemon's is %llu): run only one, or give each its own redis.prefix",
              sink->prefix, (unsigned long long)epoch,
              (unsigned long long)sink->fence.epoch);
    return redis_tools_stop(sink, REDIS_EVENT_FENCED, EX_TEMPFAIL, &error);
}

// Another server process may have lost the latest writes. If the run's id is not known,
// a new connection must be treated as a new process.
static void
check_run(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    bool is_known = answer->run_id[0] != '\0';
    if (is_known ? strcmp(answer->run_id, sink->fence.run_id) != 0
                 : !sink->fence.is_claimed) {
        sink->fence.is_unknown = true;
    }
    memcpy(sink->fence.run_id, answer->run_id, sizeof(sink->fence.run_id));
}

static void
report_rewrite(struct redis_sink *sink)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO,
              "Redis at %s was restarted or lost its data: everything is written again",
              redis_conn_address(sink->conn));
    sink->metrics.rewrites++;
    redis_report_event(sink, REDIS_EVENT_REWRITE, 0, &error);
}

enum redis_phase
redis_fence_write(struct redis_sink *sink)
{
    if (!sink->fence.is_unknown) {
        return REDIS_PHASE_IDLE;
    }
    // Now, so that things that disappear during the search are reported as gone;
    // and again after it, for things that appeared during it.
    changes_restart(sink->setup.pipeline);
    redis_purge_begin(&sink->purge);
    return REDIS_PHASE_SCAN;
}

static enum redis_phase
own(struct redis_sink *sink)
{
    if (redis_resume_is_unread(sink)) {
        return REDIS_PHASE_RECALL;
    }
    if (redis_outbox_is_unread(sink)) {
        return REDIS_PHASE_OUTBOX;
    }
    if (redis_outlet_is_unplaced(sink)) {
        return REDIS_PHASE_PLACE;
    }
    if (!sink->report.is_ready) {
        redis_report_well(sink);
    } else if (sink->fence.is_unknown) {
        report_rewrite(sink);
    }
    return sink->resume.is_held ? REDIS_PHASE_IDLE : redis_fence_write(sink);
}

enum redis_phase
redis_fence_recalled(struct redis_sink *sink)
{
    sink->resume.is_recalled = true;
    return own(sink);
}

enum redis_phase
redis_fence_outbox_read(struct redis_sink *sink)
{
    redis_outbox_recalled(sink);
    return own(sink);
}

enum redis_phase
redis_fence_placed(struct redis_sink *sink)
{
    struct error error = {.code = STATUS_OK};
    if (redis_outlet_place(sink, &error) != STATUS_OK) {
        return redis_tools_stop(sink, REDIS_EVENT_FATAL, EX_CONFIG, &error);
    }
    return own(sink);
}

enum redis_phase
redis_fence_greeted(struct redis_sink *sink)
{
    struct redis_fence *fence = &sink->fence;
    const struct redis_answer *answer = &sink->answer;
    uint64_t epoch = answer->epoch;
    check_run(sink);
    redis_report_advice(sink);
    if (fence->is_claim_open && strcmp(answer->owner, fence->token) == 0) {
        // The answer to a claim was lost, but the claim was executed.
        fence->epoch = epoch;
    }
    fence->is_claim_open = false;
    if (fence->epoch != 0 && epoch > fence->epoch) {
        return yield(sink, epoch);
    }
    if (epoch < fence->epoch) {
        fence->is_unknown = true;
    }
    bool is_ours = fence->is_claimed && epoch == fence->epoch;
    return is_ours ? own(sink) : REDIS_PHASE_CLAIM;
}

enum redis_phase
redis_fence_claimed(struct redis_sink *sink)
{
    sink->fence.is_claim_open = false;
    sink->fence.is_claimed = true;
    sink->fence.epoch = (uint64_t)sink->answer.last_integer;
    // The answer's own WATCH and GET came after the claim; the greeting evaluates them.
    return REDIS_PHASE_GREET;
}
