#include "sinks/redis/redis_fence.h"

#include <string.h>
#include <sysexits.h>

#include "sinks/redis/redis_inside.h"

static struct slice
epoch_key(const struct redis_sink *sink)
{
    return sink->keys.head[REDIS_KEY_EPOCH];
}

void
redis_fence_greet(struct redis_sink *sink)
{
    const struct slice info[] = {SLICE_LIT("INFO")};
    const struct slice watch[] = {SLICE_LIT("WATCH"), epoch_key(sink)};
    const struct slice get_epoch[] = {SLICE_LIT("GET"), epoch_key(sink)};
    const struct slice get_owner[] = {SLICE_LIT("GET"),
                                      sink->keys.head[REDIS_KEY_OWNER]};
    sink->phase = REDIS_PHASE_GREET;
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_GREET, 0);
    redis_conn_command(sink->conn, 1, info);
    redis_conn_command(sink->conn, 2, watch);
    redis_conn_command(sink->conn, 2, get_epoch);
    redis_conn_command(sink->conn, 2, get_owner);
}

static void
claim(struct redis_sink *sink, bool is_replaced)
{
    struct redis_batch *batch = &sink->batches[0];
    struct redis_name epoch = redis_keys_name(&sink->keys, REDIS_KEY_EPOCH, SLICE_NONE);
    redis_batch_begin(batch);
    if (is_replaced) {
        redis_batch_unlink(batch, epoch);
    }
    redis_batch_set(batch, redis_keys_name(&sink->keys, REDIS_KEY_OWNER, SLICE_NONE),
                    slice_of(sink->token));
    redis_batch_incr(batch, epoch);
    sink->phase = REDIS_PHASE_CLAIM;
    sink->is_claim_open = true;
    redis_sink_send(sink, batch);
}

static void
fence(struct redis_sink *sink, uint64_t epoch)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO,
              "another daemon took over the Redis keys \"%s\" (its epoch is %llu, this "
              "daemon's is %llu): run only one, or give each its own redis.prefix",
              sink->prefix, (unsigned long long)epoch, (unsigned long long)sink->epoch);
    redis_sink_retire(sink, REDIS_EVENT_FENCED, EX_TEMPFAIL, &error);
}

// Another server process may have lost the latest writes. If the run's id is not known,
// a new connection must be treated as a new process.
static void
check_run(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    bool is_known = answer->run_id[0] != '\0';
    if (is_known ? strcmp(answer->run_id, sink->run_id) != 0 : !sink->is_claimed) {
        sink->is_unknown = true;
    }
    memcpy(sink->run_id, answer->run_id, sizeof(sink->run_id));
}

static void
advise_policy(struct redis_sink *sink, const char *policy)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO,
              "Redis at %s deletes keys when its memory is full (maxmemory-policy "
              "%s), so boards and hashes may be incomplete until these keys are "
              "written again: set maxmemory-policy noeviction",
              redis_conn_address(sink->conn), policy);
    sink->is_advised = true;
    redis_report_event(sink, REDIS_EVENT_ADVICE, 0, &error);
}

void
redis_fence_check_policy(struct redis_sink *sink, struct slice info)
{
    char policy[REDIS_ANSWER_NAME_MAX];
    if (!redis_answer_is_evicting(info, policy)) {
        sink->is_advised = false;
    } else if (!sink->is_advised) {
        advise_policy(sink, policy);
    }
}

// Redis may delete this program's keys, or its user may not read the policy; reported
// once.
static void
advise(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    struct error error = {.code = STATUS_OK};
    if (sink->is_advised) {
        return;
    }
    if (answer->is_evicting) {
        advise_policy(sink, answer->policy);
    } else if (answer->is_info_refused) {
        error_set(&error, STATUS_IO,
                  "Redis at %s does not allow its user to run INFO, so its "
                  "maxmemory-policy is not known: add the right +info to its ACL",
                  redis_conn_address(sink->conn));
        sink->is_advised = true;
        redis_report_event(sink, REDIS_EVENT_ADVICE, 0, &error);
    }
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

void
redis_fence_write(struct redis_sink *sink)
{
    if (sink->is_unknown) {
        // Now, so that things that disappear during the search are reported as gone;
        // and again after it, for things that appeared during it.
        changes_restart(sink->setup.pipeline);
        redis_purge_start(sink);
    } else {
        redis_flush_idle(sink);
    }
}

static void
own(struct redis_sink *sink)
{
    if (redis_resume_recall(sink) || redis_outbox_recall(sink)) {
        return;
    }
    if (!sink->is_ready) {
        redis_report_well(sink);
    } else if (sink->is_unknown) {
        report_rewrite(sink);
    }
    if (sink->is_held) {
        sink->phase = REDIS_PHASE_IDLE;
    } else {
        redis_fence_write(sink);
    }
}

void
redis_fence_recalled(struct redis_sink *sink)
{
    sink->is_recalled = true;
    if (sink->phase == REDIS_PHASE_OUTBOX) {
        redis_outbox_recalled(sink);
    }
    own(sink);
}

void
redis_fence_greeted(struct redis_sink *sink)
{
    const struct redis_answer *answer = &sink->answer;
    uint64_t epoch = answer->epoch;
    check_run(sink);
    advise(sink);
    if (sink->is_claim_open && strcmp(answer->owner, sink->token) == 0) {
        // The answer to a claim was lost, but the claim was executed.
        sink->epoch = epoch;
    }
    sink->is_claim_open = false;
    if (sink->epoch != 0 && epoch > sink->epoch) {
        fence(sink, epoch);
        return;
    }
    if (epoch < sink->epoch) {
        sink->is_unknown = true;
    }
    if (!sink->is_claimed || epoch != sink->epoch) {
        claim(sink, answer->is_epoch_bad);
    } else {
        own(sink);
    }
}

void
redis_fence_claimed(struct redis_sink *sink)
{
    sink->is_claim_open = false;
    sink->is_claimed = true;
    sink->epoch = (uint64_t)sink->answer.last_integer;
    // The answer's own WATCH and GET came after the claim; the greeting evaluates them.
    redis_fence_greet(sink);
}

void
redis_fence_purged(struct redis_sink *sink)
{
    sink->is_unknown = false;
    changes_restart(sink->setup.pipeline);
    redis_cursors_restart(&sink->cursors);
    if (sink->is_proven) {
        redis_outbox_restore(sink);
    }
    sink->is_hurried = true;
    redis_flush_idle(sink);
}
